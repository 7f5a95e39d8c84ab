// Records of OpenTelemetry as entries, in whichever form they came.
// Format: opentelemetry-proto, logs/v1/logs.proto; names of attributes: OpenTelemetry, "Semantic conventions".
import type { FieldValue, Labels } from "../../entry.ts";
import { levelNumber } from "../../level.ts";
import type { Collector } from "../collector.ts";
import { isObject, takeLabels, taken } from "../objects.ts";
import { emptyFields, flattenInto, momentOfNanos } from "../values.ts";
import type { Moment } from "../values.ts";

/** What all records of a scope share. */
export interface OtlpScope {
  readonly stream: number;
  readonly labels: Labels;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

export interface OtlpRecord {
  /** Nanoseconds since 1970 as a text of digits; `0` where there are none. */
  readonly time: string;
  readonly observed: string;
  readonly severityNumber: number;
  readonly severityText: string;
  readonly body: unknown;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** In hexadecimal; empty where there is none. */
  readonly traceId: string;
  readonly spanId: string;
}

/** Attributes of a resource that a stream is known by. */
const resourceLabels: Readonly<Record<string, string>> = {
  "service.name": "service",
  "service.namespace": "service_namespace",
  "host.name": "host",
  "deployment.environment.name": "environment",
  "deployment.environment": "environment",
  "k8s.namespace.name": "namespace",
  "k8s.container.name": "container",
};
const lineNames = ["message", "msg"] as const;
/** Levels by number, four of each: TRACE from 1, FATAL from 21. */
const severities = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** Throws a `RefusedRequest` for a resource that no stream can be made of. */
export function otlpScope(
  collector: Collector,
  resource: Readonly<Record<string, unknown>>,
  scope: { readonly name: string; readonly version: string },
): OtlpScope {
  const fields = emptyFields();
  flattenInto(fields, "", resource);
  const labels = takeLabels(fields, resourceLabels);
  if (scope.name !== "") fields["scope.name"] = scope.name;
  if (scope.version !== "") fields["scope.version"] = scope.version;
  return { stream: collector.stream(labels), labels, fields };
}

/** `now`: when it came, for those that say no time. */
export function addRecord(collector: Collector, scope: OtlpScope, record: OtlpRecord & { readonly now: Moment }): void {
  const fields = Object.assign(emptyFields(), scope.fields);
  flattenInto(fields, "", record.attributes);
  let line = typeof record.body === "string" ? record.body : "";
  if (isObject(record.body)) {
    flattenInto(fields, "", record.body);
    line = String(taken(fields, lineNames) ?? "");
  } else if (line === "" && record.body !== undefined && record.body !== null) line = JSON.stringify(record.body);
  const severity = severities[Math.floor((record.severityNumber - 1) / 4)];
  if (record.severityText !== "") fields["severity_text"] = record.severityText;
  if (severity !== undefined && levelNumber(record.severityText) === 0) fields["severity"] = severity;
  if (record.traceId !== "") fields["trace_id"] = record.traceId;
  if (record.spanId !== "") fields["span_id"] = record.spanId;
  const time = [record.time, record.observed].find((each) => each !== "0" && each !== "");
  const moment = time === undefined ? record.now : momentOfNanos(time);
  collector.add(scope.stream, scope.labels, { ...moment, line, fields });
}
