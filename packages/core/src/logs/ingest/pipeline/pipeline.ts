// What entries go through on their way in, before anything is kept: texts taken apart, fields renamed, secrets blacked out, entries
// left out, all of them or a share.
import { RE2JS } from "re2js";
import type { FieldValue, Labels } from "../../entry.ts";
import { levelOf, logLevels } from "../../level.ts";
import type { Row } from "../../query/ast.ts";
import { compileExpression } from "../../query/expression.ts";
import { compileFilter } from "../../query/match.ts";
import { parseQuery } from "../../query/parse.ts";
import type { FoundEntry, Pipeline } from "../collector.ts";
import { isObject, parsedJson } from "../objects.ts";
import { emptyFields, flattenInto } from "../values.ts";

/**
 * One step. `parse`: `json`, `logfmt`, or an expression whose named groups become fields, of the line or of a field. `redact`: an
 * expression; what fits it is replaced, in the line and in texts, or in those named. `drop`: a filter. `sample`: the share that is
 * kept, from 0 to 1; entries that agree in the field `by` are kept or left out together.
 */
export type PipelineStep =
  | { readonly parse: string; readonly from?: string | undefined }
  | { readonly rename: Readonly<Record<string, string>> }
  | { readonly redact: string; readonly with?: string | undefined; readonly in?: readonly string[] | undefined }
  | { readonly drop: string }
  | { readonly sample: number; readonly by?: string | undefined };

export interface PipelineSettings {
  /** Of one tenant only. */
  readonly tenant?: string | undefined;
  /** Of what fits this filter only. */
  readonly when?: string | undefined;
  readonly steps: readonly PipelineStep[];
}

type Step = (labels: Labels, entry: FoundEntry) => FoundEntry | undefined;

const usualMark = "***";
const line = "_line";

/** Throws a `QueryError` or what `RE2JS` throws for filters and expressions that are none. */
export function compilePipelines(settings: readonly PipelineSettings[]): (tenant: string) => Pipeline | undefined {
  const all = settings.map(({ tenant, when, steps }) => ({
    tenant,
    fits: when === undefined ? undefined : fitsOf(when),
    steps: steps.map(stepOf),
  }));
  return (tenant) => {
    const own = all.filter((each) => each.tenant === undefined || each.tenant === tenant);
    if (own.length === 0) return undefined;
    return (labels, found) => {
      let entry: FoundEntry | undefined = found;
      for (const { fits, steps } of own) {
        if (fits?.(labels, entry) === false) continue;
        for (const step of steps) {
          entry = step(labels, entry);
          if (entry === undefined) return undefined;
        }
      }
      return entry;
    };
  };
}

function stepOf(step: PipelineStep): Step {
  if ("parse" in step) return parseStep(step.parse, step.from ?? line);
  if ("rename" in step) return renameStep(step.rename);
  if ("redact" in step) return redactStep(step.redact, step.with ?? usualMark, step.in);
  if ("drop" in step) {
    const fits = fitsOf(step.drop);
    return (labels, entry) => (fits(labels, entry) ? undefined : entry);
  }
  return sampleStep(step.sample, step.by);
}

function fitsOf(text: string): (labels: Labels, entry: FoundEntry) => boolean {
  const { filter, pipes } = parseQuery(text, 0);
  if (pipes.length > 0) throw new TypeError("a pipeline takes filters without pipes");
  const { row } = compileFilter(filter);
  return (labels, entry) => row(new FoundRow(labels, entry));
}

/** An entry that has no place yet, as filters look at it. */
class FoundRow implements Row {
  readonly #labels: Labels;
  readonly #entry: FoundEntry;

  constructor(labels: Labels, entry: FoundEntry) {
    this.#labels = labels;
    this.#entry = entry;
  }

  get(name: string): FieldValue | undefined {
    const [labels, entry] = [this.#labels, this.#entry];
    if (name === line) return entry.line;
    if (name === "level" || name === "_level") return logLevels[levelOf({ labels, ...entry })];
    return valueIn(entry.fields, name) ?? (Object.hasOwn(labels, name) ? labels[name] : undefined);
  }

  names(): readonly string[] {
    return [...Object.keys(this.#labels), ...Object.keys(this.#entry.fields)];
  }

  texts(): readonly FieldValue[] {
    return [this.#entry.line, ...Object.values(this.#entry.fields)];
  }
}

function valueIn(fields: FoundEntry["fields"], name: string): FieldValue | undefined {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

function parseStep(how: string, from: string): Step {
  const read = how === "json" ? jsonIn : how === "logfmt" ? logfmtIn : compileExpression(how).groups;
  return (_labels, entry) => {
    const text = from === line ? entry.line : valueIn(entry.fields, from);
    const found = typeof text === "string" ? read(text) : undefined;
    return found === undefined ? entry : { ...entry, fields: Object.assign(emptyFields(), entry.fields, found) };
  };
}

function jsonIn(text: string): Readonly<Record<string, FieldValue>> | undefined {
  const json = text.trimStart().startsWith("{") ? parsedJson(text)?.json : undefined;
  if (!isObject(json)) return undefined;
  const fields = emptyFields();
  flattenInto(fields, "", json);
  return fields;
}

const pair = /([\w.@/-]+)=(?:"((?:[^"\\]|\\.)*)"|(\S*))/g;

function logfmtIn(text: string): Readonly<Record<string, FieldValue>> {
  const fields = emptyFields();
  for (const [, name = "", quoted, bare = ""] of text.matchAll(pair)) {
    fields[name] = quoted === undefined ? bare : quoted.replace(/\\(.)/g, "$1");
  }
  return fields;
}

function renameStep(names: Readonly<Record<string, string>>): Step {
  return (_labels, entry) => {
    if (!Object.keys(names).some((name) => valueIn(entry.fields, name) !== undefined)) return entry;
    const fields = emptyFields();
    for (const [name, value] of Object.entries(entry.fields)) {
      fields[Object.hasOwn(names, name) ? (names[name] ?? name) : name] = value;
    }
    return { ...entry, fields };
  };
}

function redactStep(pattern: string, mark: string, only: readonly string[] | undefined): Step {
  const expression = RE2JS.compile(pattern);
  const clean = (text: string): string => expression.matcher(text).replaceAll(mark);
  return (_labels, entry) => {
    const fields = Object.assign(emptyFields(), entry.fields);
    for (const name of only ?? Object.keys(fields)) {
      const value = fields[name];
      if (value === undefined || typeof value === "boolean") continue;
      const cleaned = clean(String(value));
      if (cleaned !== String(value)) fields[name] = cleaned;
    }
    return { ...entry, line: only === undefined || only.includes(line) ? clean(entry.line) : entry.line, fields };
  };
}

/** What is sent again fares as it did before: what decides is the entry itself. */
function sampleStep(share: number, by: string | undefined): Step {
  const below = share * 2 ** 32;
  return (labels, entry) => {
    const value = by === undefined ? undefined : new FoundRow(labels, entry).get(by);
    const text = value === undefined ? `${entry.timeMs}.${entry.subNs} ${entry.line}` : String(value);
    return Bun.hash.xxHash32(text) < below ? entry : undefined;
  };
}
