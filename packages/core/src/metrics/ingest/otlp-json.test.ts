import { describe, expect, test } from "bun:test";
import { metricLimits } from "../limits.ts";
import { readOtlpMetricsJson } from "./otlp-json.ts";
import { Readings } from "./readings.ts";

const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
const read = (...metrics: readonly object[]) => {
  const readings = new Readings(metricLimits);
  readOtlpMetricsJson(readings, JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] }));
  return readings;
};
const timeUnixNano = "1700000000123456789";

describe("an export of metrics as JSON", () => {
  test("has numbers as numbers or texts, with attributes of each kind", () => {
    const attributes = [
      { key: "b", value: { boolValue: true } },
      { key: "i", value: { intValue: "42" } },
      { key: "l", value: { arrayValue: {} } },
      { key: "n" },
    ];
    const { series } = read(
      { name: "depth", gauge: { dataPoints: [{ asDouble: 1.5, timeUnixNano, attributes }] } },
      {
        name: "jobs",
        sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asInt: "7", timeUnixNano }] },
      },
      { name: "nothing" },
    );
    expect(series).toEqual([
      {
        labels: { __name__: "depth", job: "shop", b: "true", i: "42", l: "[value]", n: "" },
        points: [{ timeMs: 1_700_000_000_123, value: 1.5 }],
      },
      { labels: { __name__: "jobs_total", job: "shop" }, points: [{ timeMs: 1_700_000_000_123, value: 7 }] },
    ]);
  });

  test("has histograms and summaries", () => {
    const point = { count: "3", sum: 9, bucketCounts: ["1", "2"], explicitBounds: [2], timeUnixNano };
    const old = { count: 1, quantileValues: [{ quantile: 0.9, value: "NaN" }], timeUnixNano };
    const shown = read(
      {
        name: "took",
        histogram: { aggregationTemporality: "AGGREGATION_TEMPORALITY_CUMULATIVE", dataPoints: [point] },
      },
      { name: "old", summary: { dataPoints: [old] } },
    ).series.map(
      ({ labels: { __name__: name, le = "", quantile = "" }, points }) =>
        `${name} ${le}${quantile} ${points[0]?.value}`,
    );
    expect(shown).toEqual([
      "took_bucket 2 1",
      "took_bucket +Inf 3",
      "took_sum  9",
      "took_count  3",
      "old 0.9 NaN",
      "old_count  1",
    ]);
  });

  test("counts what it cannot keep, and refuses what is none", () => {
    expect(read({ name: "d", sum: { aggregationTemporality: 1, dataPoints: [{}] } }).rejected).toBe(1);
    const wrong = (text: string) => () => readOtlpMetricsJson(new Readings(metricLimits), text);
    expect(wrong("{")).toThrow("not JSON");
    expect(wrong("[]")).toThrow("no export");
    expect(wrong('{"resourceMetrics":[1]}')).toThrow("`resourceMetrics` is not a list of objects");
  });
});
