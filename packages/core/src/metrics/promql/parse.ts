// Reads PromQL: the subset that is answered here. What is not known is named, with its place.
import { RE2JS } from "re2js";
import { nameLabel } from "../sample.ts";
import { aggregations, isComparison, isSet } from "./ast.ts";
import type { Aggregation, BinaryOp, Expression, Grouping, Matching, Selector, ValueType } from "./ast.ts";
import { signatures } from "./functions.ts";
import { unreadable } from "./promql-error.ts";
import type { Matcher } from "./source.ts";
import { tokensOf } from "./tokens.ts";
import type { Token } from "./tokens.ts";

/** Weakest first; those of one row bind alike. Powers and signs come behind. */
const precedence: readonly (readonly BinaryOp[])[] = [
  ["or"],
  ["and", "unless"],
  ["==", "!=", ">=", "<=", ">", "<"],
  ["+", "-"],
  ["*", "/", "%", "atan2"],
];
const depthMax = 100;
const operatorsMax = 500;
const matcherOps = ["=", "!=", "=~", "!~"] as const;

/** Throws a `PromQlError` that says what is wrong, or not known here, and where. */
export function parsePromQl(text: string): Expression {
  const parser = new Parser(tokensOf(text));
  const expression = parser.binary(0);
  parser.end();
  return expression;
}

/** A selector alone, as `match[]` has it. */
export function parseSelector(text: string): readonly Matcher[] {
  const expression = parsePromQl(text);
  if (expression.kind !== "selector" || expression.rangeMs !== 0 || expression.offsetMs !== 0)
    throw unreadable(`${text} is no selector of series`, 0);
  return expression.matchers;
}

