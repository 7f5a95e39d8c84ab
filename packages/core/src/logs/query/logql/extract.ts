// Labels out of lines: JSON and logfmt as Loki reads them. Values keep the text they have in the line.
import type { Extraction } from "./ast.ts";
import { labelName } from "./entry.ts";
import type { StagedEntry } from "./entry.ts";

/** A number or a boolean as it stands in the text. */
class Literal {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}
type Json = string | Literal | null | readonly Json[] | { readonly [name: string]: Json };

/** Numbers keep their digits: `1.0` and what is longer than a double can say. */
function parseJson(text: string): Json | undefined {
  try {
    const keepDigits = (_name: string, value: unknown, context?: { readonly source?: string }): unknown => {
      if (typeof value === "number") return new Literal(context?.source ?? String(value));
      return typeof value === "boolean" ? new Literal(String(value)) : value;
    };
    return JSON.parse(text, keepDigits) as Json;
  } catch {
    return undefined;
  }
}

const isObject = (value: Json | undefined): value is Readonly<Record<string, Json>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Literal);

export function extractJson(fields: readonly Extraction[]): (entry: StagedEntry) => boolean {
  const paths = fields.map(({ label, path }) => ({ label, path: pathOf(path) }));
  return (entry) => {
    if (entry.line === "" && fields.length === 0) return true;
    const value = parseJson(entry.line);
    if (!isObject(value)) {
      if (fields.length > 0) for (const { label } of fields) entry.extract(label, "");
      entry.fail("JSONParserErr", "the line is no JSON object");
      return true;
    }
    if (fields.length === 0) flatten(entry, "", value);
    else for (const { label, path } of paths) entry.extract(label, shown(at(value, path)));
    return true;
  };
}

function flatten(entry: StagedEntry, prefix: string, value: Readonly<Record<string, Json>>): void {
  for (const [name, inner] of Object.entries(value)) {
    const path = prefix === "" ? labelName(name) : `${prefix}_${name.replaceAll(/[^A-Za-z0-9_]/g, "_")}`;
    if (typeof inner === "string" || inner instanceof Literal) entry.extract(path, shown(inner));
    // Lists and nothing are left out.
    else if (isObject(inner)) flatten(entry, path, inner);
  }
}

/** `a.b[0]["c d"]` as its steps. */
function pathOf(path: string): readonly (string | number)[] {
  const steps: (string | number)[] = [];
  for (const [, name, index, quoted] of path.matchAll(/([^.[\]"]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]/g))
    steps.push(index === undefined ? (quoted ?? name ?? "") : Number(index));
  return steps;
}

function at(value: Json, path: readonly (string | number)[]): Json | undefined {
  let found: Json | undefined = value;
  for (const step of path) {
    if (Array.isArray(found) && typeof step === "number") found = (found as readonly Json[])[step];
    else if (isObject(found) && Object.hasOwn(found, String(step))) found = found[String(step)];
    else return undefined;
  }
  return found;
}

function shown(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : written(value);
}

/** As JSON, with the digits that were there. */
function written(value: Json): string {
  if (value instanceof Literal) return value.text;
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(written).join(",")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([name, inner]) => `${JSON.stringify(name)}:${written(inner)}`)
    .join(",")}}`;
}

/** A line that was packed: its labels, and the line that it was. */
export function unpackJson(entry: StagedEntry): boolean {
  if (entry.line === "") return true;
  const value = parseJson(entry.line);
  if (!isObject(value)) {
    entry.fail("JSONParserErr", "the line is no JSON object");
    return true;
  }
  const { _entry: line, ...labels } = value;
  for (const [name, inner] of Object.entries(labels))
    if (typeof inner === "string") entry.extract(labelName(name), inner);
  if (typeof line === "string") entry.line = line;
  return true;
}

const pair = /([^\s="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*)))?/y;

export function extractLogfmt(p: {
  readonly fields: readonly Extraction[];
  readonly strict: boolean;
  readonly keepEmpty: boolean;
}): (entry: StagedEntry) => boolean {
  const wanted = new Map<string, string[]>();
  for (const { label, path } of p.fields) wanted.set(path, [...(wanted.get(path) ?? []), label]);
  return (entry) => {
    const { pairs, fault } = pairsOf(entry.line);
    if (fault !== undefined && p.strict) {
      entry.fail("LogfmtParserErr", fault);
      return true;
    }
    for (const { label } of p.fields) entry.extract(label, "");
    for (const [name, value] of pairs) {
      if (wanted.size > 0) for (const label of wanted.get(name) ?? []) entry.extract(label, value);
      else if (value !== "" || p.keepEmpty) entry.extract(labelName(name), value);
    }
    return true;
  };
}

function pairsOf(line: string): {
  readonly pairs: readonly (readonly [string, string])[];
  readonly fault: string | undefined;
} {
  const pairs: [string, string][] = [];
  let fault: string | undefined;
  let from = 0;
  while (from < line.length) {
    if (/\s/.test(line[from] ?? "")) {
      from++;
      continue;
    }
    pair.lastIndex = from;
    const match = pair.exec(line);
    if (match === null) {
      fault ??= `nothing is named at character ${from + 1}`;
      // What cannot be read ends at the next space.
      const space = line.slice(from).search(/\s/);
      if (space < 0) break;
      from += space;
      continue;
    }
    const [all, name = "", quoted, bare] = match;
    from += all.length;
    pairs.push([name, quoted === undefined ? (bare ?? "") : unquoted(quoted)]);
  }
  return { pairs, fault };
}

function unquoted(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
