// Reads LogQL: the subset that is answered here. What is not known is named, with its place.
import { QueryError } from "../scanner.ts";
import { aggregations, rangeFunctions } from "./ast.ts";
import type {
  BinaryOp,
  Expression,
  LabelFilter,
  Labelling,
  LogRange,
  Matching,
  Metric,
  RangeFunction,
  Stage,
  Unwrap,
} from "./ast.ts";
import { parseLabelFilter, parseLog, parseSelector, parseStages } from "./parse-log.ts";
import { TokenReader } from "./token-reader.ts";

/** Weakest first; those of one row bind alike. */
const precedence: readonly (readonly BinaryOp[])[] = [
  ["or"],
  ["and", "unless"],
  ["==", "!=", ">", ">=", "<", "<="],
  ["+", "-"],
  ["*", "/", "%"],
  ["^"],
];
const comparisons: ReadonlySet<BinaryOp> = new Set(["==", "!=", ">", ">=", "<", "<="]);
const grouped: ReadonlySet<RangeFunction> = new Set<RangeFunction>([
  "avg_over_time",
  "max_over_time",
  "min_over_time",
  "stddev_over_time",
  "stdvar_over_time",
  "quantile_over_time",
  "first_over_time",
  "last_over_time",
]);
const unwrapped: ReadonlySet<RangeFunction> = new Set([...grouped, "sum_over_time"]);
const operatorsMax = 500;

/** Throws a `QueryError` that says what is wrong, or not known here, and where. */
export function parseLogQl(text: string): Expression {
  const reader = new TokenReader(text);
  const expression = reader.is("{") ? parseLog(reader) : new MetricParser(reader).parse();
  if (reader.peek().kind !== "end") reader.refuse("the end is expected here");
  return expression;
}

class MetricParser {
  readonly #reader: TokenReader;
  #operators = 0;

  constructor(reader: TokenReader) {
    this.#reader = reader;
  }

  parse(): Metric {
    return this.#binary(0);
  }

  #binary(level: number): Metric {
    const ops = precedence[level];
    if (ops === undefined) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const op = ops.find((each) => this.#reader.is(each));
      if (op === undefined) return left;
      const { at } = this.#reader.take();
      if (++this.#operators > operatorsMax)
        throw new QueryError(`an expression has at most ${operatorsMax} operators`, at);
      const bool = this.#reader.is("bool") && comparisons.has(op) && this.#reader.skip("bool");
      const matching = this.#matching();
      // Powers bind from the right.
      const right = op === "^" ? this.#binary(level) : this.#binary(level + 1);
      left = { kind: "binary", op, bool, left, right, matching };
    }
  }

  #matching(): Matching {
    const isOn = this.#reader.skip("on");
    if (!isOn && !this.#reader.skip("ignoring")) return { on: false, labels: [], include: [] };
    const labels = this.#reader.names();
    const many = this.#reader.skip("group_left") ? "left" : this.#reader.skip("group_right") ? "right" : undefined;
    const include = many !== undefined && this.#reader.is("(") ? this.#reader.names() : [];
    return { on: isOn, labels, include, ...(many === undefined ? {} : { many }) };
  }

