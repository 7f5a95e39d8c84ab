// Entries that were pushed lately: Loki takes the same stream, moment and line for one entry, in whichever push it comes again.
import type { Labels } from "../../entry.ts";
import { streamKey } from "../../labels.ts";
import type { FoundEntry, Pipeline } from "../collector.ts";

/** What has been taken, as far as that is remembered. */
export class RecentEntries {
  readonly #entriesMax: number;
  /** What is on the disk, by its hash: the newer part, and the one before. */
  #known = new Set<bigint>();
  #before = new Set<bigint>();
  /** What is being written, with the push that does. */
  readonly #writing = new Map<bigint, Promise<unknown>>();

  /** At least so many entries are remembered, and at most twice as many. */
  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** The entries of one push of a tenant. */
  push(tenant: string): RecentPush {
    return new RecentPush({
      tenant,
      find: (hash) => (this.#known.has(hash) || this.#before.has(hash) ? "known" : this.#writing.get(hash)),
      begin: (hashes, written) => this.#begin(hashes, written),
    });
  }

  #begin(hashes: ReadonlySet<bigint>, written: Promise<unknown>): void {
    for (const hash of hashes) this.#writing.set(hash, written);
    const end = (isKnown: boolean): void => {
      for (const hash of hashes) this.#writing.delete(hash);
      if (isKnown) for (const hash of hashes) this.#remember(hash);
    };
    written.then(
      () => end(true),
      () => end(false),
    );
  }

  #remember(hash: bigint): void {
    if (this.#known.size >= this.#entriesMax) {
      this.#before = this.#known;
      this.#known = new Set();
    }
    this.#known.add(hash);
  }
}

interface RecentParts {
  readonly tenant: string;
  readonly find: (hash: bigint) => "known" | Promise<unknown> | undefined;
  readonly begin: (hashes: ReadonlySet<bigint>, written: Promise<unknown>) => void;
}

/** One push on its way: what came before is left out of it. */
export class RecentPush {
  readonly #parts: RecentParts;
  readonly #own = new Set<bigint>();
  readonly #others = new Set<Promise<unknown>>();
  readonly #streams = new Map<Labels, bigint>();

  constructor(parts: RecentParts) {
    this.#parts = parts;
  }

  /** Leaves out what has been pushed before; what stays goes through `next`. */
  pipeline(next?: Pipeline): Pipeline {
    return (labels, entry) => {
      if (!this.#isNew(labels, entry)) return undefined;
      return next === undefined ? entry : next(labels, entry);
    };
  }

  #isNew(labels: Labels, { timeMs, subNs, line }: FoundEntry): boolean {
    // What has no time that can be is for the checks to refuse.
    if (!Number.isSafeInteger(timeMs) || timeMs < 0) return true;
    // The labels of a stream are one object for all of its entries.
    let stream = this.#streams.get(labels);
    if (stream === undefined) {
      stream = Bun.hash.wyhash(`${this.#parts.tenant} ${streamKey(labels)}`);
      this.#streams.set(labels, stream);
    }
    const moment = Bun.hash.wyhash(`${timeMs}.${subNs}`, stream);
    const hash = Bun.hash.wyhash(line, moment);
    if (this.#own.has(hash)) return false;
    const found = this.#parts.find(hash);
    if (found === undefined) {
      this.#own.add(hash);
      return true;
    }
    // Somebody else is still writing it: that must be done before this push may be answered.
    if (found !== "known") this.#others.add(found);
    return false;
  }

  /** Resolves as `written` does, once what others write of it is there too; rejects where one of them fails. */
  async settled<T>(written: Promise<T>): Promise<T> {
    this.#parts.begin(this.#own, written);
    const [answer] = await Promise.all([written, ...this.#others]);
    return answer;
  }
}
