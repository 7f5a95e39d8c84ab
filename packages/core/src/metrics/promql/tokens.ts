// Cuts PromQL into tokens, each with its place.
import { unreadable } from "./promql-error.ts";

export interface Token {
  readonly kind: "name" | "text" | "number" | "duration" | "sign" | "end";
  readonly text: string;
  /** Of a number; of a duration in milliseconds. */
  readonly value: number;
  /** From 0, in characters. */
  readonly at: number;
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
const signs = /(?:==|!=|=~|!~|>=|<=|[-+*/%^(){}[\],=<>@:])/y;
const space = /(?:\s|#[^\n]*)+/y;
const duration = /(?:\d+(?:ms|[smhdwy]))+(?![\w.])/y;
const number = /(?:0[xX][\da-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[iI][nN][fF]|[nN][aA][nN])(?![\w.:])/y;
const name = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** Throws a `PromQlError` for what is no token. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  // Inside of brackets that follow a selector a colon is a sign, elsewhere a part of names.
  for (;;) {
    at += match(space)?.length ?? 0;
    if (at >= text.length) break;
    const quote = text[at] ?? "";
    if (quote === '"' || quote === "'" || quote === "`") {
      const end = endOfText(text, at);
      tokens.push({ kind: "text", text: unescaped(text.slice(at + 1, end), quote, at), value: 0, at });
      at = end + 1;
      continue;
    }
    const found = tokenAt(match, at);
    if (found === undefined) throw unreadable(`${JSON.stringify(text[at])} is not known here`, at);
    tokens.push(found);
    at += found.text.length;
  }
  tokens.push({ kind: "end", text: "", value: 0, at: text.length });
  return tokens;
}

function tokenAt(match: (pattern: RegExp) => string | undefined, at: number): Token | undefined {
  const long = match(duration);
  if (long !== undefined) return { kind: "duration", text: long, value: durationMs(long), at };
  const digits = match(number);
  if (digits !== undefined) return { kind: "number", text: digits, value: numberOf(digits), at };
  const word = match(name);
  if (word !== undefined && word !== ":") return { kind: "name", text: word, value: 0, at };
  const sign = match(signs);
  return sign === undefined ? undefined : { kind: "sign", text: sign, value: 0, at };
}

/** Of a text such as `1h30m`. */
export function durationMs(text: string): number {
  let ms = 0;
  for (const [, digits = "", unit = ""] of text.matchAll(/(\d+)(ms|[smhdwy])/g))
    ms += Number(digits) * (units[unit] ?? 0);
  return ms;
}

function numberOf(text: string): number {
  if (/^inf$/i.test(text)) return Infinity;
  return /^nan$/i.test(text) ? NaN : Number(text);
}

function endOfText(text: string, from: number): number {
  const quote = text[from] ?? "";
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === quote) return at;
    if (quote === "`") continue;
    if (text[at] === "\n") break;
    if (text[at] === "\\") at++;
  }
  throw unreadable("this text has no end", from);
}

/** As Go reads them. */
function unescaped(inside: string, quote: string, at: number): string {
  if (quote === "`") return inside;
  return inside.replaceAll(
    /\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|[\s\S])/g,
    (whole, code: string) => {
      if (/^[xuU]./.test(code)) return String.fromCodePoint(Math.min(0x10ffff, Number.parseInt(code.slice(1), 16)));
      if (/^[0-7]{3}$/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8));
      const known = escapes[code] ?? (code === "\\" || code === quote ? code : undefined);
      if (known === undefined) throw unreadable(`${whole} is not known in a text`, at);
      return known;
    },
  );
}
