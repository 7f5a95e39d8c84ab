// Answers PromQL: values at each step of a span. Series are read once for the span, then each step looks into them.
import { nameLabel } from "../sample.ts";
import type { Aggregate, Binary, Call, Expression, Selector } from "./ast.ts";
import { momentFunctions, rangeFunctions, valueFunctions } from "./functions.ts";
import { histogramQuantile } from "./histogram-quantile.ts";
import { typeOf } from "./parse.ts";
import { unanswerable } from "./promql-error.ts";
import { compileJoin, compileReplace } from "./relabelling.ts";
import type { SampleSource } from "./source.ts";
import {
  aggregate,
  betweenVectors,
  calculated,
  distinct,
  Groups,
  labelKey,
  order,
  withNumber,
  withoutName,
} from "./vectors.ts";
import type { LabelSet, Value, Vector } from "./vectors.ts";

/** Milliseconds since 1970, both ends included; an instant has the same twice. */
export interface Steps {
  readonly fromMs: number;
  readonly toMs: number;
  readonly stepMs: number;
}

export interface Answering {
  readonly source: SampleSource;
  readonly steps: Steps;
  /** How far back the latest value of a series may be at a moment. */
  readonly lookbackMs: (atMs: number) => number;
  /** Throws once the time of the query is over. */
  readonly checkTime: () => void;
}

interface FoundSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [atMs: number, value: number])[];
}

export type PromQlAnswer =
  | { readonly kind: "scalar"; readonly points: FoundSeries["points"] }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "vector" | "matrix"; readonly series: readonly FoundSeries[] };

/** Throws a `PromQlError` where the expression cannot be answered. */
export function answerPromQl(expression: Expression, answering: Answering): PromQlAnswer {
  const { steps } = answering;
  const type = typeOf(expression);
  if (expression.kind === "text") return { kind: "text", text: expression.value };
  if (type === "matrix" && expression.kind === "selector") return rawOf(expression, answering);
  if (type === "scalar") {
    const at = compileScalar(expression, answering);
    return { kind: "scalar", points: stepsOf(steps).map((ms) => [ms, at(ms)] as const) };
  }
  const at = compileVector(expression, answering);
  const found = new Map<string, { readonly labels: LabelSet; readonly points: [number, number][] }>();
  for (const ms of stepsOf(steps)) {
    answering.checkTime();
    for (const { labels, value } of at(ms)) {
      const key = labelKey(labels);
      const series = found.get(key);
      if (series === undefined) found.set(key, { labels, points: [[ms, value]] });
      else if (series.points.at(-1)?.[0] === ms)
        throw unanswerable("vector cannot contain metrics with the same labelset");
      else series.points.push([ms, value]);
    }
  }
  const series = Array.from(found.values(), ({ labels, points }) => ({ labels: shown(labels), points }));
  return { kind: "vector", series };
}

function shown(labels: LabelSet): Readonly<Record<string, string>> {
  return Object.fromEntries([...labels].filter(([, value]) => value !== ""));
}

function stepsOf({ fromMs, toMs, stepMs }: Steps): readonly number[] {
  if (stepMs <= 0) return [fromMs];
  return Array.from({ length: Math.floor((toMs - fromMs) / stepMs) + 1 }, (_, i) => fromMs + i * stepMs);
}

/** A range by itself: its samples as they came. */
function rawOf(selector: Selector, answering: Answering): PromQlAnswer {
  const at = answering.steps.toMs - selector.offsetMs;
  const span = { fromMs: at - selector.rangeMs, toMs: at };
  const series = answering.source.select(selector.matchers, span).flatMap(({ labels, points }) => {
    const values = points.flatMap(({ timeMs, value }) => (value === "stale" ? [] : [[timeMs, value] as const]));
    return values.length === 0 ? [] : [{ labels, points: values }];
  });
  return { kind: "matrix", series };
}

/** A series as it is looked into. Values that end it are kept, since they hide what came before. */
interface Read {
  readonly labels: LabelSet;
  readonly times: readonly number[];
  readonly values: readonly (number | "stale")[];
}

function read(selector: Selector, { source, steps, lookbackMs }: Answering): readonly Read[] {
  const reach = selector.rangeMs > 0 ? selector.rangeMs : lookbackMs(steps.fromMs - selector.offsetMs);
  const span = { fromMs: steps.fromMs - selector.offsetMs - reach, toMs: steps.toMs - selector.offsetMs };
  return source.select(selector.matchers, span).map(({ labels, points }) => ({
    labels: new Map(Object.entries(labels)),
    times: points.map(({ timeMs }) => timeMs),
    values: points.map(({ value }) => value),
  }));
}

/** How many of sorted times are at most this. */
function upTo(times: readonly number[], ms: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? 0) <= ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

type At<T> = (ms: number) => T;

