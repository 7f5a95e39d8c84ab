// Live tails: what was committed last, then each entry as it is committed, from one cursor. What somebody cannot take in time is
// counted, not kept.
import { SluiceError } from "@sluice/protocol";
import type { StoredEntry } from "../entry.ts";
import type { LogLimits } from "../limits.ts";
import type { Filter, Query } from "../query/ast.ts";
import type { QueryAnswer } from "../query/execute.ts";
import { compileFilter } from "../query/match.ts";
import type { Matcher } from "../query/match.ts";
import { rowsOfFrame } from "../storage/frame-rows.ts";
import type { Committed } from "../storage/log-store.ts";
import { entryAt } from "../storage/rows.ts";

/** What tails need of the store. */
export interface TailSource {
  readonly lastSeq: number;
  onCommitted(listener: (committed: Committed) => void): () => void;
  query(p: {
    readonly tenant: string;
    readonly query: Query;
    readonly aboveSeq?: number | undefined;
    readonly upToSeq?: number | undefined;
    readonly rowsMax?: number | undefined;
  }): Promise<QueryAnswer>;
}

/** Entries that were left out because they came faster than they were taken. */
export interface Missed {
  readonly count: number;
  /** Numbers of the first and the last of them: whoever wants them asks for what lies between. */
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** What comes next of a tail: never nothing. */
export interface TailPiece {
  readonly entries: readonly StoredEntry[];
  /** After those entries. */
  readonly missed?: Missed | undefined;
}

export interface TailRequest {
  readonly tenant: string;
  readonly filter: Filter;
  /** Number of the last entry that was seen: what came after it comes first. */
  readonly after?: number | undefined;
  /** Without `after`: so many of the latest entries come first. */
  readonly last: number;
}

/** Tails with the same filter over the same tenant: it is looked at once for all of them. */
interface Shared {
  readonly tenant: string;
  readonly matcher: Matcher;
  readonly tails: Set<Tail>;
}

export class Tails {
  readonly #source: TailSource;
  readonly #limits: Pick<LogLimits, "logTailsMax" | "logTailEntriesMax" | "logQueryRowsMax">;
  readonly #shared = new Map<string, Shared>();
  #count = 0;
  #unlisten: (() => void) | undefined;

  constructor(source: TailSource, limits: Pick<LogLimits, "logTailsMax" | "logTailEntriesMax" | "logQueryRowsMax">) {
    this.#source = source;
    this.#limits = limits;
  }

  get open(): number {
    return this.#count;
  }

  /** Throws `too_many_requests` where there are too many. To be ended. */
  tail({ tenant, filter, after, last }: TailRequest): Tail {
    const { logTailsMax, logTailEntriesMax, logQueryRowsMax } = this.#limits;
    if (this.#count >= logTailsMax) {
      throw new SluiceError({
        code: "too_many_requests",
        message: `${this.#count} tails are open (logTailsMax).`,
        hint: "Come back later.",
      });
    }
    const key = JSON.stringify([tenant, filter]);
    const shared = this.#shared.get(key) ?? { tenant, matcher: compileFilter(filter), tails: new Set<Tail>() };
    this.#shared.set(key, shared);
    this.#count++;
    this.#unlisten ??= this.#source.onCommitted((committed) => this.#take(committed));
    // From here on every commit is told: what is older is asked for.
    const startSeq = this.#source.lastSeq;
    const query: Query = { filter, fromMs: -Infinity, toMs: Infinity, pipes: [] };
    const tail: Tail = new Tail({
      entriesMax: logTailEntriesMax,
      before: () =>
        this.#before({ tenant, query, after, rowsMax: after === undefined ? last : logQueryRowsMax, startSeq }),
      ended: () => {
        shared.tails.delete(tail);
        if (shared.tails.size === 0) this.#shared.delete(key);
        if (--this.#count > 0) return;
        this.#unlisten?.();
        this.#unlisten = undefined;
      },
    });
    shared.tails.add(tail);
    return tail;
  }

  async #before(p: {
    readonly tenant: string;
    readonly query: Query;
    readonly after: number | undefined;
    readonly rowsMax: number;
    readonly startSeq: number;
  }): Promise<TailPiece> {
    if (p.rowsMax === 0) return { entries: [] };
    const { tenant, query, after, rowsMax, startSeq } = p;
    // What was committed since comes by itself.
    const { entries = [] } = await this.#source.query({ tenant, query, aboveSeq: after, upToSeq: startSeq, rowsMax });
    const older = entries.toSorted((a, b) => a.seq - b.seq);
    const full = after !== undefined && entries.length >= rowsMax;
    const missed = full ? { count: 0, fromSeq: after + 1, toSeq: startSeq } : undefined;
    return { entries: older, missed };
  }

  #take(committed: Committed): void {
    const wanted = new Set(Array.from(this.#shared.values(), ({ tenant }) => tenant));
    for (const { batch, firstSeq } of committed) {
      if (!wanted.has(batch.tenant)) continue;
      const rows = rowsOfFrame(batch.frame, firstSeq);
      for (const { tenant, matcher, tails } of this.#shared.values()) {
        if (tenant !== batch.tenant) continue;
        const hits = matcher.rows(rows);
        const found: StoredEntry[] = [];
        for (let row = hits.indexOf(1); row >= 0; row = hits.indexOf(1, row + 1)) found.push(entryAt(rows, row));
        if (found.length > 0) for (const tail of tails) tail.take(found);
      }
    }
  }
}

/** One tail of one client, read piece by piece. */
export class Tail {
  readonly #p: {
    readonly entriesMax: number;
    readonly before: () => Promise<TailPiece>;
    readonly ended: () => void;
  };
  #before: Promise<TailPiece> | undefined;
  #entries: StoredEntry[] = [];
  #missed: Missed | undefined;
  #wake: (() => void) | undefined;
  #over = false;

  constructor(p: {
    readonly entriesMax: number;
    readonly before: () => Promise<TailPiece>;
    readonly ended: () => void;
  }) {
    this.#p = p;
    this.#before = p.before();
    // A failure is met by whoever reads.
    this.#before.catch(() => undefined);
  }

  get over(): boolean {
    return this.#over;
  }

  /** Entries that have just been committed and fit, in order. */
  take(entries: readonly StoredEntry[]): void {
    const room = this.#missed === undefined ? Math.max(0, this.#p.entriesMax - this.#entries.length) : 0;
    this.#entries.push(...entries.slice(0, room));
    const first = entries[room];
    const last = entries.at(-1);
    if (first !== undefined && last !== undefined) {
      const { count, fromSeq } = this.#missed ?? { count: 0, fromSeq: first.seq };
      this.#missed = { count: count + entries.length - room, fromSeq, toSeq: last.seq };
    }
    this.#wake?.();
  }

  /** What comes next, as soon as there is something; undefined once it has ended. Not to be called twice at once. */
  async next(): Promise<TailPiece | undefined> {
    const before = this.#before;
    if (before !== undefined) {
      const piece = await before;
      this.#before = undefined;
      if (piece.entries.length > 0 || piece.missed !== undefined) return this.#over ? undefined : piece;
    }
    while (!this.#over) {
      if (this.#entries.length > 0 || this.#missed !== undefined) {
        const [entries, missed] = [this.#entries, this.#missed];
        this.#entries = [];
        this.#missed = undefined;
        return { entries, missed };
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = undefined;
    }
    return undefined;
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#p.ended();
    this.#wake?.();
  }
}
