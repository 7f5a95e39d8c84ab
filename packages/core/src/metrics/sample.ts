// What metrics are made of: series with their labels, and values at moments.
import { SluiceError } from "@sluice/protocol";
import type { MetricLimits } from "./limits.ts";

/** Labels of a series, its name as `__name__` among them. */
export type MetricLabels = Readonly<Record<string, string>>;

/** A sample: `stale` says that the series has ended there. Times in milliseconds since 1970. */
export interface MetricPoint {
  readonly timeMs: number;
  readonly value: number | "stale";
}

export interface MetricSeries {
  readonly labels: MetricLabels;
  readonly points: readonly MetricPoint[];
}

/** What is known of a metric besides its values. */
export interface MetricAbout {
  readonly name: string;
  readonly kind: "counter" | "gauge" | "histogram" | "summary" | "unknown";
  readonly help: string;
  readonly unit: string;
}

export const nameLabel = "__name__";
const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Labels in one order, as the text they are known by. */
export function seriesKey(labels: MetricLabels): string {
  return JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}

/** The labels of a key. */
export function labelsOfKey(key: string): Record<string, string> {
  return Object.fromEntries(JSON.parse(key) as [string, string][]);
}

function refused(message: string): SluiceError {
  return new SluiceError({ code: "invalid_input", message, hint: "docs/metrics.md says what names look like." });
}

/** Throws `invalid_input` for names and labels that Prometheus would not take. */
export function checkLabels(labels: MetricLabels, limits: MetricLimits): void {
  const name = labels[nameLabel] ?? "";
  if (!namePattern.test(name)) throw refused(`${JSON.stringify(name.slice(0, 100))} is no name of a metric.`);
  const entries = Object.entries(labels);
  if (entries.length > limits.metricLabelsMax + 1)
    throw refused(`${name} has more than ${limits.metricLabelsMax} labels (metricLabelsMax).`);
  for (const [label, value] of entries) {
    if (!labelPattern.test(label)) throw refused(`${JSON.stringify(label.slice(0, 100))} is no name of a label.`);
    if (value.length > limits.metricLabelBytesMax)
      throw refused(`The value of ${label} is longer than ${limits.metricLabelBytesMax} (metricLabelBytesMax).`);
  }
}

/** A name as Prometheus takes it: other characters become underscores. */
export function metricName(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9_:]/g, "_");
  return /^\d/.test(name) || name === "" ? `_${name}` : name;
}

export function labelName(text: string): string {
  const name = text.replaceAll(/[^a-zA-Z0-9_]/g, "_");
  return /^\d/.test(name) || name === "" ? `_${name}` : name;
}
