// For tests of this folder: a cache in a folder of its own, on a clock that is turned by hand.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "../../testing/index.ts";
import { Cache } from "./cache.ts";
import type { CacheCaller, CacheView } from "./cache-view.ts";
import { cacheLimits } from "./limits.ts";
import type { CacheLimits } from "./limits.ts";
import { hmacSigner } from "./signing.ts";

export const main = { own: "main", reads: ["main"] } as const;
export const pr = { own: "pr-1", reads: ["pr-1", "main"] } as const;
export const key = "ab".repeat(32);
export const otherKey = "cd".repeat(32);
export const dayMs = 86_400_000;

export function digestOf(content: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(content).digest("hex");
}

export function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Bytes that no packing makes shorter, the same for the same seed. */
export function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let x = seed;
  for (let i = 0; i < length; i++) {
    x = (Math.imul(x, 1_103_515_245) + 12_345) >>> 0;
    bytes[i] = x >>> 16;
  }
  return bytes;
}

export class CacheDesk implements AsyncDisposable {
  readonly folder = mkdtempSync(join(tmpdir(), "sluice-cache-"));
  readonly clock = new SimulatedClock(Date.now());
  readonly failures: string[] = [];
  boot = "boot-1";
  cache: Cache;
  #limits: Partial<CacheLimits>;

  constructor(limits: Partial<CacheLimits> = {}) {
    this.#limits = limits;
    this.cache = this.#open();
  }

  #open(): Cache {
    return Cache.open({
      folder: this.folder,
      clock: this.clock,
      newId: () => crypto.randomUUID(),
      boot: this.boot,
      signer: hmacSigner(bytesOf("a key of a cache")),
      limits: { ...cacheLimits, ...this.#limits },
      failed: (what) => void this.failures.push(what),
    });
  }

  /** As another process would open it, or this one after a restart. */
  async reopen(): Promise<void> {
    await this.cache.close();
    this.cache = this.#open();
  }

  view(scope: CacheCaller["scope"] = main, space = "test"): CacheView {
    return this.cache.view({ by: "tkn_1", scope, space });
  }

  /** Stores a text under a key. */
  async store(text: string, p: { readonly key?: string; readonly scope?: CacheCaller["scope"] } = {}) {
    const view = this.view(p.scope);
    const { digest } = await view.put({ bytes: bytesOf(text) });
    return view.commit({ key: p.key ?? key, body: text, digests: [digest] });
  }

  /** Every file that holds content. */
  get files(): readonly string[] {
    return readdirSync(join(this.folder, "blobs"))
      .filter((name) => /^[0-9a-f]{2}$/.test(name))
      .flatMap((name) =>
        readdirSync(join(this.folder, "blobs", name)).map((rest) => join(this.folder, "blobs", name, rest)),
      );
  }

  /** Makes a file of a blob. */
  async restore(digest: string, into: string): Promise<"ok" | "missing" | "corrupt"> {
    const blob = this.view().open(digest);
    return typeof blob === "string" ? blob : this.view().restore(blob, into);
  }

  async text(view: CacheView, digest: string): Promise<string | undefined> {
    const blob = view.open(digest);
    return typeof blob === "string" ? undefined : Buffer.concat(await Array.fromAsync(view.content(blob))).toString();
  }

  read(path: string): Uint8Array {
    return new Uint8Array(readFileSync(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cache.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
