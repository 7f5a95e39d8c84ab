// Values of many series at one moment: aggregation, and arithmetic between two sides.
import type { BinaryOp, Labelling, Matching, Metric } from "./ast.ts";
import { LogQlError } from "./logql-error.ts";
import { labelKey, sum, variance } from "./samples.ts";
import type { LabelSet } from "./samples.ts";

export interface Value {
  readonly labels: LabelSet;
  readonly value: number;
}
export type Vector = readonly Value[];

type Aggregate = Extract<Metric, { kind: "aggregate" }>;

export function aggregate({ fn, parameter = 0, by }: Aggregate, values: Vector): Vector {
  if (fn === "sort") return values.toSorted((a, b) => a.value - b.value);
  if (fn === "sort_desc") return values.toSorted((a, b) => b.value - a.value);
  const groups = new Map<string, { readonly labels: LabelSet; readonly of: Value[] }>();
  for (const each of values) {
    const labels = grouped(each.labels, by ?? { without: false, labels: [] });
    const key = labelKey(labels);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { labels, of: [each] });
    else group.of.push(each);
  }
  return [...groups.values()].flatMap(({ labels, of }): Vector => {
    if (fn === "topk") return of.toSorted((a, b) => descending(a.value, b.value)).slice(0, Math.trunc(parameter));
    if (fn === "bottomk") return of.toSorted((a, b) => descending(-a.value, -b.value)).slice(0, Math.trunc(parameter));
    return [
      {
        labels,
        value: summedUp(
          fn,
          of.map(({ value }) => value),
        ),
      },
    ];
  });
}

/** What is no number comes last. */
function descending(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return b - a;
}

function summedUp(fn: Aggregate["fn"], values: readonly number[]): number {
  switch (fn) {
    case "sum":
      return sum(values);
    case "avg":
      return sum(values) / values.length;
    case "count":
      return values.length;
    case "min":
      return values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a));
    case "max":
      return values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a));
    case "stdvar":
      return variance(values);
    default:
      return Math.sqrt(variance(values));
  }
}

export function grouped(labels: LabelSet, { without, labels: names }: Labelling): LabelSet {
  return new Map([...labels].filter(([name]) => names.includes(name) !== without));
}

const isComparison = (op: BinaryOp): boolean => ["==", "!=", ">", ">=", "<", "<="].includes(op);

/** A number for a pair; 0 or 1 of a comparison. */
export function calculated(op: BinaryOp, a: number, b: number): number {
  switch (op) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
      return a / b;
    case "%":
      return a % b;
    case "^":
      return a ** b;
    case "==":
      return Number(a === b);
    case "!=":
      return Number(a !== b);
    case ">":
      return Number(a > b);
    case ">=":
      return Number(a >= b);
    case "<":
      return Number(a < b);
    default:
      return Number(a <= b);
  }
}

type Binary = Extract<Metric, { kind: "binary" }>;

/** A number on one side meets every value of the other. */
export function withNumber(
  { op, bool }: Binary,
  p: { readonly values: Vector; readonly number: number; readonly numberIsLeft: boolean },
): Vector {
  return p.values.flatMap(({ labels, value }): Vector => {
    const result = p.numberIsLeft ? calculated(op, p.number, value) : calculated(op, value, p.number);
    if (!isComparison(op) || bool) return [{ labels, value: result }];
    return result === 1 ? [{ labels, value }] : [];
  });
}

/** Throws a `LogQlError` where several meet one and nobody said so. */
export function betweenVectors({ op, bool, matching }: Binary, left: Vector, right: Vector): Vector {
  const keyOf = ({ labels }: Value): string =>
    labelKey(grouped(labels, { without: !matching.on, labels: matching.labels }));
  const keys = (values: Vector): ReadonlySet<string> => new Set(values.map(keyOf));
  const [leftKeys, rightKeys] = [keys(left), keys(right)];
  if (op === "and") return left.filter((each) => rightKeys.has(keyOf(each)));
  if (op === "unless") return left.filter((each) => !rightKeys.has(keyOf(each)));
  if (op === "or") return [...left, ...right.filter((each) => !leftKeys.has(keyOf(each)))];
  const [many, one] = matching.many === "right" ? [right, left] : [left, right];
  const ones = new Map<string, Value>();
  for (const each of one) {
    if (ones.has(keyOf(each)))
      throw new LogQlError(
        "Several series of one side have the labels that are matched by: name more labels, or group_left or group_right.",
      );
    ones.set(keyOf(each), each);
  }
  const met = new Set<string>();
  return many.flatMap((each): Vector => {
    const key = keyOf(each);
    const other = ones.get(key);
    if (other === undefined) return [];
    if (matching.many === undefined && met.has(key))
      throw new LogQlError("Several series meet one: say group_left or group_right.");
    met.add(key);
    const [a, b] = matching.many === "right" ? [other.value, each.value] : [each.value, other.value];
    const value = calculated(op, a, b);
    const labels = joined(each.labels, other.labels, matching);
    if (isComparison(op) && !bool) return value === 1 ? [{ labels, value: a }] : [];
    return [{ labels, value }];
  });
}

function joined(labels: LabelSet, other: LabelSet, { on, labels: names, many, include }: Matching): LabelSet {
  if (many === undefined) return grouped(labels, { without: !on, labels: names });
  const result = new Map(labels);
  for (const name of include) {
    const value = other.get(name);
    if (value === undefined) result.delete(name);
    else result.set(name, value);
  }
  return result;
}
