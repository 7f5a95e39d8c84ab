// Metrics of OpenTelemetry as JSON: names in lowerCamelCase, numbers of 64 bits as texts or numbers.
// Format: OpenTelemetry, "OTLP/HTTP", "JSON Protobuf Encoding".
import { addOtlpMetric, resourceLabels } from "./otlp.ts";
import type { OtlpMetric, OtlpPoint } from "./otlp.ts";
import { unreadableBody } from "./readings.ts";
import type { Readings } from "./readings.ts";

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const kinds: readonly (readonly [member: string, kind: OtlpMetric["kind"]])[] = [
  ["gauge", "gauge"],
  ["sum", "sum"],
  ["histogram", "histogram"],
  ["exponentialHistogram", "exponential"],
  ["summary", "summary"],
];

/** Throws `invalid_input` for what is no export. */
export function readOtlpMetricsJson(readings: Readings, text: string): void {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw unreadableBody("The body is not JSON.");
  }
  if (!isObject(body)) throw unreadableBody("The body is no export of metrics.");
  for (const resourceMetrics of objectsIn(body, "resourceMetrics")) {
    const { resource } = resourceMetrics;
    const shared = resourceLabels(isObject(resource) ? attributesIn(resource) : {});
    for (const scope of objectsIn(resourceMetrics, "scopeMetrics"))
      for (const metric of objectsIn(scope, "metrics")) {
        const found = metricOf(metric);
        if (found !== undefined) addOtlpMetric(readings, found, shared);
      }
  }
}

function objectsIn(object: Json, name: string): readonly Json[] {
  const list = object[name] ?? [];
  if (Array.isArray(list) && list.every(isObject)) return list;
  throw unreadableBody(`\`${name}\` is not a list of objects.`);
}

const textIn = (object: Json, name: string): string => (typeof object[name] === "string" ? object[name] : "");

function numberIn(value: unknown): number {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return Number(value);
  const number = typeof value === "string" && value !== "" ? Number(value) : value;
  return typeof number === "number" ? number : 0;
}

function numbersIn(value: unknown): readonly number[] {
  return Array.isArray(value) ? value.map(numberIn) : [];
}

function metricOf(metric: Json): OtlpMetric | undefined {
  const [member, kind] = kinds.find(([name]) => isObject(metric[name])) ?? [];
  const data = member === undefined ? undefined : metric[member];
  if (kind === undefined || !isObject(data)) return undefined;
  const temporality = data["aggregationTemporality"];
  return {
    name: textIn(metric, "name"),
    help: textIn(metric, "description"),
    unit: textIn(metric, "unit"),
    kind,
    isMonotonic: data["isMonotonic"] === true,
    isDelta: temporality === 1 || temporality === "AGGREGATION_TEMPORALITY_DELTA",
    points: objectsIn(data, "dataPoints").map(pointOf),
  };
}

function pointOf(point: Json): OtlpPoint {
  return {
    attributes: attributesIn(point),
    timeMs: Math.floor(numberIn(point["timeUnixNano"]) / 1e6),
    isStale: (numberIn(point["flags"]) & 1) === 1,
    value: numberIn(point["asDouble"] ?? point["asInt"]),
    count: numberIn(point["count"]),
    sum: point["sum"] === undefined ? undefined : numberIn(point["sum"]),
    bucketCounts: numbersIn(point["bucketCounts"]),
    bounds: numbersIn(point["explicitBounds"]),
    quantiles: objectsIn(point, "quantileValues").map((each) => ({
      quantile: numberIn(each["quantile"]),
      value: numberIn(each["value"]),
    })),
  };
}

function attributesIn(object: Json): Readonly<Record<string, string>> {
  return Object.fromEntries(
    objectsIn(object, "attributes").map((each) => [textIn(each, "key"), attributeText(each["value"])]),
  );
}

function attributeText(value: unknown): string {
  if (!isObject(value)) return "";
  const { stringValue, boolValue, intValue, doubleValue } = value;
  const plain = stringValue ?? boolValue ?? intValue ?? doubleValue;
  return plain === undefined || typeof plain === "object" ? "[value]" : JSON.stringify(plain).replaceAll(/^"|"$/g, "");
}
