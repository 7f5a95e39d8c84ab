// Reads selectors and the stages behind them.
import { QueryError } from "../scanner.ts";
import type { LabelMatcher } from "../ast.ts";
import { compileExpression } from "../expression.ts";
import { labelTest } from "../match.ts";
import type { Chosen, Extraction, LabelFilter, LabelFormat, LogQuery, NumberOp, Stage } from "./ast.ts";
import { compilePattern } from "./pattern.ts";
import { compileTemplate } from "./template.ts";
import type { TokenReader } from "./token-reader.ts";

const matcherOps = ["=", "!=", "=~", "!~"] as const;
const lineOps = ["|=", "!=", "|~", "!~", "|>", "!>"] as const;
const numberOps = ["==", "=", "!=", ">", ">=", "<", "<="] as const;
const known =
  "json, logfmt, pattern, regexp, unpack, line_format, label_format, drop, keep, decolorize, unwrap and conditions on labels";

export function parseLog(reader: TokenReader): LogQuery {
  return { kind: "log", matchers: parseSelector(reader), stages: parseStages(reader) };
}

export function parseSelector(reader: TokenReader): readonly LabelMatcher[] {
  const { at } = reader.peek();
  reader.need("{");
  const matchers: LabelMatcher[] = [];
  while (!reader.is("}")) {
    matchers.push(parseMatcher(reader, reader.name("the name of a label")));
    if (!reader.skip(",")) break;
  }
  reader.need("}");
  if (matchers.every((each) => labelTest(each)("")))
    throw new QueryError(
      `a selector needs a label whose value is not empty: {app=~".+"} does, {app=~".*"} does not`,
      at,
    );
  return matchers;
}

function parseMatcher(reader: TokenReader, name: string): LabelMatcher {
  const op = oneOf(reader, matcherOps, "=, !=, =~ or !~");
  const { at } = reader.peek();
  const value = reader.text();
  if (op === "=~" || op === "!~") checkExpression(value, at);
  return { name, op, value };
}

/** Stages up to something that is none: a range, `unwrap`, a bracket, the end. */
export function parseStages(reader: TokenReader): readonly Stage[] {
  const stages: Stage[] = [];
  for (;;) {
    const op = lineOps.find((each) => reader.is(each));
    if (op !== undefined) stages.push(parseLineFilter(reader, op));
    else if (reader.is("|") && reader.peek(1).text !== "unwrap") {
      reader.take();
      stages.push(parseStage(reader));
    } else return stages;
  }
}

function parseLineFilter(reader: TokenReader, op: (typeof lineOps)[number]): Stage {
  reader.take();
  const texts: string[] = [];
  do {
    const token = reader.peek();
    if (reader.is("ip"))
      throw new QueryError("ip() is not known here; known are texts, expressions and patterns", token.at);
    const text = reader.text();
    if (op === "|~" || op === "!~") checkExpression(text, token.at);
    if (op === "|>" || op === "!>") checked(token.at, () => compilePattern(text, { captures: false }));
    texts.push(text);
  } while (reader.skip("or"));
  return { kind: "line", op, texts };
}

function parseStage(reader: TokenReader): Stage {
  const { at, text, kind } = reader.peek();
  const isStage = kind === "name" && !isFilterNext(reader);
  if (!isStage) return { kind: "filter", filter: parseLabelFilter(reader) };
  reader.take();
  switch (text) {
    case "json":
      return { kind: "json", fields: parseExtractions(reader) };
    case "logfmt": {
      const flags = parseFlags(reader);
      const fields = parseExtractions(reader);
      return { kind: "logfmt", fields, strict: flags.has("strict"), keepEmpty: flags.has("keep-empty") };
    }
    case "unpack":
    case "decolorize":
      return { kind: text };
    case "pattern":
    case "regexp":
    case "line_format":
      return parseTextStage(reader, text);
    case "label_format":
      return { kind: "label_format", formats: parseFormats(reader) };
    case "drop":
    case "keep":
      return { kind: text, labels: parseChosen(reader) };
    default:
      throw new QueryError(`${text} is no stage that is known here; known are ${known}`, at);
  }
}

