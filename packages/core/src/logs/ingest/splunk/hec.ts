// Events as shippers send them to Splunk's HTTP Event Collector: objects of JSON one behind the other, or in a list.
// Format: Splunk, "Format events for HTTP Event Collector".
import type { Labels } from "../../entry.ts";
import type { Collector } from "../collector.ts";
import { addObject, isObject, parsedJson } from "../objects.ts";
import type { Json, ObjectForm } from "../objects.ts";
import { emptyFields, flattenInto, momentOf } from "../values.ts";
import type { Moment } from "../values.ts";

const form: ObjectForm = {
  times: ["timestamp", "@timestamp"],
  lines: ["message", "msg", "line"],
  labels: { service: "service" },
};

/** What is wrong, by Splunk's numbers. Events before the one that is wrong are taken. */
export interface HecProblem {
  readonly text: string;
  readonly code: 5 | 6 | 12 | 13;
  readonly "invalid-event-number"?: number;
}

export function readHec(
  collector: Collector,
  p: { readonly text: string; readonly now: Moment },
): HecProblem | undefined {
  let place = 0;
  for (const text of documentsIn(p.text)) {
    const json = parsedJson(text)?.json;
    for (const each of Array.isArray(json) ? (json as unknown[]) : [json]) {
      const problem = addEvent(collector, each, p.now);
      if (problem !== undefined) return { ...problem, "invalid-event-number": place };
      place++;
    }
  }
  return place === 0 ? { text: "No data", code: 5 } : undefined;
}

function addEvent(collector: Collector, value: unknown, now: Moment): HecProblem | undefined {
  if (!isObject(value)) return { text: "Invalid data format", code: 6 };
  const { event } = value;
  if (event === undefined) return { text: "Event field is required", code: 12 };
  if (event === "" || event === null) return { text: "Event field cannot be blank", code: 13 };
  const labels = labelsIn(value);
  const own = momentOf(typeof value["time"] === "string" ? Number(value["time"]) : value["time"]);
  const moment = Number.isNaN(own.timeMs) ? now : own;
  const more = isObject(value["fields"]) ? value["fields"] : {};
  if (isObject(event)) {
    const code = addObject(collector, { ...more, ...event }, { form, now: moment, labels });
    return code === undefined ? undefined : { text: `Invalid data format (${code})`, code: 6 };
  }
  const fields = emptyFields();
  flattenInto(fields, "", more);
  const line = typeof event === "string" ? event : JSON.stringify(event);
  const code = collector.add(collector.stream(labels), labels, { ...moment, line, fields });
  return code === undefined ? undefined : { text: `Invalid data format (${code})`, code: 6 };
}

function labelsIn(event: Json): Labels {
  const labels = Object.create(null) as Record<string, string>;
  for (const name of ["host", "source", "sourcetype", "index"]) {
    const value = event[name];
    if (typeof value === "string" && value !== "") labels[name] = value;
  }
  return labels;
}

/** Lines of text, each an entry. `about`: host, source and their like, of all of them. */
export function readHecRaw(
  collector: Collector,
  p: { readonly text: string; readonly about: Json; readonly now: Moment },
): HecProblem | undefined {
  const labels = labelsIn(p.about);
  const stream = collector.stream(labels);
  const lines = p.text.split(/\r?\n/).filter((line) => line !== "");
  for (const line of lines) collector.add(stream, labels, { ...p.now, line, fields: {} });
  return lines.length === 0 ? { text: "No data", code: 5 } : undefined;
}

/** The texts of documents that stand one behind the other; what does not end is the last. */
export function* documentsIn(text: string): Generator<string> {
  let [start, depth, quoted] = [-1, 0, false];
  for (let at = 0; at < text.length; at++) {
    const sign = text[at];
    if (quoted) {
      if (sign === "\\") at++;
      else if (sign === '"') quoted = false;
      continue;
    }
    if (start === -1) {
      if (sign === " " || sign === "\n" || sign === "\r" || sign === "\t") continue;
      start = at;
    }
    if (sign === '"') quoted = true;
    else if (sign === "{" || sign === "[") depth++;
    else if ((sign === "}" || sign === "]") && --depth <= 0) {
      yield text.slice(start, at + 1);
      [start, depth] = [-1, 0];
    }
  }
  if (start !== -1) yield text.slice(start);
}
