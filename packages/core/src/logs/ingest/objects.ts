// Objects of JSON on their way to entries: which of their members say when, what, and of which stream; the rest are fields.
import type { FieldValue, Labels } from "../entry.ts";
import type { Collector, RejectCode } from "./collector.ts";
import { emptyFields, flattenInto, momentOf } from "./values.ts";
import type { Moment } from "./values.ts";

export type Json = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Undefined for what is no JSON. */
export function parsedJson(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

/** How a format calls the parts of an entry, by their names once objects are flattened; the first that is there counts. */
export interface ObjectForm {
  readonly times: readonly string[];
  readonly lines: readonly string[];
  /** Label by the name of the field that becomes it. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Names that mean the same to everybody. */
export const usualLabels: Readonly<Record<string, string>> = {
  service: "service",
  "service.name": "service",
  host: "host",
  hostname: "host",
  "host.name": "host",
};

/** Adds an object as an entry; answers why it was not taken. */
export function addObject(
  collector: Collector,
  object: Json,
  p: { readonly form: ObjectForm; readonly now: Moment; readonly labels?: Labels | undefined },
): RejectCode | undefined {
  const fields = emptyFields();
  flattenInto(fields, "", object);
  const time = taken(fields, p.form.times);
  const line = taken(fields, p.form.lines);
  const labels = takeLabels(fields, p.form.labels, p.labels);
  const moment = time === undefined ? p.now : momentOf(time);
  const stream = collector.stream(labels);
  return collector.add(stream, labels, { ...moment, line: line === undefined ? "" : String(line), fields });
}

/** Takes the first of these fields out. */
export function taken(fields: Record<string, FieldValue>, names: readonly string[]): FieldValue | undefined {
  const name = names.find((each) => fields[each] !== undefined);
  if (name === undefined) return undefined;
  const value = fields[name];
  Reflect.deleteProperty(fields, name);
  return value;
}

/** Labels out of fields, besides those there are. Texts and numbers only; what has a label of its own already stays a field. */
export function takeLabels(
  fields: Record<string, FieldValue>,
  names: Readonly<Record<string, string>>,
  given: Labels = {},
): Labels {
  const labels = Object.assign(Object.create(null) as Record<string, string>, given);
  for (const [name, label] of Object.entries(names)) {
    const value = fields[name];
    if (value === undefined || typeof value === "boolean" || value === "" || labels[label] !== undefined) continue;
    labels[label] = String(value);
    Reflect.deleteProperty(fields, name);
  }
  return labels;
}

const severities = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"] as const;

/** The name of a severity of syslog, from 0 to 7; undefined for what is none. */
export function severityName(value: unknown): string | undefined {
  const number = typeof value === "string" && /^[0-7]$/.test(value) ? Number(value) : value;
  return typeof number === "number" ? severities[number] : undefined;
}
