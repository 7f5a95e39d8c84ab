import { describe, expect, test } from "bun:test";
import { metricLimits } from "../limits.ts";
import { readExposition } from "./exposition.ts";
import { Readings } from "./readings.ts";

const read = (text: string, labels: Record<string, string> = {}) => {
  const readings = new Readings(metricLimits);
  readExposition(readings, { text, nowMs: 5_000, labels });
  return readings;
};

describe("what a target shows", () => {
  test("is samples with labels, of now or their own time", () => {
    const text = `# HELP http_total All\\nof them.
# TYPE http_total counter
http_total{method="GET",path="/a\\"b\\\\c\\n"} 3 1700000000123
http_total{ method = "POST" , } 1.5e3

# a comment
up 1\r
some_seconds{le="+Inf"} +Inf
other NaN
mini -Inf # {trace_id="x"} 1
# EOF
`;
    const readings = read(text);
    expect(readings.series.map(({ labels, points: [point] }) => [labels, point?.timeMs, point?.value])).toEqual([
      [{ __name__: "http_total", method: "GET", path: '/a"b\\c\n' }, 1_700_000_000_123, 3],
      [{ __name__: "http_total", method: "POST" }, 5_000, 1_500],
      [{ __name__: "up" }, 5_000, 1],
      [{ __name__: "some_seconds", le: "+Inf" }, 5_000, Infinity],
      [{ __name__: "other" }, 5_000, NaN],
      [{ __name__: "mini" }, 5_000, -Infinity],
    ]);
    expect(readings.about).toEqual([{ name: "http_total", kind: "counter", help: "All\nof them.", unit: "" }]);
    expect(readings.rejected).toBe(0);
  });

  test("gets the labels of the target, and keeps its own beside them", () => {
    expect(read('a{job="own",x="1"} 1', { job: "api", instance: "h:1" }).series[0]?.labels).toEqual({
      __name__: "a",
      exported_job: "own",
      x: "1",
      job: "api",
      instance: "h:1",
    });
  });

  test("that cannot be read is counted, the rest is taken", () => {
    const readings = read('a 1\nb{x="1" 2\nc\nd x\n{} 1\n');
    expect([readings.samples, readings.rejected]).toEqual([1, 4]);
    expect(readings.why).toContain('b{x="1" 2');
  });
});
