// What a query says once it is understood: a filter over entries, a span of time, and pipes that what fits goes through.
import type { FieldValue } from "../entry.ts";

/** How a field is compared. `has`: the value is somewhere in it. `exists`: it is there at all. */
export type Comparison = "has" | "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" | "exists";

export interface LabelMatcher {
  readonly name: string;
  readonly op: "=" | "!=" | "=~" | "!~";
  readonly value: string;
}

export type Filter =
  | { readonly kind: "all" }
  /** A text that stands in the line or in any field, upper and lower case told apart. */
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "field"; readonly name: string; readonly op: Comparison; readonly value: string }
  | { readonly kind: "in"; readonly name: string; readonly values: readonly string[] }
  /** Labels of the stream alone, whatever fields are called. One that is not there is empty; expressions fit the whole value. */
  | { readonly kind: "stream"; readonly matchers: readonly LabelMatcher[] }
  | { readonly kind: "and" | "or"; readonly of: readonly Filter[] }
  | { readonly kind: "not"; readonly of: Filter };

/** A column of `by`, `sort` and their like; `_time` may be cut into buckets. */
export interface Grouping {
  readonly name: string;
  /** Of `_time`, in milliseconds. */
  readonly bucketMs?: number;
}

export interface Stat {
  readonly fn: "count" | "sum" | "avg" | "min" | "max" | "uniq" | "quantile";
  /** Of `quantile`, from 0 to 1. */
  readonly quantile?: number;
  /** Empty for `count()`. */
  readonly field: string;
  readonly as: string;
}

export type Pipe =
  | { readonly kind: "filter"; readonly filter: Filter }
  | { readonly kind: "fields"; readonly names: readonly string[] }
  | { readonly kind: "sort"; readonly by: readonly { readonly name: string; readonly descending: boolean }[] }
  | { readonly kind: "limit"; readonly count: number }
  | { readonly kind: "stats"; readonly stats: readonly Stat[]; readonly by: readonly Grouping[] }
  | { readonly kind: "uniq"; readonly names: readonly string[] }
  /** `newMs`: so long before the latest line patterns are new; undefined: nobody asks. */
  | { readonly kind: "patterns"; readonly from: string; readonly newMs: number | undefined }
  | { readonly kind: "extract"; readonly pattern: string; readonly from: string }
  | { readonly kind: "json" | "logfmt"; readonly from: string };

export interface Query {
  readonly filter: Filter;
  /** From this moment, in milliseconds since 1970, */
  readonly fromMs: number;
  /** to before this one. */
  readonly toMs: number;
  readonly pipes: readonly Pipe[];
}

/** A row on its way through pipes. `_time`, `_line`, `_level` and `_seq` are those of the entry; labels stand behind fields. */
export interface Row {
  get(name: string): FieldValue | undefined;
  names(): readonly string[];
  /** What words of a query are looked for in. */
  texts(): readonly FieldValue[];
}
