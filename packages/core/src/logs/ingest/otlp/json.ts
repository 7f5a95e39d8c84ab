// Logs of OpenTelemetry as JSON: names in lowerCamelCase, ids in hexadecimal, numbers of 64 bits as texts.
// Format: OpenTelemetry, "OTLP/HTTP", "JSON Protobuf Encoding".
import type { Collector } from "../collector.ts";
import { RefusedRequest } from "../collector.ts";
import { isObject, parsedJson } from "../objects.ts";
import type { Json } from "../objects.ts";
import { emptyFields } from "../values.ts";
import type { Moment } from "../values.ts";
import { addRecord, otlpScope } from "./records.ts";

/** Throws a `RefusedRequest` for what is no export. */
export function readOtlpJson(collector: Collector, p: { readonly text: string; readonly now: Moment }): void {
  const document = parsedJson(p.text);
  if (document === undefined) throw new RefusedRequest("invalid_json", "The body is not JSON.");
  if (!isObject(document.json)) throw new RefusedRequest("invalid_input", "The body is no export of logs.");
  for (const resourceLogs of objectsIn(document.json, "resourceLogs")) {
    const resource = isObject(resourceLogs["resource"]) ? attributesIn(resourceLogs["resource"]) : {};
    for (const scopeLogs of objectsIn(resourceLogs, "scopeLogs")) {
      const named: Json = isObject(scopeLogs["scope"]) ? scopeLogs["scope"] : {};
      const scope = otlpScope(collector, resource, { name: textIn(named, "name"), version: textIn(named, "version") });
      for (const record of objectsIn(scopeLogs, "logRecords")) {
        addRecord(collector, scope, {
          time: nanosIn(record, "timeUnixNano"),
          observed: nanosIn(record, "observedTimeUnixNano"),
          severityNumber: severityIn(record["severityNumber"]),
          severityText: textIn(record, "severityText"),
          body: otlpJsonValue(record["body"]),
          attributes: attributesIn(record),
          traceId: textIn(record, "traceId"),
          spanId: textIn(record, "spanId"),
          now: p.now,
        });
      }
    }
  }
}

/** Objects in a list; what is no list of objects is refused, what is absent is empty. */
export function objectsIn(object: Json, name: string): readonly Json[] {
  const list = object[name] ?? [];
  if (Array.isArray(list) && list.every(isObject)) return list;
  throw new RefusedRequest("invalid_input", `\`${name}\` is not a list of objects.`);
}

function textIn(object: Json, name: string): string {
  const value = object[name];
  return typeof value === "string" ? value : "";
}

/** Some senders write numbers all the same, which have lost nanoseconds then. */
export function nanosIn(object: Json, name: string): string {
  const value = object[name];
  if (typeof value === "number" && Number.isFinite(value) && value >= 0) return BigInt(Math.round(value)).toString();
  return typeof value === "string" ? value : "0";
}

/** Values nest: deeper ones than this are refused. */
const depthMax = 50;
const severityNames = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"] as const;

/** A number, or its name as `SEVERITY_NUMBER_WARN2`. */
function severityIn(value: unknown): number {
  if (typeof value === "number") return value;
  const [, name, step] = /^SEVERITY_NUMBER_([A-Z]+)([2-4]?)$/.exec(typeof value === "string" ? value : "") ?? [];
  const at = severityNames.findIndex((each) => each === name);
  return at === -1 ? 0 : at * 4 + Number(step === "" ? 1 : step);
}

/** The `attributes` of something. */
export function attributesIn(object: Json): Record<string, unknown> {
  const found: Record<string, unknown> = emptyFields();
  for (const each of objectsIn(object, "attributes")) found[textIn(each, "key")] = otlpJsonValue(each["value"]);
  return found;
}

/** What an `AnyValue` holds; undefined for one that is empty. */
export function otlpJsonValue(value: unknown, depth = 0): unknown {
  if (!isObject(value)) return undefined;
  if (depth > depthMax) throw new RefusedRequest("invalid_input", "A value nests too deep.");
  const [kind = "", held] = Object.entries(value)[0] ?? [];
  switch (kind) {
    case "intValue":
      return typeof held === "string" ? Number(held) : held;
    case "arrayValue":
      return isObject(held) ? objectsIn(held, "values").map((each) => otlpJsonValue(each, depth + 1)) : [];
    case "kvlistValue":
      return isObject(held)
        ? Object.fromEntries(
            objectsIn(held, "values").map((each) => [textIn(each, "key"), otlpJsonValue(each["value"], depth + 1)]),
          )
        : {};
    default:
      return held;
  }
}
