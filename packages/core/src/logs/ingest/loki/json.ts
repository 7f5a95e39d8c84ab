// What Loki's shippers push as JSON: streams with their labels, and of each entry nanoseconds as a text, the line, and fields.
// Format: Grafana Loki, "HTTP API", "Ingest logs" (POST /loki/api/v1/push).
import type { FieldValue, Labels } from "../../entry.ts";
import { RefusedRequest } from "../collector.ts";
import type { Collector } from "../collector.ts";
import { isObject } from "../objects.ts";
import { emptyFields, momentOfNanos } from "../values.ts";

function refused(message: string): RefusedRequest {
  return new RefusedRequest("invalid_input", message);
}

/** Throws a `RefusedRequest` for what is no push. Entries that cannot be taken are noted; the others stay. */
export function readLokiJson(collector: Collector, text: string): void {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new RefusedRequest("invalid_json", "The body is not JSON.");
  }
  const streams = isObject(body) ? body["streams"] : undefined;
  if (!Array.isArray(streams)) throw refused("`streams` is not a list.");
  for (const each of streams as unknown[]) {
    if (!isObject(each)) throw refused("A stream is not an object.");
    const labels = labelsIn(each["stream"]);
    const values = each["values"];
    if (!Array.isArray(values)) throw refused("`values` of a stream is not a list.");
    const stream = collector.stream(labels);
    for (const value of values as unknown[]) addValue(collector, { stream, labels }, value);
  }
}

function labelsIn(value: unknown): Labels {
  if (!isObject(value)) throw refused("`stream` is not an object of labels.");
  const labels = Object.create(null) as Record<string, string>;
  for (const [name, each] of Object.entries(value)) {
    if (typeof each !== "string") throw refused(`The label ${JSON.stringify(name.slice(0, 60))} is not a text.`);
    labels[name] = each;
  }
  return labels;
}

function addValue(
  collector: Collector,
  at: { readonly stream: number; readonly labels: Labels },
  value: unknown,
): void {
  const [time, line, more] = Array.isArray(value) ? (value as unknown[]) : [];
  // Loki refuses the request: a number has lost nanoseconds before it came here.
  if (typeof time !== "string" || typeof line !== "string") {
    throw refused(
      'An entry is ["<nanoseconds as a text>", "<line>"], with an object of fields behind it if there are any.',
    );
  }
  collector.add(at.stream, at.labels, { ...momentOfNanos(time), line, fields: fieldsIn(more) });
}

function fieldsIn(more: unknown): Record<string, FieldValue> {
  const fields = emptyFields();
  if (more === undefined || more === null) return fields;
  if (!isObject(more)) throw refused("The fields of an entry are not an object.");
  for (const [name, each] of Object.entries(more)) {
    if (typeof each !== "string") throw refused(`The field ${JSON.stringify(name.slice(0, 60))} is not a text.`);
    fields[name] = each;
  }
  return fields;
}
