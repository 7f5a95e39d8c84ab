// The piped language: words that have to be there, fields with conditions, then pipes. One text in, one plan out.
import { parseDuration } from "@sluice/protocol";
import type { Comparison, Filter, Pipe, Query } from "./ast.ts";
import { parsePipe } from "./parse-pipe.ts";
import { compileExpression } from "./expression.ts";
import { isQuote, QueryError, Scanner } from "./scanner.ts";

const queryCharsMax = 16_384;
const depthMax = 50;
const pipesMax = 32;
const comparisons: readonly Comparison[] = ["!=", "!~", ">=", "<=", "=", ">", "<", "~"];
const dayMs = 86_400_000;

/** Reads a query. Throws a `QueryError` with the place for what cannot be understood. `nowMs`: what `_time:1h` counts from. */
export function parseQuery(text: string, nowMs: number): Query {
  if (text.length > queryCharsMax)
    throw new QueryError(`A query has at most ${queryCharsMax} characters.`, queryCharsMax);
  const scanner = new Scanner(text);
  const span = { fromMs: -Infinity, toMs: Infinity };
  const filter = new FilterParser(scanner, nowMs, span).whole();
  const pipes: Pipe[] = [];
  while (scanner.take("|")) {
    if (pipes.length >= pipesMax) scanner.fail(`A query has at most ${pipesMax} pipes`);
    pipes.push(...parsePipe(scanner, () => new FilterParser(scanner, nowMs, undefined).whole()));
  }
  if (!scanner.atEnd) scanner.fail("Here should be a word, a condition or a pipe");
  return { filter, ...span, pipes };
}

interface MutableSpan {
  fromMs: number;
  toMs: number;
}

class FilterParser {
  readonly #scanner: Scanner;
  readonly #nowMs: number;
  /** Undefined where a span cannot be given. */
  readonly #span: { fromMs: number; toMs: number } | undefined;
  #depth = 0;

  constructor(scanner: Scanner, nowMs: number, span: MutableSpan | undefined) {
    this.#scanner = scanner;
    this.#nowMs = nowMs;
    this.#span = span;
  }

  /** Up to a pipe or the end; nothing at all is everything. */
  whole(): Filter {
    return this.#atEnd() ? { kind: "all" } : this.#or(true);
  }