function compileScalar(expression: Expression, answering: Answering): At<number> {
  switch (expression.kind) {
    case "number": {
      const { value } = expression;
      return () => value;
    }
    case "negate": {
      const of = compileScalar(expression.of, answering);
      return (ms) => -of(ms);
    }
    case "binary": {
      const [left, right] = [compileScalar(expression.left, answering), compileScalar(expression.right, answering)];
      return (ms) => calculated(expression.op, left(ms), right(ms));
    }
    case "call": {
      if (expression.fn === "time") return (ms) => ms / 1_000;
      if (expression.fn === "pi") return () => Math.PI;
      const [arg] = expression.args;
      if (expression.fn !== "scalar" || arg === undefined) throw new Error(`${expression.fn} is no scalar`);
      const of = compileVector(arg, answering);
      return (ms) => {
        const vector = of(ms);
        return vector.length === 1 ? (vector[0]?.value ?? NaN) : NaN;
      };
    }
    default:
      throw new Error(`${expression.kind} is no scalar`);
  }
}

function compileVector(expression: Expression, answering: Answering): At<Vector> {
  switch (expression.kind) {
    case "selector":
      return compileSelector(expression, answering, ({ value }) => value);
    case "negate": {
      const of = compileVector(expression.of, answering);
      return (ms) => distinct(of(ms).map(({ labels, value }) => ({ labels: withoutName(labels), value: -value })));
    }
    case "aggregate":
      return compileAggregate(expression, answering);
    case "binary":
      return compileBinary(expression, answering);
    case "call":
      return compileCall(expression, answering);
    default:
      throw new Error(`${expression.kind} is no vector`);
  }
}

function compileSelector(
  selector: Selector,
  answering: Answering,
  make: (found: { readonly value: number; readonly ms: number }) => number,
): At<Vector> {
  const series = read(selector, answering);
  return (ms) => {
    const at = ms - selector.offsetMs;
    const oldest = at - answering.lookbackMs(at);
    return series.flatMap(({ labels, times, values }): Vector => {
      const last = upTo(times, at) - 1;
      const [time, value] = [times[last], values[last]];
      if (time === undefined || value === undefined || value === "stale" || time < oldest) return [];
      return [{ labels, value: make({ value, ms: time }) }];
    });
  };
}

function compileAggregate(expression: Aggregate, answering: Answering): At<Vector> {
  const of = compileVector(expression.of, answering);
  const groups = new Groups(expression.by);
  const { parameter } = expression;
  const parameterAt: At<number | string> =
    parameter === undefined
      ? () => 0
      : parameter.kind === "text"
        ? () => parameter.value
        : compileScalar(parameter, answering);
  return (ms) => aggregate(expression, groups.of(of(ms)), parameterAt(ms));
}

function compileBinary(expression: Binary, answering: Answering): At<Vector> {
  const { left, right } = expression;
  if (typeOf(left) === "scalar") {
    const [number, values] = [compileScalar(left, answering), compileVector(right, answering)];
    return (ms) => withNumber(expression, { values: values(ms), number: number(ms), numberIsLeft: true });
  }
  if (typeOf(right) === "scalar") {
    const [values, number] = [compileVector(left, answering), compileScalar(right, answering)];
    return (ms) => withNumber(expression, { values: values(ms), number: number(ms), numberIsLeft: false });
  }
  const [a, b] = [compileVector(left, answering), compileVector(right, answering)];
  return (ms) => betweenVectors(expression, a(ms), b(ms));
}

function compileCall(call: Call, answering: Answering): At<Vector> {
  const { fn, args } = call;
  if (Object.hasOwn(rangeFunctions, fn)) return compileRange(call, answering);
  if (fn === "absent_over_time") return compileAbsent(args[0], compileRangeThere(args[0], answering));
  const number = (at: number, usual = 0): At<number> => {
    const arg = args[at];
    return arg === undefined ? () => usual : compileScalar(arg, answering);
  };
  if (fn === "vector") {
    const value = number(0);
    return (ms) => [{ labels: new Map(), value: value(ms) }];
  }
  if (fn === "timestamp" && args[0]?.kind === "selector") {
    const of = compileSelector(args[0], answering, ({ ms }) => ms / 1_000);
    return (ms) => distinct(of(ms).map(unnamed));
  }
  if (fn === "histogram_quantile") {
    const [share, buckets] = [number(0), vectorArg(args[1], answering)];
    return (ms) => histogramQuantile(share(ms), buckets(ms));
  }
  const of = vectorArg(args[0], answering);
  if (fn === "absent") return compileAbsent(args[0], (ms) => of(ms).length > 0);
  if (fn === "timestamp")
    return (ms) => of(ms).map(({ labels }) => ({ labels: withoutName(labels), value: ms / 1_000 }));
  if (fn === "sort" || fn === "sort_desc") {
    const sign = fn === "sort" ? 1 : -1;
    return (ms) => of(ms).toSorted((a, b) => order(a.value, b.value, sign));
  }
  if (fn === "label_replace") return after(of, compileReplace(args));
  if (fn === "label_join") return after(of, compileJoin(args));
  if (fn === "clamp") return compileClamp(of, number(1), number(2));
  const mapped = mappedBy(fn, number(1, fn === "round" ? 1 : 0));
  return (ms) =>
    distinct(of(ms).map(({ labels, value }) => ({ labels: withoutName(labels), value: mapped(value, ms) })));
}

