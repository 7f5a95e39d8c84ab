import { describe, expect, test } from "bun:test";
import { metricLimits } from "../limits.ts";
import { double, fixed, message } from "./protobuf.fixture.suite.ts";
import { Readings } from "./readings.ts";
import { readRemoteWrite } from "./remote-write.ts";

const label = (name: string, value: string) => message([1, name], [2, value]);

describe("a remote write", () => {
  test("has series with samples, what ends them too, and what metrics are about", () => {
    const readings = new Readings(metricLimits);
    const series = message(
      [1, label("__name__", "up")],
      [1, label("job", "api")],
      [2, message([1, double(1.5), "fixed"], [2, 1_700_000_000_123])],
      [2, message([1, fixed(0x7ff0000000000002n), "fixed"], [2, 1_700_000_015_123])],
      [2, message([1, double(NaN), "fixed"], [2, 1_700_000_030_123])],
      [2, message([2, 1_700_000_045_123])],
    );
    const about = message([1, 1], [2, "up"], [4, "Whether it is up."], [5, "s"]);
    readRemoteWrite(readings, message([1, series], [3, about], [3, message([1, 99])]));
    expect(readings.series).toEqual([
      {
        labels: { __name__: "up", job: "api" },
        points: [
          { timeMs: 1_700_000_000_123, value: 1.5 },
          { timeMs: 1_700_000_015_123, value: "stale" },
          { timeMs: 1_700_000_030_123, value: NaN },
          { timeMs: 1_700_000_045_123, value: 0 },
        ],
      },
    ]);
    expect(readings.about).toEqual([{ name: "up", kind: "counter", help: "Whether it is up.", unit: "s" }]);
  });

  test("says what it does not take, and what it cannot read", () => {
    const readings = new Readings(metricLimits);
    readRemoteWrite(readings, message([1, message([1, label("__name__", "h")], [4, "x"])]));
    expect([readings.rejected, readings.why]).toEqual([1, "Native histograms are not taken."]);
    expect(() => readRemoteWrite(readings, Uint8Array.of(10, 200))).toThrow("no remote write");
  });
});
