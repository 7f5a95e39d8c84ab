// The functions of PromQL that are known: what they take, and what those over ranges make of samples.
// Semantics: Prometheus 2.42, promql/functions.go.
import type { ValueType } from "./ast.ts";

/** Samples of one series within a range, times in milliseconds. */
interface Range {
  readonly times: readonly number[];
  readonly values: readonly number[];
  readonly fromMs: number;
  readonly toMs: number;
}

type OverRange = (range: Range, parameter: number) => number | undefined;

/** Functions over a range, and whether a number stands before it or behind it. */
export const rangeFunctions: Readonly<
  Record<string, { readonly make: OverRange; readonly number?: "first" | "last" }>
> = {
  rate: { make: (range) => extrapolated(range, { counter: true, rate: true }) },
  increase: { make: (range) => extrapolated(range, { counter: true, rate: false }) },
  delta: { make: (range) => extrapolated(range, { counter: false, rate: false }) },
  irate: { make: (range) => instantDelta(range, true) },
  idelta: { make: (range) => instantDelta(range, false) },
  deriv: { make: (range) => (range.values.length < 2 ? undefined : regression(range, range.times[0] ?? 0).slope) },
  predict_linear: {
    number: "last",
    make: (range, seconds) => {
      if (range.values.length < 2) return undefined;
      const { slope, intercept } = regression(range, range.toMs);
      return slope * seconds + intercept;
    },
  },
  changes: { make: ({ values }) => pairs(values, (a, b) => a !== b && !(Number.isNaN(a) && Number.isNaN(b))) },
  resets: { make: ({ values }) => pairs(values, (a, b) => b < a) },
  avg_over_time: { make: ({ values }) => mean(values) },
  min_over_time: { make: ({ values }) => values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a)) },
  max_over_time: { make: ({ values }) => values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a)) },
  sum_over_time: { make: ({ values }) => sum(values) },
  count_over_time: { make: ({ values }) => values.length },
  last_over_time: { make: ({ values }) => values.at(-1) },
  present_over_time: { make: () => 1 },
  stddev_over_time: { make: ({ values }) => Math.sqrt(variance(values)) },
  stdvar_over_time: { make: ({ values }) => variance(values) },
  quantile_over_time: { number: "first", make: ({ values }, share) => quantileOf(values, share) },
};

/** Functions of one number, applied to each value. */
export const valueFunctions: Readonly<Record<string, (value: number) => number>> = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  exp: Math.exp,
  ln: Math.log,
  log2: Math.log2,
  log10: Math.log10,
  sqrt: Math.sqrt,
  sgn: (value) => (value < 0 ? -1 : value > 0 ? 1 : value),
  sin: Math.sin,
  cos: Math.cos,
  tan: Math.tan,
  deg: (value) => (value * 180) / Math.PI,
  rad: (value) => (value * Math.PI) / 180,
};

/** Parts of a moment in UTC, of values that are seconds since 1970; of now without any. */
export const momentFunctions: Readonly<Record<string, (at: Date) => number>> = {
  minute: (at) => at.getUTCMinutes(),
  hour: (at) => at.getUTCHours(),
  day_of_week: (at) => at.getUTCDay(),
  day_of_month: (at) => at.getUTCDate(),
  day_of_year: (at) => Math.floor((at.getTime() - Date.UTC(at.getUTCFullYear(), 0, 1)) / 86_400_000) + 1,
  days_in_month: (at) => new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 0)).getUTCDate(),
  month: (at) => at.getUTCMonth() + 1,
  year: (at) => at.getUTCFullYear(),
};

export interface Signature {
  readonly takes: readonly ValueType[];
  /** How many of the last ones may be left out; -1: any number more of the last. */
  readonly optional: number;
  readonly gives: ValueType;
}

const signature = (takes: readonly ValueType[], gives: ValueType = "vector", optional = 0): Signature => ({
  takes,
  gives,
  optional,
});

/** What each function takes and gives. */
export const signatures: ReadonlyMap<string, Signature> = new Map<string, Signature>([
  ...Object.entries(rangeFunctions).map(([name, { number }]): [string, Signature] => [
    name,
    signature(number === "first" ? ["scalar", "matrix"] : number === "last" ? ["matrix", "scalar"] : ["matrix"]),
  ]),
  ...Object.keys(valueFunctions).map((name): [string, Signature] => [name, signature(["vector"])]),
  ...Object.keys(momentFunctions).map((name): [string, Signature] => [name, signature(["vector"], "vector", 1)]),
  ["round", signature(["vector", "scalar"], "vector", 1)],
  ["clamp", signature(["vector", "scalar", "scalar"])],
  ["clamp_min", signature(["vector", "scalar"])],
  ["clamp_max", signature(["vector", "scalar"])],
  ["absent", signature(["vector"])],
  ["absent_over_time", signature(["matrix"])],
  ["scalar", signature(["vector"], "scalar")],
  ["vector", signature(["scalar"])],
  ["time", signature([], "scalar")],
  ["pi", signature([], "scalar")],
  ["timestamp", signature(["vector"])],
  ["sort", signature(["vector"])],
  ["sort_desc", signature(["vector"])],
  ["histogram_quantile", signature(["scalar", "vector"])],
  ["label_replace", signature(["vector", "string", "string", "string", "string"])],
  ["label_join", signature(["vector", "string", "string", "string"], "vector", -1)],
]);

