import { describe, expect, test } from "bun:test";
import { SimulatedClock } from "../../testing/index.ts";
import { logLimits } from "../limits.ts";
import type { LogLimits } from "../limits.ts";
import { parseQuery } from "../query/parse.ts";
import { daysIn } from "./day.ts";
import { batchOf, dayMs, entry, noonMs } from "./entries.fixture.suite.ts";
import { failureOf, LogFolder } from "./folder.fixture.suite.ts";
import { LogStore } from "./log-store.ts";
import type { Committed } from "./log-store.ts";

class Rig implements AsyncDisposable {
  readonly folder = new LogFolder();
  readonly clock = new SimulatedClock(noonMs);
  readonly said: string[] = [];
  store!: LogStore;

  static async open(limits: Partial<LogLimits> = {}): Promise<Rig> {
    const rig = new Rig();
    rig.store = await rig.again(limits);
    return rig;
  }

  again(limits: Partial<LogLimits> = {}): Promise<LogStore> {
    const log = (_level: string, message: string): void => void this.said.push(message);
    return LogStore.open({ folder: this.folder.path, clock: this.clock, log, limits: { ...logLimits, ...limits } });
  }

  lines(query = "*", p: { readonly signal?: AbortSignal } = {}): Promise<string[]> {
    return this.store
      .query({ tenant: "default", query: parseQuery(query, noonMs), ...p })
      .then(({ entries = [] }) => entries.map(({ line }) => line));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.store.close();
    this.folder[Symbol.dispose]();
  }
}

describe("the store of logs", () => {
  test("answers when entries are durable, and tells commits in the order of their numbers", async () => {
    await using rig = await Rig.open();
    const told: Committed[] = [];
    const stop = rig.store.onCommitted((committed) => void told.push(committed));
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, n) => rig.store.append(batchOf([entry({ line: `line ${n}` })]))),
    );
    expect(results.map((each) => each.outcome === "stored" && each.firstSeq)).toEqual(results.map((_, n) => n + 1));
    expect(told.flat().map(({ firstSeq }) => firstSeq)).toEqual(results.map((_, n) => n + 1));
    expect(told.length).toBeLessThan(50);
    expect(rig.store.lastSeq).toBe(50);
    stop();
    const key = { name: "k", hash: "h" };
    await rig.store.append(batchOf([entry()], { key }));
    expect(await rig.store.append(batchOf([entry()], { key }))).toMatchObject({ outcome: "duplicate", firstSeq: 51 });
    expect(told.flat()).toHaveLength(50);
    expect(await rig.lines()).toHaveLength(51);
  });

  test("seals the head when it is full, and when its oldest entry is old enough", async () => {
    await using rig = await Rig.open({ logSealBytes: 5_000, logSealAfterMs: 60_000 });
    await rig.store.append(batchOf([entry({ line: "x".repeat(6_000) })]));
    await rig.store.seal();
    expect(rig.store.head).toMatchObject({ sealed: 1, rawBytes: 0 });
    await rig.store.append(batchOf([entry({ line: "small" })]));
    expect(rig.store.head.sealed).toBe(1);
    rig.clock.advance(60_000);
    await rig.store.seal();
    expect(rig.store.head.sealed).toBe(2);
    expect((await rig.lines()).map((line) => line.slice(0, 5)).toSorted()).toEqual(["small", "xxxxx"]);
  });

  test("finds everything while entries come in and are sealed", async () => {
    await using rig = await Rig.open({ logSealBytes: 2_000, logChunkBytesMax: 500 });
    let sent = 0;
    for (let round = 0; round < 15; round++) {
      const writing = Array.from({ length: 10 }, () =>
        rig.store.append(batchOf([entry({ line: `${sent++} ${"y".repeat(50)}` })])),
      );
      await Promise.all(writing);
      const [lines] = await Promise.all([rig.lines("yyy"), rig.store.append(batchOf([entry({ line: "other" })]))]);
      expect(new Set(lines).size).toBe(lines.length);
      expect(lines.length).toBe(sent);
      if (round % 5 === 4) await rig.store.seal();
    }
    expect(rig.store.head.sealed).toBeGreaterThan(0);
    expect(rig.said).toEqual([]);
  });

  test("opens with everything that was there", async () => {
    await using rig = await Rig.open();
    await rig.store.append(batchOf([entry({ line: "sealed" })]));
    await rig.store.seal();
    await rig.store.append(batchOf([entry({ line: "in the head" })]));
    await rig.store.close();
    rig.store = await rig.again();
    expect((await rig.lines()).toSorted()).toEqual(["in the head", "sealed"]);
    expect(await rig.store.streams({ tenant: "default", fromMs: 0, toMs: Infinity })).toEqual([{ service: "api" }]);
  });

  test("refuses more than it can hold, and takes it later", async () => {
    await using rig = await Rig.open({ logQueueBytesMax: 500 });
    const big = batchOf([entry({ line: "z".repeat(400) })]);
    const first = rig.store.append(big);
    expect(await failureOf(rig.store.append(big))).toMatchObject({
      code: "too_many_requests",
      details: { retryAfterMs: 1_000 },
    });
    await first;
    expect(await rig.store.append(big)).toMatchObject({ outcome: "stored" });
  });

  test("gives up a query that nobody waits for, and says so", async () => {
    await using rig = await Rig.open();
    await rig.store.append(batchOf([entry()]));
    const query = parseQuery("*", noonMs);
    const answer = await rig.store.query({ tenant: "default", query, signal: AbortSignal.abort() });
    expect(answer).toMatchObject({ partial: "cancelled", entries: [] });
  });

  test("masks what is deleted, and removes days that are too old", async () => {
    await using rig = await Rig.open({ logKeepDays: 2 });
    await rig.store.append(batchOf([entry({ line: "a secret" }), entry({ line: "plain", timeMs: noonMs - dayMs })]));
    await rig.store.bury({ tenant: "default", query: "secret", fromMs: 0, toMs: noonMs * 2 });
    expect(
      await failureOf(rig.store.bury({ tenant: "default", query: "x | limit 1", fromMs: 0, toMs: 1 })),
    ).toMatchObject({ code: "invalid_filter" });
    expect(await rig.lines()).toEqual(["plain"]);
    await rig.store.seal();
    expect(daysIn(rig.folder.path)).toHaveLength(2);
    rig.clock.advance(2 * dayMs);
    await rig.store.retain();
    expect(daysIn(rig.folder.path).map(({ day }) => day)).toEqual(["2026-03-04"]);
    expect(rig.said).toContain("logs of old days were removed");
  });

  test("that is closed refuses what comes", async () => {
    await using rig = await Rig.open();
    const last = rig.store.append(batchOf([entry({ line: "last" })]));
    await rig.store.close();
    expect(await last).toMatchObject({ outcome: "stored" });
    expect(await failureOf(rig.store.append(batchOf([entry()])))).toMatchObject({ code: "draining" });
    rig.store = await rig.again();
    expect(await rig.lines()).toEqual(["last"]);
  });
});
