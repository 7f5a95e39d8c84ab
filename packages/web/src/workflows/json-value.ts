// JSON values as forms handle them.

export type Json = null | boolean | number | string | JsonList | JsonObject;
export type JsonList = readonly Json[];
export interface JsonObject {
  readonly [name: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isList(value: unknown): value is JsonList {
  return Array.isArray(value);
}

/** Whether two values say the same, whatever the order of names. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (isList(a) && isList(b)) return a.length === b.length && a.every((each, index) => sameJson(each, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameJson(a[name], b[name]))
  );
}

/** The object with this name set, or without it for undefined; other names keep their places. */
export function withName(object: JsonObject, name: string, value: Json | undefined): JsonObject {
  const entries = Object.entries(object).filter(([each]) => each !== name || value !== undefined);
  if (value === undefined) return Object.fromEntries(entries);
  const known = entries.some(([each]) => each === name);
  return Object.fromEntries(
    known ? entries.map(([each, old]) => [each, each === name ? value : old]) : [...entries, [name, value]],
  );
}

/** What a text says as JSON, or where it is wrong. An empty text is no value. */
export function readJson(text: string): { readonly value: Json | undefined } | { readonly error: string } {
  if (text.trim() === "") return { value: undefined };
  try {
    return { value: JSON.parse(text) as Json };
  } catch (error) {
    return { error: placeOf(text, error instanceof Error ? error.message : String(error)) };
  }
}

/** The parser's words, with line and column where it gives a position. */
function placeOf(text: string, message: string): string {
  const found = /at position (\d+)/.exec(message);
  if (found === null || message.includes("line ")) return message;
  const before = text.slice(0, Number(found[1])).split("\n");
  return `${message} (line ${before.length} column ${(before.at(-1)?.length ?? 0) + 1})`;
}

export function writeJson(value: Json | undefined): string {
  return value === undefined ? "" : JSON.stringify(value, undefined, 2);
}

/** A JSON Pointer (RFC 6901) one step further. */
export function pointer(path: string, step: string | number): string {
  return `${path}/${String(step).replaceAll("~", "~0").replaceAll("/", "~1")}`;
}