  #unary(): Metric {
    return this.#reader.nested(() => this.#one());
  }

  #one(): Metric {
    const reader = this.#reader;
    const token = reader.peek();
    if (reader.skip("(")) {
      const inner = this.#binary(0);
      reader.need(")");
      return inner;
    }
    const sign = reader.is("-") || reader.is("+") ? reader.take().text : undefined;
    if (reader.peek().kind === "number") {
      const { value } = reader.take();
      return { kind: "number", value: sign === "-" ? -value : value };
    }
    if (sign !== undefined) reader.refuse("a number is expected here");
    if (reader.is("{"))
      throw new QueryError(
        "lines cannot be counted with: a function such as rate() or count_over_time() goes around them",
        token.at,
      );
    const name = reader.name("a function");
    const aggregation = aggregations.find((each) => each === name);
    if (aggregation !== undefined) return this.#aggregate(aggregation);
    const fn = rangeFunctions.find((each) => each === name);
    if (fn !== undefined) return this.#range(fn);
    if (name === "vector") return this.#vector();
    if (name === "label_replace") return this.#labelReplace();
    const known = [...aggregations, ...rangeFunctions, "vector", "label_replace"].join(", ");
    throw new QueryError(`${name} is not known here; known are ${known}`, token.at);
  }

  #vector(): Metric {
    const reader = this.#reader;
    reader.need("(");
    if (reader.peek().kind !== "number") reader.refuse("a number is expected here");
    const { value } = reader.take();
    reader.need(")");
    return { kind: "vector", value };
  }

  #labelReplace(): Metric {
    const reader = this.#reader;
    reader.need("(");
    const of = this.#binary(0);
    const text = (): string => {
      reader.need(",");
      return reader.text();
    };
    const [to, replacement, from, pattern] = [text(), text(), text(), text()];
    reader.need(")");
    return { kind: "label_replace", of, to, replacement, from, pattern };
  }

  #labelling(): Labelling | undefined {
    const without = this.#reader.is("without");
    if (!without && !this.#reader.is("by")) return undefined;
    this.#reader.take();
    return { without, labels: this.#reader.names() };
  }

  #aggregate(fn: (typeof aggregations)[number]): Metric {
    const reader = this.#reader;
    const before = this.#labelling();
    reader.need("(");
    let parameter: number | undefined;
    if (fn === "topk" || fn === "bottomk") {
      if (reader.peek().kind !== "number") reader.refuse(`${fn} needs a number first`);
      const token = reader.take();
      parameter = token.value;
      if (!(parameter >= 1)) reader.refuse(`${fn} needs a number from 1 on`, token);
      reader.need(",");
    }
    const of = this.#binary(0);
    reader.need(")");
    const by = before ?? this.#labelling();
    return {
      kind: "aggregate",
      fn,
      of,
      ...(parameter === undefined ? {} : { parameter }),
      ...(by === undefined ? {} : { by }),
    };
  }

  #range(fn: (typeof rangeFunctions)[number]): Metric {
    const reader = this.#reader;
    const { at } = reader.peek();
    reader.need("(");
    let parameter: number | undefined;
    if (fn === "quantile_over_time") {
      if (reader.peek().kind !== "number") reader.refuse("quantile_over_time needs a number from 0 to 1 first");
      parameter = reader.take().value;
      reader.need(",");
    }
    const range = this.#logRange();
    reader.need(")");
    const by = grouped.has(fn) ? this.#labelling() : undefined;
    if (unwrapped.has(fn) && range.unwrap === undefined)
      throw new QueryError(`${fn} needs the value of a label: | unwrap LABEL`, at);
    if (!unwrapped.has(fn) && fn !== "rate" && fn !== "absent_over_time" && range.unwrap !== undefined)
      throw new QueryError(`${fn} counts lines and takes no unwrap`, at);
    return {
      kind: "range",
      fn,
      range,
      ...(parameter === undefined ? {} : { parameter }),
      ...(by === undefined ? {} : { by }),
    };
  }

  /** The range stands behind the selector or behind the stages. */
  #logRange(): LogRange {
    const reader = this.#reader;
    const isBracketed = reader.skip("(");
    const matchers = parseSelector(reader);
    let span = this.#span();
    const stages: Stage[] = [...parseStages(reader)];
    const unwrap = this.#unwrap();
    span ??= this.#span();
    if (isBracketed) reader.need(")");
    span ??= this.#span();
    if (span === undefined) return reader.refuse("a range such as [5m] is expected here");
    return { log: { kind: "log", matchers, stages }, ...span, ...(unwrap === undefined ? {} : { unwrap }) };
  }

  #span(): { readonly rangeMs: number; readonly offsetMs: number } | undefined {
    const reader = this.#reader;
    if (!reader.skip("[")) return undefined;
    const token = reader.peek();
    const rangeMs = this.#duration();
    if (!(rangeMs > 0)) reader.refuse("a range is longer than nothing", token);
    reader.need("]");
    if (!reader.skip("offset")) return { rangeMs, offsetMs: 0 };
    const negative = reader.skip("-");
    const offsetMs = this.#duration();
    return { rangeMs, offsetMs: negative ? -offsetMs : offsetMs };
  }

  #duration(): number {
    if (this.#reader.peek().kind !== "duration") this.#reader.refuse("a duration such as 5m is expected here");
    return this.#reader.take().value;
  }

  #unwrap(): Unwrap | undefined {
    const reader = this.#reader;
    if (!reader.is("|") || reader.peek(1).text !== "unwrap") return undefined;
    reader.take();
    reader.take();
    const { at } = reader.peek();
    let label = reader.name("the name of a label");
    let unit: Unwrap["unit"] = "number";
    if (reader.skip("(")) {
      if (label !== "duration" && label !== "duration_seconds" && label !== "bytes")
        throw new QueryError(`unwrap converts with duration, duration_seconds and bytes, not ${label}`, at);
      unit = label === "bytes" ? "bytes" : "duration";
      label = reader.name("the name of a label");
      reader.need(")");
    }
    const after: LabelFilter[] = [];
    while (reader.skip("|")) after.push(parseLabelFilter(reader));
    return { label, unit, after };
  }
}
