// The part of Go's templates that `line_format` and `label_format` are used with: fields, texts, numbers, pipes and plain functions.
// No control structures: what is not known is named when the query is read.

interface TemplateWorld {
  readonly label: (name: string) => string;
  readonly line: string;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
}
export type Template = (world: TemplateWorld) => string;

type Value = (world: TemplateWorld) => string;
type Fn = (args: readonly string[]) => string;

const whole = (text: string | undefined): number => Math.trunc(Number(text ?? 0));
const titled = (text: string): string =>
  text.replaceAll(/(^|\s)(\S)/g, (_, before: string, sign: string) => before + sign.toUpperCase());

/** Arguments as Go has them: what is piped in comes last. */
const functions: Readonly<Record<string, readonly [count: number, fn: Fn]>> = {
  ToLower: [1, ([s = ""]) => s.toLowerCase()],
  lower: [1, ([s = ""]) => s.toLowerCase()],
  ToUpper: [1, ([s = ""]) => s.toUpperCase()],
  upper: [1, ([s = ""]) => s.toUpperCase()],
  title: [1, ([s = ""]) => titled(s)],
  Trim: [2, ([s = "", cut = ""]) => trimmed(s, cut)],
  trim: [1, ([s = ""]) => s.trim()],
  trimAll: [2, ([cut = "", s = ""]) => trimmed(s, cut)],
  TrimSpace: [1, ([s = ""]) => s.trim()],
  TrimPrefix: [2, ([s = "", prefix = ""]) => (s.startsWith(prefix) ? s.slice(prefix.length) : s)],
  trimPrefix: [2, ([prefix = "", s = ""]) => (s.startsWith(prefix) ? s.slice(prefix.length) : s)],
  TrimSuffix: [2, ([s = "", suffix = ""]) => (suffix !== "" && s.endsWith(suffix) ? s.slice(0, -suffix.length) : s)],
  trimSuffix: [2, ([suffix = "", s = ""]) => (suffix !== "" && s.endsWith(suffix) ? s.slice(0, -suffix.length) : s)],
  Replace: [4, ([s = "", from = "", to = "", n]) => replaced(s, { from, to, count: whole(n) })],
  replace: [3, ([from = "", to = "", s = ""]) => replaced(s, { from, to, count: -1 })],
  default: [2, ([other = "", s = ""]) => (s === "" ? other : s)],
  trunc: [2, ([n, s = ""]) => (whole(n) < 0 ? s.slice(whole(n)) : s.slice(0, whole(n)))],
  substr: [
    3,
    ([from, to, s = ""]) =>
      whole(to) < 0 ? s.slice(Math.max(0, whole(from))) : s.slice(Math.max(0, whole(from)), whole(to)),
  ],
  printf: [-1, ([format = "", ...args]) => formatted(format, args)],
  print: [-1, (args) => args.join("")],
};

function trimmed(text: string, cut: string): string {
  const signs = new Set(cut);
  const list = Array.from(text);
  let [from, to] = [0, list.length];
  while (from < to && signs.has(list[from] ?? "")) from++;
  while (to > from && signs.has(list[to - 1] ?? "")) to--;
  return list.slice(from, to).join("");
}

function replaced(text: string, p: { readonly from: string; readonly to: string; readonly count: number }): string {
  if (p.count < 0) return text.replaceAll(p.from, () => p.to);
  let result = text;
  let at = 0;
  for (let left = p.count; left > 0; left--) {
    const found = result.indexOf(p.from, at);
    if (found < 0) break;
    result = result.slice(0, found) + p.to + result.slice(found + p.from.length);
    at = found + p.to.length;
  }
  return result;
}

function formatted(format: string, args: readonly string[]): string {
  let next = 0;
  return format.replaceAll(/%(-?)(0?)(\d*)([sdvq%])/g, (directive) => {
    const [, left, zero, width, kind] = /^%(-?)(0?)(\d*)(.)$/.exec(directive) ?? [];
    if (kind === "%") return "%";
    const value = args[next++] ?? "";
    const text = kind === "q" ? JSON.stringify(value) : value;
    if (left === "-") return text.padEnd(Number(width));
    return text.padStart(Number(width), zero === "0" ? "0" : " ");
  });
}

