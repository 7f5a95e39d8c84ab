// A cache in memory for tests of the runner, which can be made to lose and to spoil what it has.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { sha256 } from "./hash/fingerprint.ts";
import type { ActionResult, BuildCache, Digest } from "./ports.ts";

export class MemoryCache implements BuildCache {
  readonly blobs = new Map<Digest, Uint8Array>();
  readonly results = new Map<Digest, ActionResult>();
  /** Digests that were asked for. */
  readonly fetched: Digest[] = [];
  readonly found: Digest[] = [];

  async find(key: Digest): Promise<ActionResult | undefined> {
    this.found.push(key);
    const result = this.results.get(key);
    const needed =
      result === undefined
        ? []
        : [result.log, ...result.outputs.flatMap((each) => (each.type === "file" ? [each.digest] : []))];
    return needed.every((digest) => this.blobs.has(digest)) ? result : undefined;
  }

  async fetch(digest: Digest, into: string): Promise<"ok" | "missing" | "corrupt"> {
    this.fetched.push(digest);
    const bytes = this.blobs.get(digest);
    if (bytes === undefined) return "missing";
    if (sha256(bytes) !== digest) return "corrupt";
    writeFileSync(`${into}.part`, bytes);
    renameSync(`${into}.part`, into);
    return "ok";
  }

  async has(digests: readonly Digest[]): Promise<ReadonlySet<Digest>> {
    return new Set(digests.filter((digest) => this.blobs.has(digest)));
  }

  async put(
    file: { readonly path: string } | { readonly bytes: Uint8Array },
  ): Promise<{ digest: Digest; size: number }> {
    const bytes = "path" in file ? readFileSync(file.path) : file.bytes;
    const digest = sha256(bytes);
    this.blobs.set(digest, bytes);
    return { digest, size: bytes.length };
  }

  async commit(result: ActionResult): Promise<"stored" | "kept-first" | "incomplete"> {
    if (this.results.has(result.key)) return "kept-first";
    this.results.set(result.key, result);
    return "stored";
  }
}
