import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { metricLimits } from "../limits.ts";
import { MetricService } from "./metric-service.ts";

const day = 86_400_000;
const nowMs = 1_000 * day;
let folder = "";
const service = new MetricService();
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-metric-service-"));
  service.answer({
    verb: "open",
    params: { folder, limits: { ...metricLimits, metricQuerySamplesMax: 5 }, access: "write" },
  });
  const points = (atMs: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ timeMs: atMs + i * 1_000, value: i }));
  const params = {
    series: [
      { labels: { __name__: "a" }, points: points(nowMs - 10_000, 3) },
      { labels: { __name__: "many" }, points: points(nowMs - 10_000, 6) },
      { labels: { __name__: "old" }, points: points(nowMs - 40 * day, 1) },
    ],
  };
  expect(service.answer({ verb: "put", params })).toBeGreaterThan(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const query = (text: string, atMs = nowMs, timeMsMax = 10_000) => {
  const steps = { fromMs: atMs, toMs: atMs, stepMs: 0 };
  return service.answer({ verb: "query", params: { text, steps, nowMs, timeMsMax } });
};

describe("a thread of metrics", () => {
  test("answers queries, and says what is wrong with one", () => {
    expect(query("a + 1")).toEqual({ kind: "vector", series: [{ labels: {}, points: [[nowMs, 3]] }] });
    expect(query("a +")).toMatchObject({ refused: { kind: "bad_data", at: 3 } });
    expect(query("many")).toMatchObject({ refused: { kind: "execution" } });
    expect(query("a", nowMs, -1)).toMatchObject({ refused: { message: expect.stringContaining("timed out") } });
  });

  test("looks back further where less is kept", () => {
    const late = nowMs - 40 * day + 3_600_000;
    expect(query("old", late)).toMatchObject({ series: [{ points: [[late, 0]] }] });
    expect(query("a", nowMs + 300_001)).toEqual({ kind: "vector", series: [] });
  });

  test("knows series, and fails with a code", () => {
    const matchers = [[{ name: "__name__", op: "=~", value: "a|old" }], [{ name: "__name__", op: "=", value: "a" }]];
    expect(service.answer({ verb: "series", params: { matchers, fromMs: 0 } })).toHaveLength(2);
    expect(service.answer({ verb: "history", params: { fromMs: 0, toMs: 1 } })).toEqual([]);
    expect(service.answer({ verb: "about", params: {} })).toEqual([]);
    expect(service.answer({ verb: "thin", params: { nowMs } })).toBeUndefined();
    expect(service.answer({ verb: "kept", params: undefined })).toMatchObject({ series: 3 });
    const wrong = { folder: "/dev/null/x", limits: metricLimits, access: "read" };
    expect(() => new MetricService().answer({ verb: "open", params: wrong })).toThrow("cannot be read or written");
  });
});
