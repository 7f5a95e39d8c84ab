// Keeps the blobs few: those that no row names, and bundles of versions that nobody needs any more, are deleted.
import type { BlobScopeStore, Clock, Logger, RunStore } from "@sluice/core";
import type { FileBlobs } from "@sluice/core/store/sqlite";
import type { CodeStore } from "./bundle-store.ts";

/** Pause between two collections. */
const collectIntervalMs = 3_600_000;
/** Blobs younger than this are left alone. */
const blobAgeMsMin = 3_600_000;
/** So many of the newest versions are kept although no run that has not ended needs them: one of theirs may be retried. */
const versionsKeptMax = 50;
/** Blobs that scopes let go of in one commit. */
const droppedAtOnceMax = 1_000;

export interface CollectorOptions {
  readonly store: RunStore;
  readonly blobScopes: BlobScopeStore;
  readonly blobs: FileBlobs;
  readonly code: CodeStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly current: () => string;
  /** Blobs of a scope that nobody has used for so long are let go of. */
  readonly blobKeptMs: number;
}

/** Collects now and then, until `stop`. */
export class Collector {
  readonly #options: CollectorOptions;
  #cancel: () => void = () => undefined;
  #collecting: Promise<void> = Promise.resolve();
  #holds = 0;
  #stopped = false;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#next();
  }

  /** Nothing is deleted until what this returns is called. */
  hold(): () => void {
    this.#holds++;
    let held = true;
    return () => {
      if (held) this.#holds--;
      held = false;
    };
  }

  /** Somebody holds what is there. */
  get held(): boolean {
    return this.#holds > 0;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel();
    await this.#collecting;
  }

  #next(): void {
    this.#cancel = this.#options.clock.after(collectIntervalMs, () => {
      this.#collecting = this.collect()
        .catch((error: unknown) => this.#options.log("error", "blobs could not be collected", { error: String(error) }))
        .finally(() => {
          if (!this.#stopped) this.#next();
        });
    });
  }

  /** One round. */
  async collect(): Promise<void> {
    const { store, blobs, code, clock, log, current } = this.#options;
    if (this.#holds > 0) return;
    await this.#dropUnused();
    const [versions, inUse] = await Promise.all([store.listVersions(), store.versionsInUse()]);
    const newest = versions.toSorted((a, b) => b.createdAt - a.createdAt).slice(0, versionsKeptMax);
    const kept = new Set([current(), ...inUse.map((each) => each.version), ...newest.map((each) => each.version)]);
    code.tidy(kept);
    const { deleted, bytes } = await blobs.collect({
      // A backup that has begun meanwhile has its hold: everything counts as used.
      inUse: async (hashes) =>
        this.#holds > 0
          ? hashes
          : [...(await store.blobsInUse({ blobs: hashes })), ...hashes.filter((hash) => kept.has(hash))],
      olderThanMs: blobAgeMsMin,
      now: clock.now(),
    });
    if (deleted > 0) log("info", "blobs collected", { deleted, bytes });
  }

  /** Scopes let go of what nobody uses; a later round, or this one, finds the blobs that nobody names then. */
  async #dropUnused(): Promise<void> {
    const { blobScopes, clock, blobKeptMs } = this.#options;
    const usedBefore = clock.now() - blobKeptMs;
    let dropped: number;
    do {
      ({ dropped } = await blobScopes.dropBlobs({ usedBefore, limit: droppedAtOnceMax }));
    } while (dropped === droppedAtOnceMax);
  }
}