/** Growth from the first to the last sample, drawn out to the ends of the range where they are near. */
function extrapolated(
  range: Range,
  { counter, rate }: { readonly counter: boolean; readonly rate: boolean },
): number | undefined {
  const { times, values } = range;
  const [first = 0, last = 0] = [values[0], values.at(-1)];
  if (values.length < 2) return undefined;
  let growth = last - first;
  if (counter) {
    let before = first;
    for (const value of values) {
      if (value < before) growth += before;
      before = value;
    }
  }
  const [firstMs = 0, lastMs = 0] = [times[0], times.at(-1)];
  let toStart = (firstMs - range.fromMs) / 1_000;
  const toEnd = (range.toMs - lastMs) / 1_000;
  const sampled = (lastMs - firstMs) / 1_000;
  const between = sampled / (values.length - 1);
  // A counter is not drawn out below nothing.
  if (counter && growth > 0 && first >= 0) toStart = Math.min(toStart, sampled * (first / growth));
  const threshold = between * 1.1;
  const reach = sampled + (toStart < threshold ? toStart : between / 2) + (toEnd < threshold ? toEnd : between / 2);
  // In this order the last digit is Prometheus' too.
  const factor = reach / sampled;
  return growth * (rate ? factor / ((range.toMs - range.fromMs) / 1_000) : factor);
}

function instantDelta({ times, values }: Range, isRate: boolean): number | undefined {
  if (values.length < 2) return undefined;
  const [before = 0, last = 0] = values.slice(-2);
  const [beforeMs = 0, lastMs = 0] = times.slice(-2);
  const change = isRate && last < before ? last : last - before;
  if (lastMs === beforeMs) return undefined;
  return isRate ? change / ((lastMs - beforeMs) / 1_000) : change;
}

/** Least squares, seconds from a moment on. */
function regression({ times, values }: Range, zeroMs: number): { readonly slope: number; readonly intercept: number } {
  const n = values.length;
  if (values.every((value) => value === values[0])) {
    const value = values[0] ?? 0;
    return Number.isFinite(value) ? { slope: 0, intercept: value } : { slope: NaN, intercept: NaN };
  }
  let [sumX, sumY, sumXY, sumX2] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [((times[i] ?? 0) - zeroMs) / 1_000, values[i] ?? 0];
    sumX += x;
    sumY += y;
    sumXY += x * y;
    sumX2 += x * x;
  }
  const slope = (sumXY - (sumX * sumY) / n) / (sumX2 - (sumX * sumX) / n);
  return { slope, intercept: sumY / n - (slope * sumX) / n };
}

function pairs(values: readonly number[], counts: (a: number, b: number) => boolean): number {
  let count = 0;
  for (let i = 1; i < values.length; i++) if (counts(values[i - 1] ?? 0, values[i] ?? 0)) count++;
  return count;
}

/** After Kahan and Neumaier: small values are not lost beside large ones. */
export function sum(values: readonly number[]): number {
  let [total, lost] = [0, 0];
  for (const value of values) {
    const next = total + value;
    if (Math.abs(total) >= Math.abs(value)) lost += total - next + value;
    else lost += value - next + total;
    total = next;
  }
  return Number.isFinite(lost) ? total + lost : total;
}

export function mean(values: readonly number[]): number {
  const total = sum(values);
  if (Number.isFinite(total) || values.some((value) => !Number.isFinite(value))) return total / values.length;
  return values.reduce((average, value) => average + value / values.length, 0);
}

export function variance(values: readonly number[]): number {
  let [count, average, squares] = [0, 0, 0];
  for (const value of values) {
    count++;
    const distance = value - average;
    average += distance / count;
    squares += distance * (value - average);
  }
  return squares / count;
}

/** Between the two values around it. */
export function quantileOf(values: readonly number[], share: number): number {
  if (values.length === 0 || Number.isNaN(share)) return NaN;
  if (share < 0) return -Infinity;
  if (share > 1) return Infinity;
  // What is no number comes first.
  const sorted = values.toSorted((a, b) =>
    Number.isNaN(a) ? (Number.isNaN(b) ? 0 : -1) : Number.isNaN(b) ? 1 : a - b,
  );
  const rank = share * (sorted.length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(sorted.length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return (sorted[lower] ?? 0) * (1 - weight) + (sorted[upper] ?? 0) * weight;
}