  #atEnd(): boolean {
    const next = this.#scanner.peek();
    return next === "" || next === "|" || next === ")";
  }

  #or(isTop: boolean): Filter {
    if (++this.#depth > depthMax) this.#scanner.fail(`Brackets nest deeper than ${depthMax} levels`);
    const of = [this.#and(isTop)];
    while (this.#scanner.takeWord("or")) of.push(this.#and(false));
    this.#depth--;
    return joined("or", of);
  }

  #and(isTop: boolean): Filter {
    const of = [this.#unary(isTop)];
    for (;;) {
      if (this.#scanner.takeWord("and")) of.push(this.#unary(isTop));
      else if (this.#atEnd() || this.#orFollows()) return joined("and", of);
      else of.push(this.#unary(isTop));
    }
  }

  #orFollows(): boolean {
    const { at } = this.#scanner;
    const found = this.#scanner.takeWord("or");
    this.#scanner.at = at;
    return found;
  }

  #unary(isTop: boolean): Filter {
    const scanner = this.#scanner;
    const { at } = scanner;
    if (scanner.takeWord("not") || scanner.take("!") || this.#takeMinus()) {
      if (++this.#depth > depthMax) scanner.fail(`Conditions nest deeper than ${depthMax} levels`);
      const of = this.#unary(false);
      this.#depth--;
      return { kind: "not", of };
    }
    scanner.at = at;
    if (!scanner.take("(")) return this.#term(isTop);
    const inner = this.#or(false);
    scanner.expect(")");
    return inner;
  }

  /** `-word` excludes; a minus by itself is a text. */
  #takeMinus(): boolean {
    const { at } = this.#scanner;
    if (!this.#scanner.take("-")) return false;
    const tight = this.#scanner.at;
    const next = this.#scanner.peek();
    if (this.#scanner.at === tight && /[A-Za-z_@"'`(]/.test(next)) return true;
    this.#scanner.at = at;
    return false;
  }

  #term(isTop: boolean): Filter {
    const scanner = this.#scanner;
    const next = scanner.peek();
    const { at } = scanner;
    const word = isQuote(next) ? scanner.quoted() : scanner.bare(true);
    if (word === "" && !isQuote(next)) scanner.fail("Here should be a word or a condition");
    const behind = scanner.at;
    if (!scanner.take(":") || scanner.at !== behind + 1) {
      scanner.at = behind;
      return word === "*" && !isQuote(next) ? { kind: "all" } : { kind: "text", text: word };
    }
    if (word === "_time") {
      const span = this.#span;
      if (!isTop || span === undefined) {
        scanner.at = at;
        return scanner.fail("_time stands beside the other conditions of the first part, not inside of them");
      }
      this.#takeTime(span);
      return { kind: "all" };
    }
    return this.#condition(word);
  }

  #condition(name: string): Filter {
    const scanner = this.#scanner;
    if (scanner.take("in(")) {
      const values: string[] = [];
      do {
        scanner.skipSpace();
        values.push(scanner.value());
      } while (scanner.take(","));
      scanner.expect(")");
      return { kind: "in", name, values };
    }
    const op = comparisons.find((each) => scanner.take(each));
    if (op === undefined && scanner.take("*")) return { kind: "field", name, op: "exists", value: "" };
    const { at } = scanner;
    const value = scanner.value();
    if (op === "~" || op === "!~") checkExpression(value, at);
    return { kind: "field", name, op: op ?? "has", value };
  }

  /** `_time:1h`, `_time:2026-03-04`, `_time:[from,to)`. */
  #takeTime(span: MutableSpan): void {
    const scanner = this.#scanner;
    const { at } = scanner;
    const bracket = scanner.take("[");
    const value = bracket ? rangeText(scanner) : scanner.value();
    const found = bracket ? this.#range(value, at) : this.#since(value, at);
    span.fromMs = Math.max(span.fromMs, found.fromMs);
    span.toMs = Math.min(span.toMs, found.toMs);
  }

  #since(value: string, at: number): MutableSpan {
    if (/^\d{4}-\d\d-\d\d$/.test(value)) {
      const fromMs = momentIn(value, at);
      return { fromMs, toMs: fromMs + dayMs };
    }
    try {
      return { fromMs: this.#nowMs - parseDuration(value), toMs: Infinity };
    } catch {
      throw new QueryError('A time is a duration such as 1h, a day, or "[from,to)".', at);
    }
  }

  #range(value: string, at: number): MutableSpan {
    const [from = "", to = "", ...more] = value.split(",").map((each) => each.trim());
    if (more.length > 0 || to === "") throw new QueryError("A range has a beginning and an end.", at);
    return { fromMs: momentIn(from, at), toMs: momentIn(to, at) };
  }
}

function rangeText(scanner: Scanner): string {
  let text = "";
  while (!scanner.atEnd && !scanner.take(")") && !scanner.take("]")) {
    text += scanner.take(",") ? "," : scanner.value();
  }
  return text;
}

function momentIn(text: string, at: number): number {
  const ms = /^\d{10,14}$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(ms)) throw new QueryError(`${JSON.stringify(text.slice(0, 40))} is no time.`, at);
  return ms;
}

function checkExpression(text: string, at: number): void {
  try {
    compileExpression(text);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    throw new QueryError(`This is no regular expression (RE2): ${said}`, at);
  }
}

/** Lists of one thing are that thing; what is always true adds nothing to an `and`. */
function joined(kind: "and" | "or", of: readonly Filter[]): Filter {
  const needed = kind === "and" ? of.filter((each) => each.kind !== "all") : of;
  const [first = { kind: "all" } as const] = needed;
  return needed.length <= 1 ? first : { kind, of: needed };
}
