// Metrics of OpenTelemetry as protobuf. Format: opentelemetry-proto, metrics/v1/metrics.proto, common/v1/common.proto.
import {
  bytesOf,
  doubleOf,
  eachField,
  fixedOf,
  numberOf,
  packedDoublesOf,
  packedFixedOf,
  signedOf,
  textOf,
} from "../../kernel/protobuf.ts";
import { addOtlpMetric, resourceLabels } from "./otlp.ts";
import type { OtlpMetric, OtlpPoint } from "./otlp.ts";
import { unreadableBody } from "./readings.ts";
import type { Readings } from "./readings.ts";

/** Throws `invalid_input` for bytes that are no export. */
export function readOtlpMetricsProtobuf(readings: Readings, bytes: Uint8Array): void {
  try {
    eachField(bytes, (field, value) => {
      if (field === 1) readResource(readings, bytesOf(value));
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw unreadableBody(`The body is no export of metrics: ${error.message}.`);
  }
}

function readResource(readings: Readings, bytes: Uint8Array): void {
  let shared: Readonly<Record<string, string>> = {};
  const metrics: Uint8Array[] = [];
  eachField(bytes, (field, value) => {
    if (field === 1) {
      const attributes: [string, string][] = [];
      eachField(bytesOf(value), (part, held) => {
        if (part === 1) attributes.push(attributeOf(bytesOf(held)));
      });
      shared = resourceLabels(Object.fromEntries(attributes));
    } else if (field === 2) {
      eachField(bytesOf(value), (part, held) => {
        if (part === 2) metrics.push(bytesOf(held));
      });
    }
  });
  for (const metric of metrics) addOtlpMetric(readings, metricOf(metric), shared);
}

const kinds: Readonly<Record<number, OtlpMetric["kind"]>> = {
  5: "gauge",
  7: "sum",
  9: "histogram",
  10: "exponential",
  11: "summary",
};

function metricOf(bytes: Uint8Array): OtlpMetric {
  let [name, help, unit] = ["", "", ""];
  let kind: OtlpMetric["kind"] = "gauge";
  let [isMonotonic, isDelta] = [false, false];
  const points: OtlpPoint[] = [];
  eachField(bytes, (field, value) => {
    if (field === 1) name = textOf(value);
    else if (field === 2) help = textOf(value);
    else if (field === 3) unit = textOf(value);
    const found = kinds[field];
    if (found === undefined) return;
    kind = found;
    eachField(bytesOf(value), (part, held) => {
      if (part === 1) points.push(pointOf(found, bytesOf(held)));
      else if (part === 2) isDelta = numberOf(held) === 1;
      else if (part === 3) isMonotonic = numberOf(held) === 1;
    });
  });
  return { name, help, unit, kind, isMonotonic, isDelta, points };
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Numbers and histograms number their fields differently. */
function pointOf(kind: OtlpMetric["kind"], bytes: Uint8Array): OtlpPoint {
  const attributes: [string, string][] = [];
  const quantiles: { quantile: number; value: number }[] = [];
  const point: Writable<Omit<OtlpPoint, "attributes" | "quantiles">> = {
    timeMs: 0,
    isStale: false,
    value: 0,
    count: 0,
    sum: undefined,
    bucketCounts: [],
    bounds: [],
  };
  const isNumber = kind === "gauge" || kind === "sum";
  const [attributesAt, flagsAt] = isNumber ? [7, 8] : kind === "histogram" ? [9, 10] : [7, 8];
  eachField(bytes, (field, value) => {
    if (field === attributesAt) attributes.push(attributeOf(bytesOf(value)));
    else if (field === flagsAt) point.isStale = (numberOf(value) & 1) === 1;
    else if (field === 3) point.timeMs = Math.floor(Number(fixedOf(value)) / 1e6);
    else if (isNumber && field === 4) point.value = doubleOf(value);
    else if (isNumber && field === 6) point.value = signedOf(value);
    else if (!isNumber && field === 4) point.count = Number(fixedOf(value));
    else if (!isNumber && field === 5) point.sum = doubleOf(value);
    else if (kind === "histogram" && field === 6) point.bucketCounts = packedFixedOf(value);
    else if (kind === "histogram" && field === 7) point.bounds = packedDoublesOf(value);
    else if (kind === "summary" && field === 6) quantiles.push(quantileOf(bytesOf(value)));
  });
  return { ...point, attributes: Object.fromEntries(attributes), quantiles };
}

function quantileOf(bytes: Uint8Array): { quantile: number; value: number } {
  const found = { quantile: 0, value: 0 };
  eachField(bytes, (field, value) => {
    if (field === 1) found.quantile = doubleOf(value);
    else if (field === 2) found.value = doubleOf(value);
  });
  return found;
}

/** What is no text, number or truth is shown by its kind. */
function attributeOf(bytes: Uint8Array): [string, string] {
  let [key, text] = ["", ""];
  eachField(bytes, (field, value) => {
    if (field === 1) key = textOf(value);
    else if (field === 2) {
      eachField(bytesOf(value), (part, held) => {
        if (part === 1) text = textOf(held);
        else if (part === 2) text = numberOf(held) === 0 ? "false" : "true";
        else if (part === 3) text = String(numberOf(held));
        else if (part === 4) text = String(doubleOf(held));
        else text = "[value]";
      });
    }
  });
  return [key, text];
}
