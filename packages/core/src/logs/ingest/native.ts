// Our own format: entries as JSON, alone, in a list, under `entries` with labels they share, or one a line.
import type { FieldValue, Labels } from "../entry.ts";
import { RefusedRequest } from "./collector.ts";
import type { Collector, RejectCode } from "./collector.ts";
import { emptyFields, flattenInto, momentOf } from "./values.ts";
import type { Moment } from "./values.ts";

const timeNames = ["timestamp", "time", "@timestamp", "ts"] as const;
const lineNames = ["message", "msg", "line", "log"] as const;
/** Fields that make the stream where no labels are given. */
const labelNames = ["service", "host"] as const;

type Json = Readonly<Record<string, unknown>>;

/** Reads `text` into the collector. `json`: one document; `lines`: one entry a line. Throws a `RefusedRequest` for what is neither. */
export function readNative(
  collector: Collector,
  p: { readonly text: string; readonly form: "json" | "lines"; readonly nowMs: number },
): void {
  const now: Moment = { timeMs: p.nowMs, subNs: 0 };
  if (p.form === "lines") {
    for (const line of p.text.split("\n")) {
      if (line.trim() === "") continue;
      const value = parsed(line);
      if (value === undefined) collector.reject("not_an_entry");
      else addEntry(collector, value.json, { shared: {}, now });
    }
    return;
  }
  const document = parsed(p.text);
  if (document === undefined) throw new RefusedRequest("invalid_json", "The body is not JSON.");
  const { json } = document;
  if (Array.isArray(json)) for (const each of json as unknown[]) addEntry(collector, each, { shared: {}, now });
  else if (isObject(json) && Array.isArray(json["entries"])) {
    const shared = labelsIn(json["labels"]);
    for (const each of json["entries"] as unknown[]) addEntry(collector, each, { shared, now });
  } else if (isObject(json)) addEntry(collector, json, { shared: {}, now });
  else
    throw new RefusedRequest(
      "invalid_input",
      "The body holds no entries: send an object, a list of them, or `entries`.",
    );
}

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Labels are texts; numbers and booleans are written as such. */
function labelsIn(value: unknown): Labels {
  if (value === undefined || value === null) return {};
  if (!isObject(value)) throw new RefusedRequest("invalid_input", "`labels` is not an object.");
  const labels = Object.create(null) as Record<string, string>;
  for (const [name, each] of Object.entries(value)) {
    if (typeof each === "object" && each !== null) {
      throw new RefusedRequest("invalid_input", `The label ${JSON.stringify(name.slice(0, 60))} is not a text.`);
    }
    if (each !== null && each !== undefined) labels[name] = typeof each === "string" ? each : JSON.stringify(each);
  }
  return labels;
}

/** One entry of a message that holds nothing else; answers why it was not taken, where it was not. */
export function addNative(collector: Collector, value: unknown, nowMs: number): RejectCode | undefined {
  return addEntry(collector, value, { shared: {}, now: { timeMs: nowMs, subNs: 0 } });
}

/** Entries that share labels, as a message has them under `entries`. `extra`: fields that each of them gets besides. */
export function readNativeList(
  collector: Collector,
  p: {
    readonly entries: readonly unknown[];
    readonly labels: unknown;
    readonly nowMs: number;
    readonly extra: Readonly<Record<string, FieldValue>>;
  },
): undefined {
  const shared = labelsIn(p.labels);
  const now: Moment = { timeMs: p.nowMs, subNs: 0 };
  for (const each of p.entries) {
    const whole = isObject(each)
      ? { ...each, ...p.extra }
      : typeof each === "string"
        ? { message: each, ...p.extra }
        : each;
    addEntry(collector, whole, { shared, now });
  }
  return undefined;
}

function addEntry(
  collector: Collector,
  value: unknown,
  { shared, now }: { readonly shared: Labels; readonly now: Moment },
): RejectCode | undefined {
  if (typeof value === "string") {
    return collector.add(collector.stream(shared), shared, { ...now, line: value, fields: {} });
  }
  if (!isObject(value)) return collector.reject("not_an_entry");
  const timeName = timeNames.find((name) => value[name] !== undefined && value[name] !== null);
  const lineName = lineNames.find((name) => typeof value[name] === "string");
  const own = isObject(value["labels"]) ? labelsIn(value["labels"]) : {};
  const fields = emptyFields();
  for (const [name, each] of Object.entries(value)) {
    if (name === timeName || name === lineName) continue;
    if (name === "labels" && isObject(each)) continue;
    flattenInto(fields, name === "fields" && isObject(each) ? "" : name, each);
  }
  const labels = { ...shared, ...own };
  if (Object.keys(labels).length === 0) takeLabels(labels, fields);
  const moment = timeName === undefined ? now : momentOf(value[timeName]);
  const line = lineName === undefined ? "" : (value[lineName] as string);
  return collector.add(collector.stream(labels), labels, { ...moment, line, fields });
}

function takeLabels(labels: Record<string, string>, fields: Record<string, FieldValue>): void {
  for (const name of labelNames) {
    const value = fields[name];
    if (typeof value !== "string") continue;
    labels[name] = value;
    Reflect.deleteProperty(fields, name);
  }
}
