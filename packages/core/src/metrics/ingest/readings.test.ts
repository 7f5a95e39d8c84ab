import { describe, expect, test } from "bun:test";
import { metricLimits } from "../limits.ts";
import { Readings } from "./readings.ts";

describe("readings", () => {
  test("are gathered by series; what no series can be is counted", () => {
    const readings = new Readings(metricLimits);
    readings.add({ __name__: "a", x: "1" }, [{ timeMs: 1, value: 1 }]);
    readings.add({ x: "1", __name__: "a" }, [{ timeMs: 2, value: 2 }]);
    readings.add({ __name__: "b" }, []);
    readings.add({ __name__: "no name" }, [{ timeMs: 1, value: 1 }]);
    readings.reject(2, "later");
    readings.describe({ name: "a", kind: "gauge", help: "", unit: "" });
    expect(readings.series.map(({ points }) => points.length)).toEqual([2]);
    expect([readings.samples, readings.rejected, readings.about.length]).toEqual([2, 3, 1]);
    expect(readings.why).toContain("no name of a metric");
  });

  test("are no more than one request may bring", () => {
    const readings = new Readings({ ...metricLimits, metricSamplesMax: 1 });
    readings.add({ __name__: "a" }, [{ timeMs: 1, value: 1 }]);
    expect(() => readings.add({ __name__: "a" }, [{ timeMs: 2, value: 1 }])).toThrow("metricSamplesMax");
  });
});
