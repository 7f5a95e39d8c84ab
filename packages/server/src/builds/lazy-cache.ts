// The cache of a build, opened when it is first asked: a build in which everything is in place asks nothing of it.
import { cacheLimits, systemClock } from "@sluice/core";
import type { Logger } from "@sluice/core";
import type { ActionResult, BuildCache } from "@sluice/core/builds";
import type { HttpBuildCache, ResultKeys, Uploads } from "@sluice/core/builds/cache";

interface CachePlace {
  /** Of the cache, and of the key that its entries are signed with. */
  readonly folder: string;
  readonly keys: string;
  readonly log: Logger;
  /** A cache on another machine, behind this one. */
  readonly remote?: RemoteCache | undefined;
  /** Words for people, about the other machine. */
  readonly remark: (text: string) => void;
}

export interface RemoteCache {
  /** Of the server, without a slash at its end. */
  readonly url: string;
  readonly token: string;
  /** With which results are signed, and whose are taken. */
  readonly keys: ResultKeys;
}

interface OpenCache {
  readonly cache: BuildCache;
  /** What became of what was to be uploaded. */
  settle(): Promise<Uploads>;
  close(): Promise<void>;
}

const nothing: Uploads = { confirmed: 0, lost: 0 };
/** All waiting for another machine in one build that comes to nothing. */
const outageMsMax = 1_000;

export class LazyCache implements BuildCache {
  readonly #place: CachePlace;
  #opened: Promise<OpenCache> | undefined;

  constructor(place: CachePlace) {
    this.#place = place;
  }

  async #open(): Promise<OpenCache> {
    const { folder, keys, log, remote } = this.#place;
    const [{ openCache }, { buildSpace, ViewedBuildCache }] = await Promise.all([
      import("../cache/open-cache.ts"),
      import("@sluice/core/builds/cache"),
    ]);
    const opened = await openCache({ folder, keys, clock: systemClock, log, limits: cacheLimits });
    const scope = { own: "main", reads: ["main"] };
    const cache = new ViewedBuildCache(opened.view({ by: "build", scope, space: buildSpace }), (what, error) =>
      log("warn", `build cache: ${what}`, { error: String(error) }),
    );
    const close = async (): Promise<void> => {
      await opened.tidy();
      await opened.close();
    };
    if (remote === undefined) return { cache, settle: async () => nothing, close };
    const behind = await this.#behind(cache, remote);
    return { cache: behind, settle: () => behind.settle(), close };
  }

  async #behind(local: BuildCache, { url, token, keys }: RemoteCache): Promise<HttpBuildCache> {
    const { folder, remark } = this.#place;
    const room = await import("@sluice/core/builds/cache");
    const gaveUp = (why: string): void => remark(`The cache at ${url} is given up for this build: ${why}.`);
    return new room.HttpBuildCache({
      url,
      token,
      local,
      folder,
      budget: new room.OutageBudget({ clock: systemClock, outageMsMax, gaveUp }),
      signer: room.resultSigner(keys),
      fetch: (address, init) => fetch(address, init),
    });
  }

  async #cache(): Promise<BuildCache> {
    this.#opened ??= this.#open();
    return (await this.#opened).cache;
  }

  async find(key: string): Promise<ActionResult | undefined> {
    return (await this.#cache()).find(key);
  }

  async fetch(digest: string, into: string): Promise<"ok" | "missing" | "corrupt"> {
    return (await this.#cache()).fetch(digest, into);
  }

  async has(digests: readonly string[]): Promise<ReadonlySet<string>> {
    return (await this.#cache()).has(digests);
  }

  async put(
    file: { readonly path: string } | { readonly bytes: Uint8Array },
  ): Promise<{ digest: string; size: number }> {
    return (await this.#cache()).put(file);
  }

  async commit(result: ActionResult): Promise<"stored" | "kept-first" | "incomplete"> {
    return (await this.#cache()).commit(result);
  }

  /** Waits until everything was uploaded to the other machine, or given up. */
  async settle(): Promise<Uploads> {
    return this.#opened === undefined ? nothing : (await this.#opened).settle();
  }

  /** Also where it never was opened. */
  async close(): Promise<void> {
    if (this.#opened !== undefined) await (await this.#opened).close();
  }
}
