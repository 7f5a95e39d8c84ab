import { describe, expect, test } from "bun:test";
import { metricLimits } from "../limits.ts";
import { readOtlpMetricsProtobuf } from "./otlp-protobuf.ts";
import { double, fixed, message } from "./protobuf.fixture.suite.ts";
import { Readings } from "./readings.ts";

const text = (value: string) => message([1, value]);
const attribute = (key: string, value: Uint8Array) => message([1, key], [2, value]);
const at = [3, fixed(1_700_000_000_123_456_789n), "fixed"] as const;
const exported = (...metrics: readonly Uint8Array[]) =>
  message([
    1,
    message(
      [1, message([1, attribute("service.name", text("shop"))])],
      [2, message(...metrics.map((metric) => [2, metric] as const))],
    ),
  ]);
const read = (...metrics: readonly Uint8Array[]) => {
  const readings = new Readings(metricLimits);
  readOtlpMetricsProtobuf(readings, exported(...metrics));
  return readings;
};

describe("an export of metrics as protobuf", () => {
  test("has numbers of either kind, with attributes of each", () => {
    const attributes = [
      [7, attribute("s", text("x"))],
      [7, attribute("b", message([2, 1]))],
      [7, attribute("i", message([3, 42]))],
      [7, attribute("d", message([4, double(0.5), "fixed"]))],
      [7, attribute("l", message([5, "x"]))],
    ] as const;
    const gauge = message([1, "depth"], [5, message([1, message(at, [4, double(1.5), "fixed"], ...attributes)])]);
    const sum = message(
      [1, "jobs"],
      [2, "All."],
      [7, message([1, message(at, [6, fixed(-3n), "fixed"])], [2, 2], [3, 1])],
    );
    const readings = read(gauge, sum);
    expect(readings.series).toEqual([
      {
        labels: { __name__: "depth", job: "shop", s: "x", b: "true", i: "42", d: "0.5", l: "[value]" },
        points: [{ timeMs: 1_700_000_000_123, value: 1.5 }],
      },
      { labels: { __name__: "jobs_total", job: "shop" }, points: [{ timeMs: 1_700_000_000_123, value: -3 }] },
    ]);
    expect(readings.about.map(({ kind }) => kind)).toEqual(["gauge", "counter"]);
  });

  test("has histograms and summaries", () => {
    const counts = new Uint8Array(BigInt64Array.of(1n, 2n).buffer);
    const point = message(
      at,
      [4, fixed(3n), "fixed"],
      [5, double(9), "fixed"],
      [6, counts],
      [7, double(2)],
      [9, attribute("a", text("b"))],
    );
    const histogram = message([1, "took"], [3, "ms"], [9, message([1, point], [2, 2])]);
    const quantile = message([1, double(0.9), "fixed"], [2, double(7), "fixed"]);
    const summary = message(
      [1, "old"],
      [11, message([1, message(at, [4, fixed(1n), "fixed"], [5, double(7), "fixed"], [6, quantile])])],
    );
    const shown = read(histogram, summary).series.map(
      ({ labels: { __name__: name, le = "", quantile: share = "" }, points }) =>
        `${name} ${le}${share} ${points[0]?.value}`,
    );
    expect(shown).toEqual([
      "took_milliseconds_bucket 2 1",
      "took_milliseconds_bucket +Inf 3",
      "took_milliseconds_sum  9",
      "took_milliseconds_count  3",
      "old 0.9 7",
      "old_sum  7",
      "old_count  1",
    ]);
  });

  test("counts what it cannot keep, and refuses what is none", () => {
    const delta = message([1, "d"], [7, message([1, message(at)], [2, 1])]);
    const exponential = message([1, "e"], [10, message([1, message(at)])]);
    expect(read(delta, exponential).rejected).toBe(2);
    const stale = message([1, "s"], [5, message([1, message(at, [8, 1])])]);
    expect(read(stale).series[0]?.points[0]?.value).toBe("stale");
    expect(() => readOtlpMetricsProtobuf(new Readings(metricLimits), Uint8Array.of(10, 99))).toThrow("no export");
  });
});