/** Throws an `Error` that names what is not known. */
export function compileTemplate(text: string): Template {
  const parts: Value[] = [];
  let at = 0;
  for (;;) {
    const open = text.indexOf("{{", at);
    const plain = text.slice(at, open < 0 ? undefined : open);
    if (plain !== "") parts.push(() => plain);
    if (open < 0) break;
    const close = text.indexOf("}}", open);
    if (close < 0) throw new Error("{{ is never closed by }}");
    parts.push(compilePipeline(text.slice(open + 2, close).trim()));
    at = close + 2;
  }
  return (world) => parts.map((part) => part(world)).join("");
}

const word = /\s*(?:(\|)|(\()|(\))|"((?:[^"\\]|\\.)*)"|`([^`]*)`|(-?\d+(?:\.\d+)?)|\.([A-Za-z_]\w*)|([A-Za-z_]\w*))/y;

type Word =
  | { readonly kind: "pipe" | "open" | "close"; readonly text: string }
  | { readonly kind: "value"; readonly text: string }
  | { readonly kind: "field" | "name"; readonly text: string };

function wordsOf(text: string): readonly Word[] {
  const words: Word[] = [];
  let at = 0;
  while (text.slice(at).trim() !== "") {
    word.lastIndex = at;
    const match = word.exec(text);
    if (match === null) throw new Error(`${JSON.stringify(text.slice(at).trim())} is not known in a template`);
    const [all, pipe, open, close, quoted, raw, number, field, name] = match;
    at += all.length;
    if (pipe !== undefined) words.push({ kind: "pipe", text: pipe });
    else if (open !== undefined) words.push({ kind: "open", text: open });
    else if (close !== undefined) words.push({ kind: "close", text: close });
    else if (field !== undefined) words.push({ kind: "field", text: field });
    else if (name !== undefined) words.push({ kind: "name", text: name });
    else words.push({ kind: "value", text: raw ?? number ?? (JSON.parse(`"${quoted ?? ""}"`) as string) });
  }
  return words;
}

function compilePipeline(text: string): Value {
  if (text === "") throw new Error("{{ }} is empty");
  const words = [...wordsOf(text)];
  const value = pipelineOf(words);
  if (words.length > 0) throw new Error(`${words[0]?.text} stands where nothing is expected`);
  return value;
}

function pipelineOf(words: Word[]): Value {
  let value = commandOf(words, undefined);
  while (words[0]?.kind === "pipe") {
    words.shift();
    value = commandOf(words, value);
  }
  return value;
}

/** A value, or a function and its arguments; `piped` comes last among them. */
function commandOf(words: Word[], piped: Value | undefined): Value {
  const first = words[0];
  if (first?.kind !== "name" || first.text === "__line__" || first.text === "__timestamp__") {
    if (piped !== undefined) throw new Error("a function is expected behind |");
    return argumentOf(words);
  }
  words.shift();
  const found = functions[first.text];
  if (found === undefined)
    throw new Error(`the function ${first.text} is not known here; known are ${Object.keys(functions).join(", ")}`);
  const args: Value[] = [];
  while (words.length > 0 && words[0]?.kind !== "pipe" && words[0]?.kind !== "close") args.push(argumentOf(words));
  if (piped !== undefined) args.push(piped);
  const [count, fn] = found;
  if (count >= 0 && args.length !== count) throw new Error(`${first.text} takes ${count} values, not ${args.length}`);
  return (world) => fn(args.map((arg) => arg(world)));
}

function argumentOf(words: Word[]): Value {
  const next = words.shift();
  switch (next?.kind) {
    case "value":
      return () => next.text;
    case "field":
      return (world) => world.label(next.text);
    case "name":
      if (next.text === "__line__") return (world) => world.line;
      if (next.text === "__timestamp__") return (world) => new Date(world.timeMs).toISOString();
      throw new Error(`${next.text} needs brackets to be a value`);
    case "open": {
      const inner = pipelineOf(words);
      if (words.shift()?.kind !== "close") throw new Error("( is never closed");
      return inner;
    }
    default:
      throw new Error("a value is expected in the template");
  }
}
