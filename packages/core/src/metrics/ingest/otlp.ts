// Metrics of OpenTelemetry as series: names and labels as Prometheus has them, one series for each bucket of a histogram.
// Format: opentelemetry-proto, metrics/v1/metrics.proto; names: OpenTelemetry, "Prometheus and OpenMetrics Compatibility".
import { labelName, metricName, nameLabel } from "../sample.ts";
import type { MetricAbout } from "../sample.ts";
import type { Readings } from "./readings.ts";

/** A value of one moment, whichever of the two encodings it came in. */
export interface OtlpPoint {
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeMs: number;
  /** The series has ended: flag 1. */
  readonly isStale: boolean;
  readonly value: number;
  readonly count: number;
  readonly sum: number | undefined;
  /** One more than bounds. */
  readonly bucketCounts: readonly number[];
  readonly bounds: readonly number[];
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[];
}

export interface OtlpMetric {
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "histogram" | "summary" | "exponential";
  readonly isMonotonic: boolean;
  /** Values since the last export rather than since the beginning. */
  readonly isDelta: boolean;
  readonly points: readonly OtlpPoint[];
}

const units: Readonly<Record<string, string>> = {
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  KBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  "%": "percent",
  Hz: "hertz",
  Cel: "celsius",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  g: "grams",
  m: "meters",
};

/** Labels that every series of a resource has. */
export function resourceLabels(resource: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const { "service.name": service, "service.namespace": space, "service.instance.id": instance } = resource;
  const job = service === undefined ? undefined : space === undefined ? service : `${space}/${service}`;
  return { ...(job === undefined ? {} : { job }), ...(instance === undefined ? {} : { instance }) };
}

function fullName({ name, unit, kind, isMonotonic }: OtlpMetric): string {
  let made = metricName(name);
  const word = units[unit] ?? (unit === "1" && kind === "gauge" ? "ratio" : undefined);
  if (word !== undefined && !made.split("_").includes(word)) made += `_${word}`;
  if (kind === "sum" && isMonotonic && !made.endsWith("_total")) made += "_total";
  return made;
}

/** What cannot be kept is counted in the readings, with why. */
export function addOtlpMetric(readings: Readings, metric: OtlpMetric, shared: Readonly<Record<string, string>>): void {
  if (metric.kind === "exponential") {
    readings.reject(metric.points.length, "Exponential histograms are not taken: export them with explicit bounds.");
    return;
  }
  if (metric.isDelta) {
    readings.reject(metric.points.length, "Delta temporality is not taken: export cumulative values.");
    return;
  }
  const name = fullName(metric);
  const kind: MetricAbout["kind"] = metric.kind === "sum" ? (metric.isMonotonic ? "counter" : "gauge") : metric.kind;
  readings.describe({ name, kind, help: metric.help, unit: units[metric.unit] ?? "" });
  for (const point of metric.points) {
    const labels: Record<string, string> = { ...shared };
    for (const [label, value] of Object.entries(point.attributes)) labels[labelName(label)] = value;
    const put = (suffix: string, value: number | undefined, more: Readonly<Record<string, string>> = {}): void => {
      if (value === undefined) return;
      const points = [{ timeMs: point.timeMs, value: point.isStale ? ("stale" as const) : value }];
      readings.add({ ...labels, ...more, [nameLabel]: name + suffix }, points);
    };
    if (metric.kind === "gauge" || metric.kind === "sum") {
      put("", point.value);
      continue;
    }
    if (metric.kind === "summary")
      for (const { quantile, value } of point.quantiles) put("", value, { quantile: String(quantile) });
    else {
      let count = 0;
      for (const [i, bound] of point.bounds.entries()) {
        count += point.bucketCounts[i] ?? 0;
        put("_bucket", count, { le: String(bound) });
      }
      put("_bucket", point.count, { le: "+Inf" });
    }
    put("_sum", point.sum);
    put("_count", point.count);
  }
}