export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case "number":
      return "scalar";
    case "text":
      return "string";
    case "selector":
      return expression.rangeMs > 0 ? "matrix" : "vector";
    case "call":
      return signatures.get(expression.fn)?.gives ?? "vector";
    case "aggregate":
      return "vector";
    case "negate":
      return typeOf(expression.of);
    default:
      return typeOf(expression.left) === "scalar" && typeOf(expression.right) === "scalar" ? "scalar" : "vector";
  }
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;
  #operators = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  #peek(ahead = 0): Token {
    return (
      this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] ?? { kind: "end", text: "", value: 0, at: 0 }
    );
  }

  #take(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #refuse(message: string, token = this.#peek()): never {
    throw unreadable(message, token.at);
  }

  #isSign(text: string): boolean {
    const token = this.#peek();
    return token.kind === "sign" && token.text === text;
  }

  #isWord(word: string): boolean {
    const token = this.#peek();
    return token.kind === "name" && token.text.toLowerCase() === word;
  }

  #skip(text: string): boolean {
    const is = /^\w/.test(text) ? this.#isWord(text) : this.#isSign(text);
    if (is) this.#at++;
    return is;
  }

  #need(sign: string): void {
    if (!this.#skip(sign)) this.#refuse(`${sign} is expected here`);
  }

  end(): void {
    if (this.#peek().kind !== "end") this.#refuse("the end is expected here");
  }

  binary(level: number): Expression {
    const ops = precedence[level];
    if (ops === undefined) return this.#unary();
    let left = this.binary(level + 1);
    for (;;) {
      const op = ops.find((each) => (/^\w/.test(each) ? this.#isWord(each) : this.#isSign(each)));
      if (op === undefined) return left;
      left = this.#joined(op, left, () => this.binary(level + 1));
    }
  }

  #joined(op: BinaryOp, left: Expression, rest: () => Expression): Expression {
    const token = this.#take();
    if (++this.#operators > operatorsMax) this.#refuse(`an expression has at most ${operatorsMax} operators`, token);
    const bool = isComparison(op) && this.#skip("bool");
    const { matching, given } = this.#matching();
    const right = rest();
    const types = [typeOf(left), typeOf(right)];
    if (types.some((type) => type === "matrix" || type === "string"))
      this.#refuse(`${op} stands between numbers and vectors`, token);
    if (types.includes("scalar")) {
      if (isSet(op)) this.#refuse(`${op} stands between vectors`, token);
      if (given) this.#refuse("labels are matched between vectors only", token);
      if (isComparison(op) && !bool && !types.includes("vector"))
        this.#refuse("comparisons between numbers need bool", token);
    }
    if (isSet(op) && matching.many !== undefined) this.#refuse(`${op} takes no grouping`, token);
    return { kind: "binary", op, bool, left, right, matching };
  }

  #matching(): { readonly matching: Matching; readonly given: boolean } {
    const isOn = this.#skip("on");
    if (!isOn && !this.#skip("ignoring")) return { matching: { on: false, labels: [], include: [] }, given: false };
    const labels = this.#names();
    const many = this.#skip("group_left") ? "left" : this.#skip("group_right") ? "right" : undefined;
    const include = many !== undefined && this.#isSign("(") ? this.#names() : [];
    return { matching: { on: isOn, labels, include, ...(many === undefined ? {} : { many }) }, given: true };
  }

  #names(): readonly string[] {
    this.#need("(");
    const names: string[] = [];
    while (!this.#skip(")")) {
      if (this.#peek().kind !== "name") this.#refuse("the name of a label is expected here");
      names.push(this.#take().text);
      if (!this.#isSign(")")) this.#need(",");
    }
    return names;
  }

  /** A sign binds weaker than a power: `-2^2` is -4. */
  #unary(): Expression {
    if (++this.#depth > depthMax) this.#refuse(`expressions are nested at most ${depthMax} times`);
    try {
      if (this.#skip("+")) return this.#unary();
      const token = this.#peek();
      if (this.#skip("-")) {
        const of = this.#unary();
        if (of.kind === "number") return { kind: "number", value: -of.value };
        if (!["scalar", "vector"].includes(typeOf(of))) this.#refuse("a sign stands before numbers and vectors", token);
        return { kind: "negate", of };
      }
      const base = this.#postfix();
      return this.#isSign("^") ? this.#joined("^", base, () => this.#unary()) : base;
    } finally {
      this.#depth--;
    }
  }

  #postfix(): Expression {
    const start = this.#peek();
    let expression = this.#one();
    if (this.#isSign("[")) {
      if (expression.kind !== "selector" || expression.rangeMs > 0)
        this.#refuse("subqueries are not known here: a range stands behind a selector");
      this.#take();
      const rangeMs = this.#duration();
      if (this.#peek().text.startsWith(":")) this.#refuse("subqueries are not known here");
      if (!(rangeMs > 0)) this.#refuse("a range is longer than nothing", start);
      this.#need("]");
      expression = { ...expression, rangeMs };
    }
    if (this.#isSign("@")) this.#refuse("the modifier @ is not known here");
    if (!this.#isWord("offset")) return expression;
    const token = this.#take();
    if (expression.kind !== "selector") this.#refuse("offset stands behind a selector", token);
    const negative = this.#skip("-");
    const offsetMs = this.#duration();
    if (this.#isSign("@")) this.#refuse("the modifier @ is not known here");
    return { ...expression, offsetMs: negative ? -offsetMs : offsetMs };
  }

  #duration(): number {
    const token = this.#peek();
    if (token.kind !== "duration") this.#refuse("a duration such as 5m is expected here");
    return this.#take().value;
  }

  #one(): Expression {
    const token = this.#peek();
    if (this.#skip("(")) {
      const inner = this.binary(0);
      this.#need(")");
      return inner;
    }
    if (token.kind === "number") return { kind: "number", value: this.#take().value };
    if (token.kind === "text") return { kind: "text", value: this.#take().text };
    if (this.#isSign("{")) return this.#selector(undefined);
    if (token.kind !== "name")
      this.#refuse(token.kind === "end" ? "an expression is expected here" : `${token.text} is not expected here`);
    const word = token.text.toLowerCase();
    const aggregation = aggregations.find((each) => each === word);
    const next = this.#peek(1);
    const isGrouped = next.kind === "name" && /^(?:by|without)$/i.test(next.text);
    if (aggregation !== undefined && (next.text === "(" || isGrouped)) return this.#aggregate(aggregation);
    if (next.kind === "sign" && next.text === "(") return this.#call();
    return this.#selector(this.#take().text);
  }

  #selector(name: string | undefined): Selector {
    const start = this.#peek();
    const matchers: Matcher[] = name === undefined ? [] : [{ name: nameLabel, op: "=", value: name }];
    if (this.#skip("{")) {
      while (!this.#skip("}")) {
        matchers.push(this.#matcher(name !== undefined));
        if (!this.#isSign("}")) this.#need(",");
      }
    }
    const fitsAnything = matchers.every(
      ({ op, value }) =>
        (op === "=" && value === "") ||
        (op === "!=" && value !== "") ||
        (op !== "=" && op !== "!=" && fitsEmpty(op, value)),
    );
    if (fitsAnything) this.#refuse("a selector needs something that fits no empty label", start);
    return { kind: "selector", matchers, rangeMs: 0, offsetMs: 0 };
  }

  #matcher(isNamed: boolean): Matcher {
    const label = this.#peek();
    if (label.kind !== "name") this.#refuse("the name of a label is expected here");
    this.#take();
    const op = matcherOps.find((each) => this.#isSign(each));
    if (op === undefined) return this.#refuse("one of = != =~ !~ is expected here");
    this.#take();
    const value = this.#peek();
    if (value.kind !== "text") this.#refuse("a text in quotes is expected here");
    this.#take();
    if (isNamed && label.text === nameLabel) this.#refuse("the metric has a name already", label);
    if (op === "=~" || op === "!~") {
      try {
        RE2JS.compile(value.text);
      } catch (error) {
        this.#refuse(`the expression cannot be read: ${error instanceof Error ? error.message : String(error)}`, value);
      }
    }
    return { name: label.text, op, value: value.text };
  }

  #grouping(): Grouping | undefined {
    const without = this.#isWord("without");
    if (!without && !this.#isWord("by")) return undefined;
    this.#take();
    return { without, labels: this.#names() };
  }

  #aggregate(op: Aggregation): Expression {
    const token = this.#take();
    const before = this.#grouping();
    this.#need("(");
    const args = this.#list();
    const by = before ?? this.#grouping() ?? { without: false, labels: [] };
    const takes: ValueType | undefined =
      op === "count_values" ? "string" : op === "topk" || op === "bottomk" || op === "quantile" ? "scalar" : undefined;
    const [parameter, of] = takes === undefined ? [undefined, args[0]] : [args[0], args[1]];
    if (of === undefined || args.length !== (takes === undefined ? 1 : 2) || typeOf(of) !== "vector")
      return this.#refuse(`${op} takes ${takes === undefined ? "a vector" : `a ${takes} and a vector`}`, token);
    if (parameter !== undefined && typeOf(parameter) !== takes)
      return this.#refuse(`${op} takes a ${takes ?? ""} first`, token);
    return { kind: "aggregate", op, of, by, ...(parameter === undefined ? {} : { parameter }) };
  }

  #list(): readonly Expression[] {
    const args: Expression[] = [];
    while (!this.#skip(")")) {
      args.push(this.binary(0));
      if (!this.#isSign(")")) this.#need(",");
    }
    return args;
  }

  #call(): Expression {
    const token = this.#take();
    const known = signatures.get(token.text);
    if (known === undefined)
      return this.#refuse(`${token.text} is not known here; known are ${[...signatures.keys()].join(", ")}`, token);
    this.#need("(");
    const args = this.#list();
    const { takes, optional } = known;
    const isFew = args.length < takes.length - Math.abs(optional);
    if (isFew || (optional >= 0 && args.length > takes.length))
      this.#refuse(`${token.text} takes ${takes.length === 0 ? "nothing" : takes.join(", ")}`, token);
    for (const [i, arg] of args.entries()) {
      const wanted = takes[i] ?? takes.at(-1);
      if (typeOf(arg) !== wanted) this.#refuse(`${token.text} takes ${takes.join(", ")}`, token);
    }
    return { kind: "call", fn: token.text, args };
  }
}

function fitsEmpty(op: "=~" | "!~", pattern: string): boolean {
  return RE2JS.compile(`^(?:${pattern})$`).matcher("").find() === (op === "=~");
}
