// What a LogQL expression says once it is read: a log query, or a metric made of some.
import type { LabelMatcher } from "../ast.ts";

export type NumberOp = "==" | "!=" | ">" | ">=" | "<" | "<=";

export type LabelFilter =
  | { readonly kind: "match"; readonly matcher: LabelMatcher }
  /** `value` of `duration` in seconds, of `bytes` in bytes: values of the label are read in the same way. */
  | {
      readonly kind: "number";
      readonly name: string;
      readonly op: NumberOp;
      readonly value: number;
      readonly unit: "number" | "duration" | "bytes";
    }
  | { readonly kind: "and" | "or"; readonly of: readonly LabelFilter[] };

/** A label, and where its value is taken from. */
export interface Extraction {
  readonly label: string;
  readonly path: string;
}

export type Stage =
  | { readonly kind: "line"; readonly op: "|=" | "!=" | "|~" | "!~" | "|>" | "!>"; readonly texts: readonly string[] }
  | { readonly kind: "json"; readonly fields: readonly Extraction[] }
  | {
      readonly kind: "logfmt";
      readonly fields: readonly Extraction[];
      readonly strict: boolean;
      readonly keepEmpty: boolean;
    }
  | { readonly kind: "pattern" | "regexp" | "line_format"; readonly text: string }
  | { readonly kind: "unpack" | "decolorize" }
  | { readonly kind: "label_format"; readonly formats: readonly LabelFormat[] }
  | { readonly kind: "drop" | "keep"; readonly labels: readonly Chosen[] }
  | { readonly kind: "filter"; readonly filter: LabelFilter };

/** A label renamed from another, or made of a template. */
export type LabelFormat =
  | { readonly label: string; readonly from: string }
  | { readonly label: string; readonly template: string };

/** A label by its name, or only where its value fits. */
export interface Chosen {
  readonly name: string;
  readonly matcher?: LabelMatcher;
}

export interface LogQuery {
  readonly kind: "log";
  readonly matchers: readonly LabelMatcher[];
  readonly stages: readonly Stage[];
}

export interface Unwrap {
  readonly label: string;
  readonly unit: "number" | "duration" | "bytes";
  /** What the value has to pass afterwards. */
  readonly after: readonly LabelFilter[];
}

export interface LogRange {
  readonly log: LogQuery;
  readonly rangeMs: number;
  readonly offsetMs: number;
  readonly unwrap?: Unwrap;
}

export interface Labelling {
  readonly without: boolean;
  readonly labels: readonly string[];
}

export const rangeFunctions = [
  "count_over_time",
  "rate",
  "bytes_over_time",
  "bytes_rate",
  "absent_over_time",
  "sum_over_time",
  "avg_over_time",
  "max_over_time",
  "min_over_time",
  "stddev_over_time",
  "stdvar_over_time",
  "quantile_over_time",
  "first_over_time",
  "last_over_time",
] as const;
export type RangeFunction = (typeof rangeFunctions)[number];

export const aggregations = [
  "sum",
  "avg",
  "min",
  "max",
  "count",
  "stddev",
  "stdvar",
  "topk",
  "bottomk",
  "sort",
  "sort_desc",
] as const;
type Aggregation = (typeof aggregations)[number];

export type BinaryOp =
  | "or"
  | "and"
  | "unless"
  | "=="
  | "!="
  | ">"
  | ">="
  | "<"
  | "<="
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "^";

export type Metric =
  | { readonly kind: "number" | "vector"; readonly value: number }
  | {
      readonly kind: "range";
      readonly fn: RangeFunction;
      /** Of `quantile_over_time`, 0 to 1. */
      readonly parameter?: number;
      readonly range: LogRange;
      readonly by?: Labelling;
    }
  | {
      readonly kind: "aggregate";
      readonly fn: Aggregation;
      /** Of `topk` and `bottomk`. */
      readonly parameter?: number;
      readonly of: Metric;
      readonly by?: Labelling;
    }
  | {
      readonly kind: "binary";
      readonly op: BinaryOp;
      /** A comparison answers 0 or 1 rather than leaving out. */
      readonly bool: boolean;
      readonly left: Metric;
      readonly right: Metric;
      readonly matching: Matching;
    }
  | {
      readonly kind: "label_replace";
      readonly of: Metric;
      readonly to: string;
      readonly replacement: string;
      readonly from: string;
      readonly pattern: string;
    };

/** Which labels two sides have to share; all, where none are named. */
export interface Matching {
  readonly on: boolean;
  readonly labels: readonly string[];
  /** The side with several series for one of the other, and labels that are taken over from that one. */
  readonly many?: "left" | "right";
  readonly include: readonly string[];
}

export type Expression = LogQuery | Metric;