/** Between ends that are the wrong way round there is nothing. */
function compileClamp(of: At<Vector>, low: At<number>, high: At<number>): At<Vector> {
  return (ms) => {
    const [from, to] = [low(ms), high(ms)];
    if (to < from) return [];
    return distinct(
      of(ms).map(({ labels, value }) => ({ labels: withoutName(labels), value: Math.max(from, Math.min(to, value)) })),
    );
  };
}

function vectorArg(arg: Expression | undefined, answering: Answering): At<Vector> {
  return arg === undefined ? (ms) => [{ labels: new Map(), value: ms / 1_000 }] : compileVector(arg, answering);
}

function unnamed({ labels, value }: Value): Value {
  return { labels: withoutName(labels), value };
}

function mappedBy(fn: string, first: At<number>): (value: number, ms: number) => number {
  const plain = Object.hasOwn(valueFunctions, fn) ? valueFunctions[fn] : undefined;
  if (plain !== undefined) return plain;
  const moment = Object.hasOwn(momentFunctions, fn) ? momentFunctions[fn] : undefined;
  if (moment !== undefined) return (value) => moment(new Date(value * 1_000));
  switch (fn) {
    case "round":
      return (value, ms) => {
        const inverse = 1 / first(ms);
        return Math.floor(value * inverse + 0.5) / inverse;
      };
    case "clamp_min":
      return (value, ms) => Math.max(first(ms), value);
    case "clamp_max":
      return (value, ms) => Math.min(first(ms), value);
    default:
      throw new Error(`${fn} is no function of vectors`);
  }
}

function rangeArg(args: readonly (Expression | undefined)[]): Selector {
  const selector = args.find((each) => each?.kind === "selector" && each.rangeMs > 0);
  if (selector?.kind !== "selector") throw new Error("a range was checked to be there");
  return selector;
}

function compileRange({ fn, args }: Call, answering: Answering): At<Vector> {
  const { make, number } = rangeFunctions[fn] ?? {};
  if (make === undefined) throw new Error(`${fn} is no function over ranges`);
  const selector = rangeArg(args);
  const scalar = number === undefined ? undefined : args[number === "first" ? 0 : 1];
  const parameter = scalar === undefined ? () => 0 : compileScalar(scalar, answering);
  // What ends a series is no value of a range.
  const series = read(selector, answering).map(({ labels, times, values }) => {
    const kept = values.flatMap((value, i) => (value === "stale" ? [] : [[times[i] ?? 0, value] as const]));
    const own = fn === "last_over_time" ? labels : withoutName(labels);
    return { labels: own, times: kept.map(([ms]) => ms), values: kept.map(([, value]) => value) };
  });
  return (ms) => {
    const toMs = ms - selector.offsetMs;
    const fromMs = toMs - selector.rangeMs;
    const found = series.flatMap(({ labels, times, values }): Vector => {
      const [from, to] = [upTo(times, fromMs - 0.001), upTo(times, toMs)];
      if (from >= to) return [];
      const range = { times: times.slice(from, to), values: values.slice(from, to), fromMs, toMs };
      const value = make(range, parameter(ms));
      return value === undefined ? [] : [{ labels, value }];
    });
    return distinct(found);
  };
}

function compileRangeThere(arg: Expression | undefined, answering: Answering): At<boolean> {
  const there = compileRange(
    { kind: "call", fn: "present_over_time", args: arg === undefined ? [] : [arg] },
    {
      ...answering,
      source: {
        // Names are not looked at here: several series may fit.
        select: (matchers, span) =>
          answering.source.select(matchers, span).map((each, i) => ({ ...each, labels: { series: String(i) } })),
      },
    },
  );
  return (ms) => there(ms).length > 0;
}

/** One value where nothing is, with the labels that the selector names for sure. */
function compileAbsent(arg: Expression | undefined, isThere: At<boolean>): At<Vector> {
  const labels = new Map<string, string>();
  if (arg?.kind === "selector") {
    const matchers = arg.matchers.filter(({ name }) => name !== nameLabel);
    for (const { name, op, value } of matchers)
      if (op === "=" && matchers.filter((each) => each.name === name).length === 1) labels.set(name, value);
  }
  return (ms) => (isThere(ms) ? [] : [{ labels, value: 1 }]);
}

function after(of: At<Vector>, change: (vector: Vector) => Vector): At<Vector> {
  return (ms) => change(of(ms));
}
