import { describe, expect, test } from "bun:test";
import { metricLimits } from "../limits.ts";
import { addOtlpMetric, resourceLabels } from "./otlp.ts";
import type { OtlpMetric, OtlpPoint } from "./otlp.ts";
import { Readings } from "./readings.ts";

const point = (changes: Partial<OtlpPoint> = {}): OtlpPoint => ({
  attributes: { "http.method": "GET" },
  timeMs: 1_000,
  isStale: false,
  value: 5,
  count: 0,
  sum: undefined,
  bucketCounts: [],
  bounds: [],
  quantiles: [],
  ...changes,
});
const metric = (changes: Partial<OtlpMetric>): OtlpMetric => ({
  name: "http.requests",
  help: "",
  unit: "",
  kind: "gauge",
  isMonotonic: false,
  isDelta: false,
  points: [point()],
  ...changes,
});
const read = (changes: Partial<OtlpMetric>, shared = {}) => {
  const readings = new Readings(metricLimits);
  addOtlpMetric(readings, metric(changes), shared);
  return readings;
};
const named = (readings: Readings) => readings.series.map(({ labels }) => labels["__name__"]);

describe("a metric of OpenTelemetry", () => {
  test("has the name that Prometheus gives it", () => {
    expect(named(read({}))).toEqual(["http_requests"]);
    expect(named(read({ kind: "sum", isMonotonic: true }))).toEqual(["http_requests_total"]);
    expect(named(read({ name: "heap", unit: "By" }))).toEqual(["heap_bytes"]);
    expect(named(read({ name: "wait.seconds", unit: "s" }))).toEqual(["wait_seconds"]);
    expect(named(read({ name: "load", unit: "1" }))).toEqual(["load_ratio"]);
    expect(read({ kind: "sum", isMonotonic: true, help: "All." }).about).toEqual([
      { name: "http_requests_total", kind: "counter", help: "All.", unit: "" },
    ]);
  });

  test("has its attributes and who it is of as labels", () => {
    const shared = resourceLabels({ "service.name": "shop", "service.namespace": "eu", "service.instance.id": "7" });
    expect(read({}, shared).series[0]?.labels).toEqual({
      __name__: "http_requests",
      http_method: "GET",
      job: "eu/shop",
      instance: "7",
    });
    expect([resourceLabels({}), resourceLabels({ "service.name": "a" })]).toEqual([{}, { job: "a" }]);
  });

  test("that is a histogram is counts below bounds, a sum and a count", () => {
    const points = [point({ count: 6, sum: 20, bucketCounts: [1, 2, 3], bounds: [1, 5] })];
    const { series } = read({ kind: "histogram", points });
    const shown = series.map(
      ({ labels, points: [first] }) => `${labels["__name__"]} ${labels["le"] ?? ""} ${first?.value}`,
    );
    expect(shown).toEqual([
      "http_requests_bucket 1 1",
      "http_requests_bucket 5 3",
      "http_requests_bucket +Inf 6",
      "http_requests_sum  20",
      "http_requests_count  6",
    ]);
  });

  test("that is a summary has its quantiles; one that ended says so", () => {
    const points = [point({ count: 2, sum: 3, quantiles: [{ quantile: 0.5, value: 1 }] })];
    expect(read({ kind: "summary", points }).series.map(({ labels }) => labels["quantile"])).toEqual([
      "0.5",
      undefined,
      undefined,
    ]);
    expect(read({ points: [point({ isStale: true })] }).series[0]?.points[0]?.value).toBe("stale");
  });

  test("of a kind that cannot be kept is counted, with why", () => {
    expect(read({ isDelta: true }).why).toContain("Delta temporality");
    expect(read({ kind: "exponential" })).toMatchObject({ rejected: 1, samples: 0 });
  });
});