function parseTextStage(reader: TokenReader, kind: "pattern" | "regexp" | "line_format"): Stage {
  const { at } = reader.peek();
  const text = reader.text();
  if (kind === "pattern") checked(at, () => compilePattern(text, { captures: true }));
  if (kind === "line_format") checked(at, () => compileTemplate(text));
  if (kind === "regexp") {
    checkExpression(text, at);
    if (!/\(\?P?<\w+>/.test(text)) throw new QueryError("regexp needs at least one named group, as (?P<name>…)", at);
  }
  return { kind, text };
}

/** Whether a name is followed by what makes it a condition. */
function isFilterNext(reader: TokenReader): boolean {
  const { kind, text } = reader.peek(1);
  return (
    kind === "sign" && ([...matcherOps, ...numberOps] as readonly string[]).includes(text) && !isNegatedLine(reader)
  );
}

/** `| json != "x"` is a stage and a filter of lines, not a label called json. */
function isNegatedLine(reader: TokenReader): boolean {
  const [stage, sign] = [reader.peek(), reader.peek(1)];
  return ["json", "logfmt", "unpack", "decolorize"].includes(stage.text) && ["!=", "!~"].includes(sign.text);
}

function parseFlags(reader: TokenReader): ReadonlySet<string> {
  const flags = new Set<string>();
  while (reader.is("-") && reader.peek(1).text === "-") {
    const { at } = reader.take();
    reader.take();
    let flag = reader.name("a flag");
    // What comes behind one dash is the rest of its name, behind two another.
    if (reader.is("-") && reader.peek(1).text !== "-") {
      reader.take();
      flag += `-${reader.name("a flag")}`;
    }
    if (flag !== "strict" && flag !== "keep-empty")
      throw new QueryError(`logfmt knows --strict and --keep-empty, not --${flag}`, at);
    flags.add(flag);
  }
  return flags;
}

function parseExtractions(reader: TokenReader): readonly Extraction[] {
  const fields: Extraction[] = [];
  while (reader.peek().kind === "name") {
    const label = reader.name();
    fields.push({ label, path: reader.skip("=") ? reader.text() : label });
    if (!reader.skip(",")) break;
  }
  return fields;
}

function parseFormats(reader: TokenReader): readonly LabelFormat[] {
  const formats: LabelFormat[] = [];
  do {
    const token = reader.peek();
    const label = reader.name("the name of a label");
    if (formats.some((each) => each.label === label))
      throw new QueryError(`${label} is formatted twice: a label can only be so once in a stage`, token.at);
    reader.need("=");
    const { kind, at } = reader.peek();
    if (kind === "text") {
      const template = reader.text();
      checked(at, () => compileTemplate(template));
      formats.push({ label, template });
    } else formats.push({ label, from: reader.name("a label or a template") });
  } while (reader.skip(","));
  return formats;
}

function parseChosen(reader: TokenReader): readonly Chosen[] {
  const chosen: Chosen[] = [];
  do {
    const name = reader.name("the name of a label");
    const isMatched = matcherOps.some((op) => reader.is(op));
    chosen.push(isMatched ? { name, matcher: parseMatcher(reader, name) } : { name });
  } while (reader.skip(","));
  return chosen;
}

/** Conditions on labels: `and`, `or`, commas and juxtaposition, which is `and` too. */
export function parseLabelFilter(reader: TokenReader): LabelFilter {
  const parts = [parseBoth(reader)];
  while (reader.skip("or")) parts.push(parseBoth(reader));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "or", of: parts };
}

function parseBoth(reader: TokenReader): LabelFilter {
  const parts = [parseOne(reader)];
  while (
    reader.skip("and") ||
    reader.skip(",") ||
    (reader.peek().kind === "name" && !reader.is("or") && isFilterNext(reader))
  )
    parts.push(parseOne(reader));
  return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: "and", of: parts };
}

function parseOne(reader: TokenReader): LabelFilter {
  if (reader.skip("(")) {
    const inner = reader.nested(() => parseLabelFilter(reader));
    reader.need(")");
    return inner;
  }
  const name = reader.name("a condition on a label");
  const value = reader.peek(1);
  if (value.kind === "text") return { kind: "match", matcher: parseMatcher(reader, name) };
  if (value.text === "ip") throw new QueryError("ip() is not known here", value.at);
  const op = oneOf(reader, numberOps, "a comparison");
  const negative = reader.skip("-");
  const { kind, value: number } = reader.peek();
  if (kind !== "number" && kind !== "duration" && kind !== "bytes")
    reader.refuse("a text in quotes, a number, a duration or a size is expected here");
  reader.take();
  const signed = negative ? -number : number;
  return {
    kind: "number",
    name,
    op: (op === "=" ? "==" : op) satisfies NumberOp,
    value: kind === "duration" ? signed / 1_000 : signed,
    unit: kind,
  };
}

function oneOf<T extends string>(reader: TokenReader, ops: readonly T[], what: string): T {
  const op = ops.find((each) => reader.is(each));
  if (op === undefined) return reader.refuse(`${what} is expected here`);
  reader.take();
  return op;
}

function checkExpression(pattern: string, at: number): void {
  checked(at, () => compileExpression(pattern));
}

function checked(at: number, make: () => unknown): void {
  try {
    make();
  } catch (error) {
    throw new QueryError(error instanceof Error ? error.message : String(error), at);
  }
}
