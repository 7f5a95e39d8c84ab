// Cuts LogQL into tokens, each with its place.
import { QueryError } from "../scanner.ts";

export interface Token {
  readonly kind: "name" | "text" | "number" | "duration" | "bytes" | "sign" | "end";
  readonly text: string;
  /** Of a number; of a duration in milliseconds, of bytes in bytes. */
  readonly value: number;
  /** From 0, in characters. */
  readonly at: number;
}

const durationUnits: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};
/** As dustin/go-humanize reads them: without regard to case, `k` a thousand and `ki` 1,024. */
const byteUnits: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  pb: 1e15,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
  pib: 2 ** 50,
  k: 1e3,
  ki: 2 ** 10,
  mi: 2 ** 20,
  g: 1e9,
  gi: 2 ** 30,
  t: 1e12,
  ti: 2 ** 40,
};

const space = /(?:\s|#[^\n]*)+/y;
const name = /[A-Za-z_][\w]*/y;
const quantity = /(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|\.\d+)((?:[A-Za-zµ]+)?(?:[\d.]+[A-Za-zµ]+)*)/y;
const signs = [
  "|=",
  "|~",
  "|>",
  "!=",
  "!~",
  "!>",
  "=~",
  "==",
  ">=",
  "<=",
  "||",
  "&&",
  ...Array.from("{}()[]|=<>,+-*/%^"),
];

/** Throws a `QueryError` for what is none. */
export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const matched = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(text) ?? undefined;
  };
  for (;;) {
    at += matched(space)?.[0].length ?? 0;
    if (at >= text.length) break;
    const token =
      textAt(text, at) ?? nameOr(matched(name), at) ?? quantityOr(matched(quantity), at) ?? signAt(text, at);
    if (token === undefined)
      throw new QueryError(`${JSON.stringify(text[at])} stands where nothing of LogQL begins with it`, at);
    tokens.push(token.token);
    at += token.length;
  }
  tokens.push({ kind: "end", text: "", value: 0, at: text.length });
  return tokens;
}

interface Found {
  readonly token: Token;
  readonly length: number;
}

function textAt(source: string, at: number): Found | undefined {
  const quote = source[at];
  if (quote === "`") {
    const end = source.indexOf("`", at + 1);
    if (end < 0) throw new QueryError("A text that begins here never ends", at);
    return { token: { kind: "text", text: source.slice(at + 1, end), value: 0, at }, length: end + 1 - at };
  }
  if (quote !== '"') return undefined;
  let end = at + 1;
  while (end < source.length && source[end] !== '"' && source[end] !== "\n") end += source[end] === "\\" ? 2 : 1;
  if (source[end] !== '"') throw new QueryError("A text that begins here never ends", at);
  return {
    token: { kind: "text", text: unescaped(source.slice(at + 1, end), at), value: 0, at },
    length: end + 1 - at,
  };
}

const plainEscapes: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
};

const codePointMax = 0x10ffff;

/** Escapes of Go's texts. */
function unescaped(text: string, at: number): string {
  return text.replaceAll(/\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[0-7]{3}|[\s\S]?)/g, (_, sign: string) => {
    const plain = plainEscapes[sign];
    if (plain !== undefined) return plain;
    const code = /^[xuU]./.test(sign)
      ? Number.parseInt(sign.slice(1), 16)
      : /^[0-7]{3}$/.test(sign)
        ? Number.parseInt(sign, 8)
        : codePointMax + 1;
    // Halves of a pair are no characters.
    if (code <= codePointMax && (code < 0xd800 || code > 0xdfff)) return String.fromCodePoint(code);
    throw new QueryError(`\\${sign} is no escape; a text between backticks needs none`, at);
  });
}

function nameOr(match: RegExpExecArray | undefined, at: number): Found | undefined {
  return match === undefined
    ? undefined
    : { token: { kind: "name", text: match[0], value: 0, at }, length: match[0].length };
}

function quantityOr(match: RegExpExecArray | undefined, at: number): Found | undefined {
  if (match === undefined) return undefined;
  const [text, digits = "", unit = ""] = match;
  const made = (kind: Token["kind"], value: number): Found => ({
    token: { kind, text, value, at },
    length: text.length,
  });
  if (unit === "") return made("number", Number(digits));
  const ms = durationOf(text);
  if (ms !== undefined) return made("duration", ms);
  const bytes = bytesOf(text);
  if (bytes !== undefined) return made("bytes", bytes);
  throw new QueryError(`${text} is no number, duration or size`, at);
}

function signAt(text: string, at: number): Found | undefined {
  const sign = signs.find((each) => text.startsWith(each, at));
  return sign === undefined ? undefined : { token: { kind: "sign", text: sign, value: 0, at }, length: sign.length };
}

/** Milliseconds of `1h30m`, `1.5s`, `-2d`; undefined for what is none. */
export function durationOf(text: string): number | undefined {
  const bare = text.replace(/^[+-]/, "");
  if (bare === "0") return 0;
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h|d|w|y))+$/.test(bare)) return undefined;
  let ms = 0;
  for (const [, digits = "", unit = ""] of bare.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h|d|w|y)/g))
    ms += Number(digits) * (durationUnits[unit] ?? 0);
  return text.startsWith("-") ? -ms : ms;
}

/** Bytes of `12KB`, `1.5 MiB`, `100`; undefined for what is none. */
export function bytesOf(text: string): number | undefined {
  const match = /^\s*(\d[\d,]*(?:\.\d+)?|\.\d+)\s*([A-Za-z]*)$/.exec(text);
  if (match === null) return undefined;
  const unit = (match[2] ?? "").toLowerCase();
  const factor = unit === "" ? 1 : byteUnits[unit];
  return factor === undefined ? undefined : Math.trunc(Number((match[1] ?? "").replaceAll(",", "")) * factor);
}
