// Runs a plan over a snapshot: the latest first, as little as will do, and never past its limits.
import type { FieldValue, StoredEntry } from "../entry.ts";
import { logLevels } from "../level.ts";
import { eachCount } from "../storage/chunk.ts";
import type { ChunkRow } from "../storage/day.ts";
import { entryAt } from "../storage/rows.ts";
import type { Rows } from "../storage/rows.ts";
import { byTime } from "../storage/sealing.ts";
import type { Damage } from "../storage/sealing.ts";
import type { Part, Snapshot, Span } from "../storage/snapshot.ts";
import type { Filter, Pipe, Query, Row } from "./ast.ts";
import { compileFilter } from "./match.ts";
import type { Matcher } from "./match.ts";
import { parseQuery } from "./parse.ts";
import { EntryRow, isoTime } from "./row.ts";
import { bucketOf, statsPipe } from "./pipes/stats.ts";
import type { StatsPipe } from "./pipes/stats.ts";
import { limitPipe, sortPipe, uniqPipe } from "./pipes/order.ts";
import { patternsPipe } from "./pipes/patterns.ts";
import { extractPipe, fieldsPipe, filterPipe, jsonPipe, logfmtPipe } from "./pipes/pass.ts";
import type { Next, RunningPipe } from "./pipes/pipe.ts";

const minuteMs = 60_000;

/** Why an answer is not whole. */
type Partial = "time" | "bytes" | "rows" | "groups" | "values" | "cancelled";

interface QueryLimits {
  readonly rowsMax: number;
  readonly bytesMax: number;
  /** True once the query has to end. */
  readonly over: () => "time" | "cancelled" | undefined;
}

export interface QueryAnswer {
  /** Entries as they are, the latest first; undefined where pipes have made something else. */
  readonly entries?: readonly StoredEntry[];
  readonly columns?: readonly string[];
  readonly rows?: readonly (readonly (FieldValue | null)[])[];
  readonly partial: Partial | undefined;
  /** Raw bytes that were looked at. */
  readonly scannedBytes: number;
  readonly damage: readonly Damage[];
  /** Number of the last entry that could be found: what comes later has a higher one. */
  readonly lastSeq: number;
}

export interface Execution {
  readonly tenant: string;
  readonly query: Query;
  /** Only entries with higher numbers. */
  readonly aboveSeq?: number | undefined;
  /** Only entries with numbers up to this one. */
  readonly upToSeq?: number | undefined;
  readonly limits: QueryLimits;
}

export function execute(snapshot: Snapshot, p: Execution): QueryAnswer {
  return new Run(snapshot, p).answer();
}

/** Goes through everything that fits, the latest parts first; `skip` leaves a part out. Answers with what was not looked at. */
export function visit(
  snapshot: Snapshot,
  p: Execution,
  with_: {
    readonly skip?: (part: Part) => boolean;
    /** False: no more is wanted. `hits`: 1 for each row that fits. */
    readonly each: (rows: Rows, hits: Uint8Array) => boolean;
  },
): Omit<QueryAnswer, "entries" | "columns" | "rows"> {
  return new Run(snapshot, p).visit(with_.skip ?? (() => false), with_.each);
}

class Run {
  readonly #snapshot: Snapshot;
  readonly #p: Execution;
  readonly #span: Span;
  readonly #matcher: Matcher;
  readonly #masks: readonly Mask[];
  #scannedBytes = 0;
  #partial: Partial | undefined;

  constructor(snapshot: Snapshot, p: Execution) {
    const { tenant, query } = p;
    this.#snapshot = snapshot;
    this.#p = p;
    this.#span = { tenant, fromMs: query.fromMs, toMs: query.toMs };
    this.#matcher = compileFilter(query.filter);
    this.#masks = snapshot.tombstones
      .filter((each) => each.tenant === tenant)
      .map(({ query: text, fromMs, toMs, upToSeq }) => {
        const { filter } = parseQuery(text, 0);
        return { fromMs, toMs, upToSeq, matcher: compileFilter(filter) };
      });
  }

