import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricLimits } from "../limits.ts";
import { Sketch } from "../sketch.ts";
import { seriesKey } from "../sample.ts";
import { MetricDatabase } from "./database.ts";

let folder = "";
let db: MetricDatabase;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-metrics-"));
  db = new MetricDatabase(folder, metricLimits, "write");
});
afterEach(() => {
  db.close();
  rmSync(folder, { recursive: true, force: true });
});

const all = { fromMs: 0, toMs: 9e15 };
const named = (value: string) => [{ name: "__name__", op: "=", value }] as const;
const points = (name: string) => db.select(named(name), all, () => undefined).flatMap((each) => each.points);
const day = 86_400_000;

describe("the file of metrics", () => {
  test("gives back every kind of value, the last of one moment", () => {
    const values = [1, 1.5, -0.25, 2 ** 60, Infinity, -Infinity, NaN, "stale"] as const;
    db.put({ series: [{ labels: { __name__: "a" }, points: values.map((value, i) => ({ timeMs: i, value })) }] });
    db.put({ series: [{ labels: { __name__: "a" }, points: [{ timeMs: 0, value: 9 }] }] });
    expect(points("a").map(({ value }) => value)).toEqual([9, ...values.slice(1)]);
  });

  test("finds series by name, by labels and by when they were told anything", () => {
    const put = (labels: Record<string, string>, timeMs: number) =>
      db.put({ series: [{ labels, points: [{ timeMs, value: 1 }] }] });
    put({ __name__: "a", x: "1" }, 10);
    put({ __name__: "a", x: "2" }, 20);
    put({ __name__: "b", x: "2" }, 30);
    const found = (matchers: Parameters<typeof db.find>[0], fromMs?: number) =>
      db.find(matchers, fromMs).map(({ labels }) => `${labels["__name__"]}${labels["x"]}`);
    expect(found(named("a"))).toEqual(["a1", "a2"]);
    expect(found(named("a"), 15)).toEqual(["a2"]);
    expect(found([{ name: "x", op: "=~", value: "2|3" }])).toEqual(["a2", "b2"]);
    let read = 0;
    expect(db.select(named("a"), { fromMs: 11, toMs: 20 }, (n) => (read += n))).toHaveLength(1);
    expect(read).toBe(1);
  });

  test("keeps one sample of five minutes of what is older, of an hour later, and nothing in the end", () => {
    const now = 1_000 * day;
    const at = (agoMs: number, count: number, everyMs: number) =>
      Array.from({ length: count }, (_, i) => ({ timeMs: now - agoMs + i * everyMs, value: i }));
    const series = (name: string, list: ReturnType<typeof at>) => ({ labels: { __name__: name }, points: list });
    db.put({
      series: [
        series("fine", at(day, 60, 10_000)),
        series("middle", at(3 * day, 60, 10_000)),
        series("coarse", at(40 * day, 720, 10_000)),
        series("gone", at(500 * day, 10, 10_000)),
      ],
    });
    db.thin(now);
    db.thin(now);
    expect(["fine", "middle", "coarse", "gone"].map((name) => points(name).length)).toEqual([60, 2, 2, 0]);
    expect(points("middle").map(({ value }) => value)).toEqual([29, 59]);
    expect(db.kept()).toMatchObject({ series: 3, points: 64 });
  });

  test("merges slots as they grow older without losing a value or a quantile", () => {
    const now = 1_000 * day;
    const start = now - 40 * day;
    const whole = new Sketch();
    const slots = Array.from({ length: 720 }, (_, i) => {
      const sketch = new Sketch();
      for (const value of [i, i * 2]) {
        sketch.record(value);
        whole.record(value);
      }
      return {
        key: seriesKey({ __name__: "v" }),
        kind: "histogram" as const,
        atMs: start + i * 10_000,
        data: sketch.data(),
      };
    });
    db.put({ series: [], slots });
    expect(db.history({ fromMs: 0, toMs: 9e15 })).toHaveLength(720);
    db.thin(now - 37 * day);
    expect(db.history({ fromMs: 0, toMs: 9e15 }).map(({ widthMs }) => widthMs)).toEqual(Array(24).fill(300_000));
    db.thin(now);
    const hours = db.history({ fromMs: start, toMs: now, name: "v" });
    expect(hours.map(({ widthMs, data }) => [widthMs, data.count])).toEqual([
      [3_600_000, 720],
      [3_600_000, 720],
    ]);
    const merged = new Sketch();
    for (const { data } of hours) merged.merge(data);
    expect(merged.summary()).toEqual(whole.summary());
    expect(db.history({ fromMs: 0, toMs: 9e15, name: "other" })).toEqual([]);
  });

  test("takes a batch whole or not at all, and no more series than the limit", () => {
    db.close();
    db = new MetricDatabase(folder, { ...metricLimits, metricSeriesMax: 2 }, "write");
    const one = (name: string) => ({ labels: { __name__: name }, points: [{ timeMs: 1, value: 1 }] });
    db.put({ series: [one("a")] });
    expect(() => db.put({ series: [one("b"), one("c")] })).toThrow("metricSeriesMax");
    expect(db.kept()).toMatchObject({ series: 1, points: 1 });
    db.put({ series: [one("b")] });
    expect(points("b")).toHaveLength(1);
  });

  test("knows what metrics are about, and is read while it is written", () => {
    db.put({ series: [], about: [{ name: "a", kind: "gauge", help: "An a.", unit: "s" }] });
    const reading = new MetricDatabase(folder, metricLimits, "read");
    expect(reading.about()).toEqual([{ name: "a", kind: "gauge", help: "An a.", unit: "s" }]);
    expect(reading.about("b")).toEqual([]);
    expect(reading.kept().operations).toBeGreaterThan(0);
    reading.close();
  });
});
