import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/index.ts";
import { logLimits } from "../limits.ts";
import { parseQuery } from "../query/parse.ts";
import { daysIn } from "./day.ts";
import { batchOf, dayMs, entry, noonMs } from "./entries.fixture.suite.ts";
import { failureOf, LogFolder } from "./folder.fixture.suite.ts";
import { LogStore } from "./log-store.ts";

describe("archives of a store", () => {
  test("are written, searched, cleaned and brought back by its threads", async () => {
    using folder = new LogFolder();
    const log = (): void => undefined;
    const store = await LogStore.open({
      folder: folder.path,
      clock: new SimulatedClock(noonMs),
      log,
      limits: logLimits,
    });
    const span = { tenant: "default", fromMs: 0, toMs: noonMs * 2 };
    const lines = async (): Promise<string[]> => {
      const { entries = [] } = await store.query({ tenant: "default", query: parseQuery("service:=api", noonMs) });
      return entries.map(({ line }) => line);
    };
    const timeMs = noonMs - 40 * dayMs;
    await store.append(
      batchOf([entry({ line: "old", timeMs }), entry({ line: "gone", timeMs }), entry({ line: "new" })]),
    );
    await store.seal();
    expect(await store.archive.archive()).toEqual([{ day: "2026-01-23", entries: 2, files: 1 }]);
    expect(daysIn(folder.path).map(({ day }) => day)).toEqual(["2026-03-04"]);
    expect(await lines()).toEqual(["new", "gone", "old"]);
    expect(await store.streams(span)).toEqual([{ service: "api" }]);
    await store.bury({ tenant: "default", query: "gone", fromMs: 0, toMs: noonMs * 2 });
    expect(await lines()).toEqual(["new", "old"]);
    await store.rewrite();
    expect(
      (await store.archive.days()).map(({ batches }) => batches.map(({ file, entries }) => [file, entries])),
    ).toEqual([[["2026-01-23/batch-0002.chunks", 1]]]);
    expect(await store.archive.verify()).toEqual({ days: 1, files: 1, entries: 1, faults: [] });
    expect(await store.archive.restore("2026-01-23")).toBe(1);
    expect(await failureOf(store.archive.restore("2026-01-23"))).toMatchObject({ code: "not_found" });
    expect(await lines()).toEqual(["new", "old"]);
    await store.close();
  });
});
