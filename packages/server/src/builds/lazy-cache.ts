// The cache of a build, opened when it is first asked: a build in which everything is in place asks nothing of it.
import { cacheLimits, systemClock } from "@sluice/core";
import type { Logger } from "@sluice/core";
import type { ActionResult, BuildCache } from "@sluice/core/builds";

interface CachePlace {
  /** Of the cache, and of the key that its entries are signed with. */
  readonly folder: string;
  readonly keys: string;
  readonly log: Logger;
}

interface OpenCache {
  readonly cache: BuildCache;
  close(): Promise<void>;
}

export class LazyCache implements BuildCache {
  readonly #place: CachePlace;
  #opened: Promise<OpenCache> | undefined;

  constructor(place: CachePlace) {
    this.#place = place;
  }

  async #open(): Promise<OpenCache> {
    const { folder, keys, log } = this.#place;
    const [{ openCache }, { buildSpace, ViewedBuildCache }] = await Promise.all([
      import("../cache/open-cache.ts"),
      import("@sluice/core/builds/cache"),
    ]);
    const opened = await openCache({ folder, keys, clock: systemClock, log, limits: cacheLimits });
    const scope = { own: "main", reads: ["main"] };
    const cache = new ViewedBuildCache(opened.view({ by: "build", scope, space: buildSpace }), (what, error) =>
      log("warn", `build cache: ${what}`, { error: String(error) }),
    );
    return {
      cache,
      async close() {
        await opened.tidy();
        await opened.close();
      },
    };
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

  /** Also where it never was opened. */
  async close(): Promise<void> {
    if (this.#opened !== undefined) await (await this.#opened).close();
  }
}
