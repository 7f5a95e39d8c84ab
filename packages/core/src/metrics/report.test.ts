import { expect, test } from "bun:test";
import { makeReport } from "./report.ts";
import { seriesKey } from "./sample.ts";
import { Sketch } from "./sketch.ts";

const data = (...values: readonly number[]) => {
  const sketch = new Sketch();
  for (const value of values) sketch.record(value);
  return sketch.data();
};

test("a report has each metric over the whole span and slot by slot", () => {
  const [a, b] = [seriesKey({ __name__: "z", q: "1" }), seriesKey({ __name__: "b_total" })];
  const slot = (key: string, atMs: number, ...values: readonly number[]) =>
    ({ key, kind: key === b ? "counter" : "histogram", atMs, widthMs: 10_000, data: data(...values) }) as const;
  const report = makeReport({
    from: 0,
    to: 50_000,
    slots: [slot(a, 20_000, 5), slot(a, 0, 1, 3), slot(b, 0, 2, 2)],
    current: [],
  });
  expect(report.metrics.map(({ name, labels, kind }) => [name, labels, kind])).toEqual([
    ["b_total", {}, "counter"],
    ["z", { q: "1" }, "histogram"],
  ]);
  expect(report.metrics[0]?.summary.sum).toBe(4);
  expect(report.metrics[1]?.summary).toMatchObject({ count: 3, average: 3, min: 1, max: 5 });
  expect(report.metrics[1]?.history.map(({ at, count, max }) => [at, count, max])).toEqual([
    [0, 2, 3],
    [20_000, 1, 5],
  ]);
});
