// What a PromQL expression says once it is read.
import type { Matcher } from "./source.ts";

export const aggregations = [
  "sum",
  "avg",
  "min",
  "max",
  "count",
  "group",
  "stddev",
  "stdvar",
  "topk",
  "bottomk",
  "quantile",
  "count_values",
] as const;
export type Aggregation = (typeof aggregations)[number];

type ArithmeticOp = "+" | "-" | "*" | "/" | "%" | "^" | "atan2";
export type ComparisonOp = "==" | "!=" | ">" | "<" | ">=" | "<=";
export type SetOp = "and" | "or" | "unless";
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp;

/** Which labels two sides have to share; all but the name, where none are named. */
export interface Matching {
  readonly on: boolean;
  readonly labels: readonly string[];
  /** The side with several series for one of the other, and labels that are taken over from that one. */
  readonly many?: "left" | "right";
  readonly include: readonly string[];
}

export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

export type ValueType = "scalar" | "vector" | "matrix" | "string";

export interface Selector {
  readonly kind: "selector";
  readonly matchers: readonly Matcher[];
  /** 0: the latest value; otherwise all within so long. */
  readonly rangeMs: number;
  readonly offsetMs: number;
}

export interface Call {
  readonly kind: "call";
  readonly fn: string;
  readonly args: readonly Expression[];
}

export interface Aggregate {
  readonly kind: "aggregate";
  readonly op: Aggregation;
  readonly parameter?: Expression;
  readonly of: Expression;
  readonly by: Grouping;
}

export interface Binary {
  readonly kind: "binary";
  readonly op: BinaryOp;
  /** A comparison answers 0 or 1 rather than leaving out. */
  readonly bool: boolean;
  readonly left: Expression;
  readonly right: Expression;
  readonly matching: Matching;
}

export type Expression =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "negate"; readonly of: Expression }
  | Selector
  | Call
  | Aggregate
  | Binary;

const comparisons: ReadonlySet<string> = new Set<ComparisonOp>(["==", "!=", ">", "<", ">=", "<="]);
const sets: ReadonlySet<string> = new Set<SetOp>(["and", "or", "unless"]);

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return comparisons.has(op);
}

export function isSet(op: BinaryOp): op is SetOp {
  return sets.has(op);
}

/** Every selector in an expression. */
export function selectorsIn(expression: Expression): readonly Selector[] {
  switch (expression.kind) {
    case "selector":
      return [expression];
    case "call":
      return expression.args.flatMap(selectorsIn);
    case "aggregate":
      return [
        ...(expression.parameter === undefined ? [] : selectorsIn(expression.parameter)),
        ...selectorsIn(expression.of),
      ];
    case "binary":
      return [...selectorsIn(expression.left), ...selectorsIn(expression.right)];
    case "negate":
      return selectorsIn(expression.of);
    default:
      return [];
  }
}
