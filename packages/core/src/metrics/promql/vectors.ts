// Values with labels at one moment: how they are grouped, and how two sides meet. Semantics: Prometheus 2.42, promql/engine.go.
import { nameLabel } from "../sample.ts";
import { isComparison } from "./ast.ts";
import type { Aggregate, Binary, BinaryOp, Grouping } from "./ast.ts";
import { mean, quantileOf, sum, variance } from "./functions.ts";
import { unanswerable } from "./promql-error.ts";

export type LabelSet = ReadonlyMap<string, string>;

export interface Value {
  readonly labels: LabelSet;
  readonly value: number;
}
export type Vector = readonly Value[];

const keys = new WeakMap<LabelSet, string>();

/** The same for the same labels, in whatever order. Empty ones are as good as absent. */
export function labelKey(labels: LabelSet): string {
  const known = keys.get(labels);
  if (known !== undefined) return known;
  const key = JSON.stringify([...labels].filter(([, value]) => value !== "").toSorted(([a], [b]) => (a < b ? -1 : 1)));
  keys.set(labels, key);
  return key;
}

const unnamed = new WeakMap<LabelSet, LabelSet>();

export function withoutName(labels: LabelSet): LabelSet {
  if (!labels.has(nameLabel)) return labels;
  const known = unnamed.get(labels);
  if (known !== undefined) return known;
  const made = new Map(labels);
  made.delete(nameLabel);
  unnamed.set(labels, made);
  return made;
}

/** Throws where two have the same labels. */
export function distinct(vector: Vector): Vector {
  if (vector.length < 2) return vector;
  if (new Set(vector.map(({ labels }) => labelKey(labels))).size < vector.length)
    throw unanswerable("vector cannot contain metrics with the same labelset");
  return vector;
}

function grouped(labels: LabelSet, { without, labels: names }: Grouping): LabelSet {
  if (!without) return new Map(names.flatMap((name) => (labels.has(name) ? [[name, labels.get(name) ?? ""]] : [])));
  return new Map([...labels].filter(([name]) => name !== nameLabel && !names.includes(name)));
}

/** Groups of an aggregation, remembered for as long as the same series come. */
export class Groups {
  readonly #by: Grouping;
  readonly #known = new WeakMap<LabelSet, LabelSet>();

  constructor(by: Grouping) {
    this.#by = by;
  }

  of(vector: Vector): readonly { readonly labels: LabelSet; readonly values: Value[] }[] {
    const groups = new Map<string, { readonly labels: LabelSet; readonly values: Value[] }>();
    for (const each of vector) {
      let labels = this.#known.get(each.labels);
      if (labels === undefined) this.#known.set(each.labels, (labels = grouped(each.labels, this.#by)));
      const key = labelKey(labels);
      const group = groups.get(key);
      if (group === undefined) groups.set(key, { labels, values: [each] });
      else group.values.push(each);
    }
    return [...groups.values()];
  }
}

export function aggregate(
  { op }: Pick<Aggregate, "op">,
  groups: ReturnType<Groups["of"]>,
  parameter: number | string,
): Vector {
  if (op === "count_values") return countValues(groups, String(parameter));
  if (op === "topk" || op === "bottomk") {
    const sign = op === "topk" ? -1 : 1;
    const count = Math.max(0, Math.trunc(Number(parameter)) || 0);
    return groups.flatMap(({ values }) => values.toSorted((a, b) => order(a.value, b.value, sign)).slice(0, count));
  }
  return groups.map(({ labels, values }) => ({
    labels,
    value: of(
      op,
      values.map(({ value }) => value),
      Number(parameter),
    ),
  }));
}

/** What is no number comes last, whatever the order. */
export function order(a: number, b: number, sign: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1;
  return Number.isNaN(b) ? -1 : sign * (a < b ? -1 : a > b ? 1 : 0);
}

function of(op: Aggregate["op"], values: readonly number[], parameter: number): number {
  switch (op) {
    case "sum":
      return sum(values);
    case "avg":
      return mean(values);
    case "min":
      return values.reduce((a, b) => (b < a || Number.isNaN(a) ? b : a));
    case "max":
      return values.reduce((a, b) => (b > a || Number.isNaN(a) ? b : a));
    case "count":
      return values.length;
    case "group":
      return 1;
    case "stddev":
      return Math.sqrt(variance(values));
    case "stdvar":
      return variance(values);
    default:
      return quantileOf(values, parameter);
  }
}

