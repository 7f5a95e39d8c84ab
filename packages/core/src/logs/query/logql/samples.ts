// Values over time of the series that a range makes of log lines, and what functions make of those that lie in a window.
import type { Snapshot } from "../../storage/snapshot.ts";
import { entryAt } from "../../storage/rows.ts";
import type { Rows } from "../../storage/rows.ts";
import { visit } from "../execute.ts";
import type { QueryAnswer } from "../execute.ts";
import type { LogRange, Metric, RangeFunction } from "./ast.ts";
import { errorLabel, StagedEntry } from "./entry.ts";
import { LogQlError } from "./logql-error.ts";
import { planOf } from "./plan.ts";
import type { Moment } from "./moment.ts";
import { compileLabelFilter, compileStages, quantityOf } from "./stages.ts";
import type { RunningStage } from "./stages.ts";

export type LabelSet = ReadonlyMap<string, string>;

/** One text for each set of labels, in any order. */
export function labelKey(labels: LabelSet): string {
  return JSON.stringify([...labels].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** One series: ascending in time once sorted. */
export class Samples {
  readonly labels: LabelSet;
  readonly ms: number[] = [];
  readonly subNs: number[] = [];
  readonly values: number[] = [];

  constructor(labels: LabelSet) {
    this.labels = labels;
  }

  add(ms: number, subNs: number, value: number): void {
    this.ms.push(ms);
    this.subNs.push(subNs);
    this.values.push(value);
  }

  sort(): void {
    const { ms, subNs, values } = this;
    if (
      ms.every(
        (each, i) =>
          i === 0 || (ms[i - 1] ?? 0) < each || ((ms[i - 1] ?? 0) === each && (subNs[i - 1] ?? 0) <= (subNs[i] ?? 0)),
      )
    )
      return;
    const order = ms
      .map((_, i) => i)
      .toSorted((a, b) => (ms[a] ?? 0) - (ms[b] ?? 0) || (subNs[a] ?? 0) - (subNs[b] ?? 0));
    for (const list of [ms, subNs, values]) list.splice(0, list.length, ...order.map((i) => list[i] ?? 0));
  }

  /** How many lie at this moment or before. */
  upTo({ ms, subNs }: Moment): number {
    let [low, high] = [0, this.ms.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const at = this.ms[middle] ?? 0;
      if (at < ms || (at === ms && (this.subNs[middle] ?? 0) <= subNs)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

export interface Looking {
  readonly snapshot: Snapshot;
  readonly tenant: string;
  readonly limits: Parameters<typeof visit>[1]["limits"];
  /** Values that one query may hold. */
  readonly samplesMax: number;
  /** Series that one query may make. */
  readonly seriesMax: number;
  readonly looked: (answer: Omit<QueryAnswer, "entries" | "columns" | "rows">) => void;
}

/** Everything a range needs from behind `from` up to `to`, by series. Throws a `LogQlError`. */
export function samplesOf(
  metric: Extract<Metric, { kind: "range" }>,
  looking: Looking,
  span: { readonly from: Moment; readonly to: Moment },
): Samples[] {
  const { fn, range, by } = metric;
  const { filter, stages } = planOf(range.log);
  const run = compileStages(stages);
  const after = (range.unwrap?.after ?? []).map(compileLabelFilter);
  const series = new Map<string, Samples>();
  let held = 0;
  const hold = (key: string, labels: () => LabelSet): Samples => {
    if (++held > looking.samplesMax)
      throw new LogQlError(
        `The query would hold more than ${looking.samplesMax} values; take a shorter time or a narrower selector.`,
      );
    let found = series.get(key);
    if (found === undefined) {
      if (series.size >= looking.seriesMax)
        throw new LogQlError(
          `The query makes more than ${looking.seriesMax} series; drop labels before the range, or group by fewer.`,
        );
      series.set(key, (found = new Samples(labels())));
    }
    return found;
  };
  const { unwrap } = range;
  const isGroup = unwrap !== undefined && by?.without === false && by.labels.includes(unwrap.label);
  const each = (rows: Rows, hits: Uint8Array): boolean => {
    const [times, subs] = [rows.timeMs(), rows.subNs()];
    for (let at = hits.indexOf(1); at >= 0; at = hits.indexOf(1, at + 1)) {
      const [ms, subNs] = [times[at] ?? 0, subs[at] ?? 0];
      if (!isWithin(ms, subNs, span)) continue;
      const staged = new StagedEntry(entryAt(rows, at));
      if (!run(staged)) continue;
      const value = valueOf(staged, fn, { unwrap: range.unwrap, after, isGroup });
      if (value === undefined) continue;
      const labels = staged.labels();
      const fault = labels.get(errorLabel);
      if (fault !== undefined)
        throw new LogQlError(
          `pipeline error: '${fault}' for series: '${shownLabels(labels)}'. Use a label filter to intentionally skip this error. (e.g | __error__!="${fault}"). To skip all potential errors you can match empty errors.(e.g __error__="")`,
        );
      hold(labelKey(labels), () => labels).add(ms, subNs, value);
    }
    return true;
  };
  const query = { filter, fromMs: span.from.ms, toMs: span.to.ms + 1, pipes: [] };
  looking.looked(visit(looking.snapshot, { tenant: looking.tenant, query, limits: looking.limits }, { each }));
  for (const one of series.values()) one.sort();
  return [...series.values()];
}

/** Behind the beginning, and up to the end. */
function isWithin(ms: number, subNs: number, { from, to }: { readonly from: Moment; readonly to: Moment }): boolean {
  return (
    (ms > from.ms || (ms === from.ms && subNs > from.subNs)) && (ms < to.ms || (ms === to.ms && subNs <= to.subNs))
  );
}

const encoder = new TextEncoder();

/** What an entry counts as; undefined where it does not count. */
function valueOf(
  staged: StagedEntry,
  fn: RangeFunction,
  {
    unwrap,
    after,
    isGroup,
  }: {
    readonly unwrap: LogRange["unwrap"];
    readonly after: readonly RunningStage[];
    /** The label is one that values are grouped by: it stays. */
    readonly isGroup: boolean;
  },
): number | undefined {
  if (unwrap === undefined)
    return fn === "bytes_rate" || fn === "bytes_over_time" ? encoder.encode(staged.line).length : 1;
  const text = staged.get(unwrap.label);
  if (text === "") return undefined;
  const value = quantityOf(text, unwrap.unit);
  if (value === undefined) staged.fail("SampleExtractionErr", `${JSON.stringify(text)} is no ${unwrap.unit}`);
  if (!after.every((filter) => filter(staged))) return undefined;
  if (!isGroup) staged.delete(unwrap.label);
  return value ?? 0;
}

export function shownLabels(labels: LabelSet): string {
  const pairs = [...labels]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return `{${pairs.join(", ")}}`;
}

/** What a function makes of the values in a window, oldest first; never called without any. */
export function overTime(
  fn: Exclude<RangeFunction, "absent_over_time">,
  values: readonly number[],
  p: { readonly rangeMs: number; readonly isUnwrapped: boolean; readonly parameter: number },
): number {
  switch (fn) {
    case "rate":
      return (p.isUnwrapped ? sum(values) : values.length) / (p.rangeMs / 1_000);
    case "bytes_rate":
      return sum(values) / (p.rangeMs / 1_000);
    case "count_over_time":
      return values.length;
    case "bytes_over_time":
    case "sum_over_time":
      return sum(values);
    case "avg_over_time":
      return sum(values) / values.length;
    case "max_over_time":
      return values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a));
    case "min_over_time":
      return values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a));
    case "first_over_time":
      return values[0] ?? Number.NaN;
    case "last_over_time":
      return values.at(-1) ?? Number.NaN;
    case "quantile_over_time":
      return quantile(p.parameter, values);
    case "stdvar_over_time":
      return variance(values);
    default:
      return Math.sqrt(variance(values));
  }
}

export function sum(values: readonly number[]): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** Of a population: Welford's recurrence. */
export function variance(values: readonly number[]): number {
  let [mean, squares, count] = [0, 0, 0];
  for (const value of values) {
    count++;
    const off = value - mean;
    mean += off / count;
    squares += off * (value - mean);
  }
  return squares / count;
}

/** Between the two values that lie around it, as Prometheus has it. */
function quantile(q: number, values: readonly number[]): number {
  if (Number.isNaN(q)) return Number.NaN;
  if (q < 0) return -Infinity;
  if (q > 1) return Infinity;
  const sorted = values.toSorted((a, b) => a - b);
  const rank = q * (sorted.length - 1);
  const [low, high] = [Math.max(0, Math.floor(rank)), Math.min(sorted.length - 1, Math.floor(rank) + 1)];
  const weight = rank - Math.floor(rank);
  return (sorted[low] ?? Number.NaN) * (1 - weight) + (sorted[high] ?? Number.NaN) * weight;
}
