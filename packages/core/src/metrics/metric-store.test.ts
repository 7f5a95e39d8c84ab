import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricLimits } from "./limits.ts";
import { MetricStore } from "./metric-store.ts";

let folder = "";
let nowMs = 0;
let store: MetricStore;
const clock = { now: () => nowMs, after: () => () => undefined };
const open = () => MetricStore.open({ folder, clock, log: () => undefined, limits: metricLimits });
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-metric-store-"));
  nowMs = 1_700_000_000_000;
  store = await open();
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const instant = () => ({ fromMs: nowMs, toMs: nowMs, stepMs: 0 });
const sample = (name: string, value: number) => ({ labels: { __name__: name }, points: [{ timeMs: nowMs, value }] });
const values = async (text: string) => {
  const answer = await store.query(text, instant());
  return "series" in answer ? answer.series.map(({ points }) => points[0]?.[1]) : answer;
};

describe("the store of metrics", () => {
  test("reports what was recorded, after a restart too", async () => {
    for (let i = 1; i <= 10; i++) store.recorder.recordMetric("took_ms", i, { route: "a" });
    store.recorder.count("jobs_total", 4);
    const span = { from: nowMs - 60_000, to: nowMs + 60_000 };
    const before = await store.generateReport(span);
    const named = (report: typeof before, name: string) => report.metrics.find((each) => each.name === name);
    expect(named(before, "took_ms")).toMatchObject({
      labels: { route: "a" },
      summary: { count: 10, min: 1, max: 10, average: 5.5 },
    });
    expect(named(before, "jobs_total")?.summary.sum).toBe(4);
    expect(before.current.map(({ name }) => name)).toContain("took_ms");
    store.recorder.count("jobs_total", 3);
    await store.close();
    store = await open();
    const after = await store.generateReport(span);
    expect(named(after, "jobs_total")?.summary.sum).toBe(7);
    expect(named(after, "took_ms")?.history).toHaveLength(1);
    expect(after.current).toEqual([]);
    expect((await store.generateReport({ ...span, name: "jobs_total" })).metrics).toHaveLength(1);
  });

  test("answers PromQL over what was recorded and what came from outside", async () => {
    store.recorder.gauge("depth", 7);
    await store.flush();
    await store.write({ series: [sample("up", 1)], about: [{ name: "up", kind: "gauge", help: "Up.", unit: "" }] });
    expect(await values("depth + on() up")).toEqual([8]);
    expect(await values("depth +")).toMatchObject({ refused: { kind: "bad_data" } });
    expect(await store.about("up")).toMatchObject([{ help: "Up." }]);
    expect(await store.series([[{ name: "__name__", op: "=", value: "up" }]], 0)).toEqual([{ __name__: "up" }]);
    expect((await store.kept()).points).toBe(2);
    expect(store.recorder.all("query_duration")[0]?.summary.count).toBe(2);
  });

  test("answers the same from memory until something new comes within its span", async () => {
    await store.write({ series: [sample("a", 1), sample("b", 1)], about: [] });
    await values("a");
    await values("a");
    expect([store.cache.hits, store.cache.misses]).toEqual([1, 1]);
    await store.write({ series: [sample("b", 2)], about: [] });
    expect([await values("a"), store.cache.hits]).toEqual([[1], 2]);
    await store.write({ series: [sample("a", 5)], about: [] });
    expect([await values("a"), store.cache.hits]).toEqual([[5], 2]);
  });

  test("says how many statements a second it makes", async () => {
    await store.write({ series: [sample("a", 1)], about: [] });
    nowMs += 1_000;
    await store.write({ series: [sample("a", 2)], about: [] });
    expect(store.recorder.all("sqlite_operations_per_second")[0]?.value).toBeGreaterThan(1);
  });

  test("gives back to the recorder what could not be written", async () => {
    store.recorder.count("jobs_total", 4);
    await store.thin();
    await store.close();
    expect(await store.query("a", instant()).catch((error: unknown) => error)).toMatchObject({ code: "store_failed" });
    store.recorder.count("jobs_total", 1);
    expect(await store.flush().catch((error: unknown) => error)).toMatchObject({ code: "store_failed" });
    expect(store.recorder.take().slots).toHaveLength(1);
    const wrong = { folder: "/dev/null/x", clock, log: () => undefined, limits: metricLimits };
    expect(await MetricStore.open(wrong).catch((error: unknown) => error)).toBeInstanceOf(Error);
    store = await open();
  });
});
