// Answers LogQL over a snapshot: lines, or values at each step of a span.
import { RE2JS } from "re2js";
import { entryAt } from "../../storage/rows.ts";
import type { Rows } from "../../storage/rows.ts";
import type { StoredEntry } from "../../entry.ts";
import { visit } from "../execute.ts";
import type { LogQuery, Metric, RangeFunction } from "./ast.ts";
import { StagedEntry } from "./entry.ts";
import { LogQlError } from "./logql-error.ts";
import { momentOfNs, nsOf, plus } from "./moment.ts";
import type { Moment } from "./moment.ts";
import { planOf } from "./plan.ts";
import { labelKey, overTime, Samples, samplesOf } from "./samples.ts";
import type { LabelSet, Looking } from "./samples.ts";
import { compileStages } from "./stages.ts";
import { aggregate, betweenVectors, calculated, grouped, withNumber } from "./vectors.ts";
import type { Value, Vector } from "./vectors.ts";

/** A span of moments; with an instant both are the same. */
export interface Steps {
  readonly from: Moment;
  /** Included. */
  readonly to: Moment;
  readonly stepMs: number;
}

export interface FoundLine {
  readonly labels: Readonly<Record<string, string>>;
  readonly moment: Moment;
  readonly line: string;
  /** Where labels were asked for apart. */
  readonly categories?: {
    readonly structuredMetadata: Record<string, string>;
    readonly parsed: Record<string, string>;
  };
}

/** The lines that fit from one moment to before another, in the order of the direction. */
export function findLines(
  query: LogQuery,
  looking: Looking,
  p: {
    readonly from: Moment;
    readonly to: Moment;
    readonly limit: number;
    readonly direction: "backward" | "forward";
    readonly categorize: boolean;
  },
): readonly FoundLine[] {
  const { filter, stages } = planOf(query);
  const run = compileStages(stages);
  const best = new Best(p.limit, p.direction);
  const each = (rows: Rows, hits: Uint8Array): boolean => {
    const [times, subs] = [rows.timeMs(), rows.subNs()];
    const found: number[] = [];
    for (let at = hits.indexOf(1); at >= 0; at = hits.indexOf(1, at + 1)) {
      const [ms, subNs] = [times[at] ?? 0, subs[at] ?? 0];
      const isLate = ms < p.from.ms || (ms === p.from.ms && subNs < p.from.subNs);
      const isEarly = ms > p.to.ms || (ms === p.to.ms && subNs >= p.to.subNs);
      if (!isLate && !isEarly) found.push(at);
    }
    const sign = p.direction === "backward" ? -1 : 1;
    found.sort((a, b) => sign * ((times[a] ?? 0) - (times[b] ?? 0) || (subs[a] ?? 0) - (subs[b] ?? 0)));
    for (const at of found) {
      if (!best.wants(times[at] ?? 0, subs[at] ?? 0)) break;
      const staged = new StagedEntry(entryAt(rows, at));
      if (run(staged)) best.add(staged);
    }
    best.trim();
    return true;
  };
  const skip = ({ chunk, maxMs }: { readonly chunk: unknown; readonly maxMs: number }): boolean =>
    p.direction === "backward" && chunk !== undefined && !best.wants(maxMs, 999_999);
  const query_ = { filter, fromMs: p.from.ms, toMs: p.to.ms + 1, pipes: [] };
  looking.looked(
    visit(looking.snapshot, { tenant: looking.tenant, query: query_, limits: looking.limits }, { skip, each }),
  );
  return best.all().map((staged) => shownLine(staged, p.categorize));
}

function shownLine(staged: StagedEntry, categorize: boolean): FoundLine {
  const { timeMs: ms, subNs } = staged.entry;
  const base = { moment: { ms, subNs }, line: staged.line };
  if (!categorize) return { ...base, labels: Object.fromEntries(staged.labels()) };
  const { stream, structuredMetadata, parsed } = staged.categorized();
  return { ...base, labels: stream, categories: { structuredMetadata, parsed } };
}