  answer(): QueryAnswer {
    const found = asEntries(this.#p.query.pipes, this.#p.limits.rowsMax);
    const answer = found === undefined ? this.#table() : { entries: this.#latest(found) };
    const { damage, lastSeq } = this.#snapshot;
    return { ...answer, partial: this.#partial, scannedBytes: this.#scannedBytes, damage, lastSeq };
  }

  visit(
    skip: (part: Part) => boolean,
    each: (rows: Rows, hits: Uint8Array) => boolean,
  ): Omit<QueryAnswer, "entries" | "columns" | "rows"> {
    for (const { rows, hits } of this.#hits(skip)) if (!each(rows, hits)) break;
    const { damage, lastSeq } = this.#snapshot;
    return { partial: this.#partial, scannedBytes: this.#scannedBytes, damage, lastSeq };
  }

  /** Says what ended it, if it was not the end. */
  #isOver(): boolean {
    const over = this.#p.limits.over();
    if (over !== undefined) this.#partial = over;
    else if (this.#scannedBytes > this.#p.limits.bytesMax) this.#partial = "bytes";
    return this.#partial === "time" || this.#partial === "cancelled" || this.#partial === "bytes";
  }

  /** Parts that may fit, with the rows that do. */
  *#hits(skip: (part: Part) => boolean): Generator<{ readonly rows: Rows; readonly hits: Uint8Array }> {
    for (const part of this.#snapshot.parts(this.#span, this.#p.aboveSeq)) {
      if (this.#isOver()) return;
      const { chunk } = part;
      if (skip(part) || (chunk !== undefined && !this.#matcher.mayFit(chunk))) continue;
      const rows = part.rows();
      if (rows === undefined) continue;
      this.#scannedBytes += chunk?.rawBytes ?? rows.line().rawBytes;
      yield { rows, hits: this.#fitting(rows, chunk) };
    }
  }

  #fitting(rows: Rows, chunk: ChunkRow | undefined): Uint8Array {
    const hits = this.#matcher.rows(rows);
    const { fromMs, toMs } = this.#span;
    if (chunk === undefined || chunk.minMs < fromMs || chunk.maxMs >= toMs) {
      const times = rows.timeMs();
      for (let i = 0; i < hits.length; i++) if (!((times[i] ?? 0) >= fromMs && (times[i] ?? 0) < toMs)) hits[i] = 0;
    }
    const { aboveSeq: above = 0, upToSeq: upTo = Infinity } = this.#p;
    if (above > 0 || upTo < Infinity) {
      const seqs = rows.seq();
      for (let i = 0; i < hits.length; i++) if ((seqs[i] ?? 0) <= above || (seqs[i] ?? 0) > upTo) hits[i] = 0;
    }
    for (const mask of this.#masks) maskRows(mask, rows, hits);
    return hits;
  }

  /** The latest entries. A part whose latest is older than all that were found cannot change them. */
  #latest(count: number): StoredEntry[] {
    let found: StoredEntry[] = [];
    const tooOld = ({ chunk, maxMs }: Part): boolean =>
      count === 0 || (chunk !== undefined && found.length >= count && maxMs < (found.at(-1)?.timeMs ?? 0));
    for (const { rows, hits } of this.#hits(tooOld)) {
      const oldest = found.length >= count ? (found.at(-1)?.timeMs ?? 0) : -Infinity;
      const fresh = latestRows(rows, hits, oldest).slice(0, count);
      if (fresh.length === 0) continue;
      found = [...found, ...fresh.map((row) => entryAt(rows, row))].toSorted((a, b) => byTime(b, a)).slice(0, count);
    }
    return found;
  }

  #table(): Pick<QueryAnswer, "columns" | "rows"> {
    const made: Row[] = [];
    const { rowsMax } = this.#p.limits;
    const last: Next = (row) => {
      if (made.length < rowsMax) return made.push(row) > 0;
      this.#partial ??= "rows";
      return false;
    };
    const { first, ends, stats } = this.#chain(last);
    const isCounted = stats === undefined ? undefined : countable(this.#p.query, this.#masks);
    const skip = ({ chunk, counts }: Part): boolean => {
      if (isCounted === undefined || stats === undefined || chunk === undefined) return false;
      if (
        chunk.minMs < this.#span.fromMs ||
        chunk.maxMs >= this.#span.toMs ||
        (this.#p.aboveSeq ?? this.#p.upToSeq) !== undefined
      )
        return false;
      const found = counts();
      if (found === undefined) return false;
      eachCount(found, (each) => stats.count(isCounted(each), each.count));
      return true;
    };
    let wanted = true;
    for (const { rows, hits } of this.#hits(skip)) {
      for (const row of inOrder(rows, hits)) if (!(wanted = first(new EntryRow(rows, row)))) break;
      if (!wanted) break;
    }
    for (const end of ends) end();
    return tableOf(made);
  }

  #chain(last: Next): {
    readonly first: Next;
    readonly ends: readonly (() => void)[];
    readonly stats: StatsPipe | undefined;
  } {
    let next = last;
    const ends: (() => void)[] = [];
    let stats: StatsPipe | undefined;
    for (const pipe of this.#p.query.pipes.toReversed()) {
      stats = undefined;
      const running =
        pipe.kind === "stats" ? (stats = statsPipe(pipe, { next, cut: this.#cut })) : runningOf(pipe, next, this.#cut);
      next = running.push;
      ends.unshift(running.end);
    }
    return { first: next, ends, stats };
  }

  readonly #cut = (why: "rows" | "groups" | "values"): void => {
    this.#partial ??= why;
  };
}

interface Mask {
  readonly fromMs: number;
  readonly toMs: number;
  readonly upToSeq: number;
  readonly matcher: Matcher;
}

/** Takes out what somebody had deleted. */
function maskRows({ fromMs, toMs, upToSeq, matcher }: Mask, rows: Rows, hits: Uint8Array): void {
  if (!hits.includes(1)) return;
  const buried = matcher.rows(rows);
  const [times, seqs] = [rows.timeMs(), rows.seq()];
  for (let i = 0; i < hits.length; i++) {
    const timeMs = times[i] ?? 0;
    if (buried[i] === 1 && timeMs >= fromMs && timeMs < toMs && (seqs[i] ?? 0) <= upToSeq) hits[i] = 0;
  }
}

/** How many entries are wanted, where pipes do nothing but limit them. */
function asEntries(pipes: readonly Pipe[], rowsMax: number): number | undefined {
  let count = rowsMax;
  for (const pipe of pipes) {
    if (pipe.kind !== "limit") return undefined;
    count = Math.min(count, pipe.count);
  }
  return count;
}

/**
 * Where a query does nothing but count by minutes and levels, the group of a count that chunks carry. Otherwise undefined.
 */
function countable(
  { filter, pipes: [first] }: Query,
  masks: readonly Mask[],
): ((p: { readonly minute: number; readonly level: number }) => (FieldValue | undefined)[]) | undefined {
  if (first?.kind !== "stats" || masks.length > 0) return undefined;
  const isAll = (each: Filter): boolean => each.kind === "all";
  if (!isAll(filter) || first.stats.some(({ fn, field }) => fn !== "count" || field !== "")) return undefined;
  const whole = first.by.every(({ name, bucketMs }) =>
    name === "_time" ? bucketMs !== undefined && bucketMs % minuteMs === 0 : name === "level" || name === "_level",
  );
  if (!whole) return undefined;
  return ({ minute, level }) =>
    first.by.map(({ bucketMs }) =>
      bucketMs === undefined ? logLevels[level] : isoTime(bucketOf(minute * minuteMs, bucketMs), 0),
    );
}

function runningOf(
  pipe: Exclude<Pipe, { kind: "stats" }>,
  next: Next,
  cut: (why: "rows" | "groups" | "values") => void,
): RunningPipe {
  switch (pipe.kind) {
    case "filter":
      return filterPipe(pipe.filter, next);
    case "fields":
      return fieldsPipe(pipe.names, next);
    case "limit":
      return limitPipe(pipe.count, next);
    case "sort":
      return sortPipe(pipe.by, { next, cut });
    case "uniq":
      return uniqPipe(pipe.names, { next, cut });
    case "patterns":
      return patternsPipe(pipe, { next, cut });
    case "extract":
      return extractPipe(pipe, next);
    case "json":
      return jsonPipe(pipe.from, next);
    default:
      return logfmtPipe(pipe.from, next);
  }
}

/** Rows that fit and are not older, the latest first. */
function latestRows(rows: Rows, hits: Uint8Array, oldestMs: number): number[] {
  const times = rows.timeMs();
  return inOrder(rows, hits).filter((row) => (times[row] ?? 0) >= oldestMs);
}

function inOrder(rows: Rows, hits: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = hits.indexOf(1); at >= 0; at = hits.indexOf(1, at + 1)) found.push(at);
  const [times, subs, seqs] = [rows.timeMs(), rows.subNs(), rows.seq()];
  const order = (of: Float64Array, a: number, b: number): number => (of[b] ?? 0) - (of[a] ?? 0);
  return found.toSorted((a, b) => order(times, a, b) || order(subs, a, b) || order(seqs, a, b));
}

function tableOf(made: readonly Row[]): Pick<QueryAnswer, "columns" | "rows"> {
  const columns = [...new Set(made.flatMap((row) => [...row.names()]))];
  return { columns, rows: made.map((row) => columns.map((name) => row.get(name) ?? null)) };
}