function countValues(groups: ReturnType<Groups["of"]>, label: string): Vector {
  return groups.flatMap(({ labels, values }) => {
    const counts = new Map<string, number>();
    for (const { value } of values) counts.set(valueText(value), (counts.get(valueText(value)) ?? 0) + 1);
    return Array.from(counts, ([text, value]) => ({ labels: new Map([...labels, [label, text]]), value }));
  });
}

/** A number as Prometheus writes it: without an exponent, `+Inf`, `-Inf`, `NaN`. */
export function valueText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  const parts = /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign = "", whole = "", fraction = "", exponent = ""] = parts;
  const shift = Number(exponent);
  const digits = whole + fraction;
  return shift < 0 ? `${sign}0.${"0".repeat(-shift - 1)}${digits}` : sign + digits.padEnd(shift + 1, "0");
}

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
    case "atan2":
      return Math.atan2(a, b);
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

/** A number on one side meets every value of the other. */
export function withNumber(
  { op, bool }: Binary,
  p: { readonly values: Vector; readonly number: number; readonly numberIsLeft: boolean },
): Vector {
  const made = p.values.flatMap(({ labels, value }): Vector => {
    const result = p.numberIsLeft ? calculated(op, p.number, value) : calculated(op, value, p.number);
    if (isComparison(op) && !bool) return result === 1 ? [{ labels, value }] : [];
    return [{ labels: withoutName(labels), value: result }];
  });
  return isComparison(op) && !bool ? made : distinct(made);
}

/** Throws where several meet one and nobody said so. */
export function betweenVectors(binary: Binary, left: Vector, right: Vector): Vector {
  const { op, bool, matching } = binary;
  const keyOf = ({ labels }: Value): string =>
    labelKey(grouped(labels, { without: !matching.on, labels: matching.labels }));
  const keysOf = (values: Vector): ReadonlySet<string> => new Set(values.map(keyOf));
  if (op === "and" || op === "unless") {
    const known = keysOf(right);
    return left.filter((each) => known.has(keyOf(each)) === (op === "and"));
  }
  if (op === "or") {
    const known = keysOf(left);
    return [...left, ...right.filter((each) => !known.has(keyOf(each)))];
  }
  const isRightMany = matching.many === "right";
  const [many, one] = isRightMany ? [right, left] : [left, right];
  const ones = onesOf(one, keyOf);
  const met = new Set<string>();
  return many.flatMap((each): Vector => {
    const key = keyOf(each);
    const other = ones.get(key);
    if (other === undefined) return [];
    const [a, b] = isRightMany ? [other.value, each.value] : [each.value, other.value];
    const result = calculated(op, a, b);
    const keeps = isComparison(op) && !bool;
    if (keeps && result !== 1) return [];
    const labels = joined(keeps ? each.labels : withoutName(each.labels), other.labels, binary);
    const mark = matching.many === undefined ? key : key + labelKey(labels);
    if (met.has(mark)) {
      throw unanswerable(
        matching.many === undefined
          ? "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
          : "multiple matches for labels: grouping labels must ensure unique matches",
      );
    }
    met.add(mark);
    return [{ labels, value: keeps ? a : result }];
  });
}

function onesOf(one: Vector, keyOf: (value: Value) => string): ReadonlyMap<string, Value> {
  const ones = new Map<string, Value>();
  for (const each of one) {
    const key = keyOf(each);
    if (ones.has(key))
      throw unanswerable("found duplicate series for the match group: many-to-many matching not allowed");
    ones.set(key, each);
  }
  return ones;
}

function joined(labels: LabelSet, other: LabelSet, { matching }: Binary): LabelSet {
  const { on, labels: names, many, include } = matching;
  if (many === undefined) {
    if (on) return new Map([...labels].filter(([name]) => names.includes(name)));
    return names.length === 0 ? labels : new Map([...labels].filter(([name]) => !names.includes(name)));
  }
  if (include.length === 0) return labels;
  const result = new Map(labels);
  for (const name of include) {
    const value = other.get(name) ?? "";
    if (value === "") result.delete(name);
    else result.set(name, value);
  }
  return result;
}