/** The first so many of a direction; of one moment those that were stored first. */
class Best {
  readonly #limit: number;
  readonly #sign: number;
  #found: StagedEntry[] = [];
  /** The last of those that are known to be wanted; what was added since stands behind it. */
  #last: StoredEntry | undefined;

  constructor(limit: number, direction: "backward" | "forward") {
    this.#limit = limit;
    this.#sign = direction === "backward" ? -1 : 1;
  }

  /** False where so many are known to come before it. */
  wants(ms: number, subNs: number): boolean {
    if (this.#limit === 0) return false;
    const last = this.#last;
    return last === undefined || this.#sign * (ms - last.timeMs || subNs - last.subNs) < 0;
  }

  add(staged: StagedEntry): void {
    this.#found.push(staged);
    // Sorting each time would be dear, never sorting would hold everything.
    if (this.#found.length >= 2 * this.#limit + 1_000) this.trim();
  }

  trim(): void {
    const order = (a: StoredEntry, b: StoredEntry): number => a.timeMs - b.timeMs || a.subNs - b.subNs;
    this.#found.sort((a, b) => this.#sign * order(a.entry, b.entry) || a.entry.seq - b.entry.seq);
    this.#found.length = Math.min(this.#found.length, this.#limit);
    this.#last = this.#found.length === this.#limit ? this.#found.at(-1)?.entry : undefined;
  }

  all(): readonly StagedEntry[] {
    this.trim();
    return this.#found;
  }
}

export interface SeriesOfPoints {
  readonly labels: LabelSet;
  readonly points: readonly (readonly [moment: Moment, value: number])[];
}

/** A number where nothing but numbers are in it, else series. Throws a `LogQlError`. */
export function evaluate(metric: Metric, looking: Looking, steps: Steps): number | readonly SeriesOfPoints[] {
  const compiled = compile(metric, looking, steps);
  if (typeof compiled === "number") return compiled;
  const series = new Map<string, { readonly labels: LabelSet; readonly points: [Moment, number][] }>();
  for (let ns = nsOf(steps.from), step = BigInt(Math.round(steps.stepMs * 1e6)); ns <= nsOf(steps.to); ns += step) {
    const moment = momentOfNs(ns);
    for (const { labels, value } of compiled(moment)) {
      const key = labelKey(labels);
      let one = series.get(key);
      if (one === undefined) {
        if (series.size >= looking.seriesMax)
          throw new LogQlError(`The answer has more than ${looking.seriesMax} series.`);
        series.set(key, (one = { labels, points: [] }));
      }
      one.points.push([moment, value]);
    }
    if (looking.limits.over() !== undefined || step <= 0n) break;
  }
  return [...series.values()];
}

type Compiled = number | ((moment: Moment) => Vector);

function compile(metric: Metric, looking: Looking, steps: Steps): Compiled {
  switch (metric.kind) {
    case "number":
      return metric.value;
    case "vector": {
      const vector: Vector = [{ labels: new Map(), value: metric.value }];
      return () => vector;
    }
    case "range":
      return compileRange(metric, looking, steps);
    case "aggregate": {
      const of = compile(withGroups(metric), looking, steps);
      if (typeof of === "number") throw new LogQlError(`${metric.fn} is made of series, not of a number.`);
      return (moment) => aggregate(metric, of(moment));
    }
    case "label_replace":
      return compileReplace(metric, looking, steps);
    default: {
      const left = compile(metric.left, looking, steps);
      const right = compile(metric.right, looking, steps);
      if (typeof left === "number" && typeof right === "number") return ofNumbers(metric, left, right);
      if (typeof left === "number" || typeof right === "number") checkSets(metric);
      if (typeof left === "number") {
        const side = right as (moment: Moment) => Vector;
        return (moment) => withNumber(metric, { values: side(moment), number: left, numberIsLeft: true });
      }
      if (typeof right === "number")
        return (moment) => withNumber(metric, { values: left(moment), number: right, numberIsLeft: false });
      return (moment) => betweenVectors(metric, left(moment), right(moment));
    }
  }
}

const summed: ReadonlySet<RangeFunction> = new Set([
  "count_over_time",
  "rate",
  "bytes_over_time",
  "bytes_rate",
  "sum_over_time",
]);

/** A sum by labels groups the values themselves, as Loki's does: a label that they are taken from is then one of them. */
function withGroups({ fn, by, of }: Extract<Metric, { kind: "aggregate" }>): Metric {
  if (fn !== "sum" || by === undefined || of.kind !== "range" || of.by !== undefined || !summed.has(of.fn)) return of;
  return { ...of, by };
}

function ofNumbers(metric: Extract<Metric, { kind: "binary" }>, left: number, right: number): number {
  checkSets(metric);
  return calculated(metric.op, left, right);
}

function checkSets({ op }: Extract<Metric, { kind: "binary" }>): void {
  if (op === "and" || op === "or" || op === "unless")
    throw new LogQlError(`${op} stands between series, not beside a number.`);
}

function compileRange(
  metric: Extract<Metric, { kind: "range" }>,
  looking: Looking,
  steps: Steps,
): (moment: Moment) => Vector {
  const { fn, range, by, parameter = 0 } = metric;
  const { rangeMs, offsetMs, unwrap } = range;
  const span = { from: plus(steps.from, -rangeMs - offsetMs), to: plus(steps.to, -offsetMs) };
  const series = regrouped(samplesOf(metric, looking, span), by);
  const window = (one: Samples, moment: Moment): readonly [number, number] => {
    const to = plus(moment, -offsetMs);
    return [one.upTo(plus(to, -rangeMs)), one.upTo(to)];
  };
  if (fn === "absent_over_time") {
    const labels = new Map(
      range.log.matchers.flatMap(({ name, op, value }, _, all) =>
        op === "=" && all.filter((each) => each.name === name).length === 1 ? [[name, value] as const] : [],
      ),
    );
    return (moment) => {
      const isThere = series.some((one) => window(one, moment)[0] < window(one, moment)[1]);
      return isThere ? [] : [{ labels, value: 1 }];
    };
  }
  return (moment) =>
    series.flatMap((one): Vector => {
      const [from, to] = window(one, moment);
      if (from >= to) return [];
      const value = overTime(fn, one.values.slice(from, to), { rangeMs, isUnwrapped: unwrap !== undefined, parameter });
      return [{ labels: one.labels, value }];
    });
}

/** Values of series that are the same once labels are left out belong to one. */
function regrouped(series: readonly Samples[], by: Extract<Metric, { kind: "range" }>["by"]): readonly Samples[] {
  if (by === undefined) return series;
  const groups = new Map<string, Samples>();
  for (const one of series) {
    const labels = grouped(one.labels, by);
    const key = labelKey(labels);
    let group = groups.get(key);
    if (group === undefined) groups.set(key, (group = new Samples(labels)));
    for (const [i, ms] of one.ms.entries()) group.add(ms, one.subNs[i] ?? 0, one.values[i] ?? 0);
  }
  for (const group of groups.values()) group.sort();
  return [...groups.values()];
}

function compileReplace(
  metric: Extract<Metric, { kind: "label_replace" }>,
  looking: Looking,
  steps: Steps,
): (moment: Moment) => Vector {
  const of = compile(metric.of, looking, steps);
  if (typeof of === "number") throw new LogQlError("label_replace is made of series, not of a number.");
  const pattern = RE2JS.compile(`^(?:${metric.pattern})$`);
  const replaced = ({ labels, value }: Value): Value => {
    const matcher = pattern.matcher(labels.get(metric.from) ?? "");
    if (!matcher.find()) return { labels, value };
    const text = metric.replacement.replaceAll(/\$(?:\{\w+\}|\w+)/g, (reference) => {
      const name = reference.replaceAll(/[${}]/g, "");
      const found: unknown = /^\d+$/.test(name) ? matcher.group(Number(name)) : matcher.group(name);
      return typeof found === "string" ? found : "";
    });
    const made = new Map(labels);
    if (text === "") made.delete(metric.to);
    else made.set(metric.to, text);
    return { labels: made, value };
  };
  return (moment) => of(moment).map(replaced);
}
