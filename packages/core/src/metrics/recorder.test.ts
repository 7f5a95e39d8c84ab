import { describe, expect, test } from "bun:test";
import { metricLimits } from "./limits.ts";
import { Recorder } from "./recorder.ts";

let nowMs = 1_000_000;
const clock = { now: () => nowMs, after: () => () => undefined };
const recorder = (limits = metricLimits): Recorder => new Recorder({ clock, limits });

describe("a recorder", () => {
  test("counts, holds what is, and sums up values", () => {
    const r = recorder();
    r.count("jobs_total");
    r.count("jobs_total", 2);
    r.gauge("depth", 7, { queue: "a" });
    r.gauge("depth", 3, { queue: "a" });
    for (let ms = 1; ms <= 100; ms++) r.recordMetric("took_ms", ms);
    const of = (name: string) => r.all(name)[0];
    expect([of("jobs_total")?.value, of("depth")?.value, of("depth")?.labels]).toEqual([3, 3, { queue: "a" }]);
    expect(of("took_ms")?.summary).toMatchObject({ count: 100, min: 1, max: 100, average: 50.5 });
    expect(r.raw("took_ms").slice(-2)).toEqual([99, 100]);
    expect([r.size, r.all().length, r.raw("nothing")]).toEqual([3, 3, []]);
  });

  test("keeps the latest thousand values raw", () => {
    const r = recorder();
    for (let i = 0; i < 2_500; i++) r.recordMetric("v", i);
    expect([r.raw("v").length, r.raw("v")[0], r.raw("v").at(-1)]).toEqual([1_000, 1_500, 2_499]);
  });

  test("hands on each slot once, and what could not be written again", () => {
    const r = recorder();
    nowMs = 2_000_000;
    r.recordMetric("v", 1);
    nowMs = 2_010_000;
    r.recordMetric("v", 2);
    r.recordMetric("v", 4);
    const taken = r.take();
    expect(taken.slots.map(({ atMs, data }) => [atMs, data.count, data.sum])).toEqual([
      [2_000_000, 1, 1],
      [2_010_000, 2, 6],
    ]);
    expect(r.take().slots).toEqual([]);
    r.putBack(taken);
    expect(r.take().slots).toEqual(taken.slots);
  });

  test("says samples as Prometheus has them: when they change, and once a minute", () => {
    const r = recorder();
    r.count("c_total", 5);
    r.recordMetric("v", 3, { a: "b" });
    const samples = r.take().samples;
    const value = (labels: Record<string, string>) =>
      samples.find((each) => Bun.deepEquals(each.labels, labels))?.points[0]?.value;
    expect(value({ __name__: "c_total" })).toBe(5);
    expect(value({ __name__: "v_count", a: "b" })).toBe(1);
    expect(value({ __name__: "v_sum", a: "b" })).toBe(3);
    expect(value({ __name__: "v_bucket", a: "b", le: "2.5" })).toBe(0);
    expect(value({ __name__: "v_bucket", a: "b", le: "5" })).toBe(1);
    expect(value({ __name__: "v_bucket", a: "b", le: "+Inf" })).toBe(1);
    expect(r.take().samples).toEqual([]);
    nowMs += 60_000;
    expect(r.take().samples).toHaveLength(samples.length);
  });

  test("is text that Prometheus reads, whatever labels hold", () => {
    const r = recorder();
    r.gauge("g", 1, { a: 'x"\n\\' });
    r.recordMetric("h", 1);
    const lines = r.lines();
    expect(lines.slice(0, 3)).toEqual(["# HELP g Recorded by programs.", "# TYPE g gauge", 'g{a="x\\"\\n\\\\"} 1']);
    expect(lines).toContain('h_bucket{le="+Inf"} 1');
  });

  test("refuses what is no metric, another kind, and too many", () => {
    const r = recorder({ ...metricLimits, metricSeriesMax: 1 });
    expect(() => r.count("no name")).toThrow("no name of a metric");
    r.count("c");
    expect(() => r.gauge("c", 1)).toThrow("c is a counter, not a gauge");
    expect(() => r.count("c", -1)).toThrow("from 0");
    expect(() => r.count("c", NaN)).toThrow("finite");
    expect(() => r.gauge("d", 1)).toThrow("metricSeriesMax");
  });
});
