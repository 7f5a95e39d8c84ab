// The suite of the server with tiny counts: that it measures what it says, not how fast anything is.

import { describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HttpClient } from "../http-client.ts";
import { UsageError } from "../options.ts";
import { contenders } from "./contender.ts";
import { arrive, runOpenLoop } from "./open-loop.ts";
import { fullScale, parseOptions, quickScale } from "./options.ts";
import { type Report, renderReport, reportOf, Tally } from "./report.ts";

const mainFile = join(import.meta.dir, "../main.ts");

describe("the open loop", () => {
  test("times what waits behind a slow answer from when it was due, and leaves nothing out", async () => {
    const STALL_MS = 150;
    let answered = 0;
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: () => {
        answered += 1;
        // Nothing moves in this process meanwhile, neither the server nor the load.
        const untilMs = performance.now() + (answered === 1 ? STALL_MS : 0);
        while (performance.now() < untilMs);
        return new Response("ok");
      },
    });
    const client = new HttpClient({ port: server.port ?? 0, connectionsMax: 1 });
    try {
      const load = { client, paths: ["/a", "/b"], perSecond: 1_000, seconds: 0.2 };
      const { answeredMs, sentLateMs } = await runOpenLoop(load);
      const all = Object.values(answeredMs).flat();
      expect(Object.keys(answeredMs)).toEqual(["/a", "/b"]);
      expect([answeredMs["/a"]?.length, answeredMs["/b"]?.length, sentLateMs.length]).toEqual([100, 100, 200]);
      expect(answered).toBe(200);
      // A request was due in every millisecond of the stall: each of the first half of it waited for the other half at least.
      expect(all.filter((ms) => ms >= STALL_MS / 2).length).toBeGreaterThanOrEqual(STALL_MS / 2 - 10);
      expect(Math.max(...sentLateMs)).toBeGreaterThan(STALL_MS / 2);
    } finally {
      client.close();
      await server.stop(true);
    }
  });

  test("calls at its rate while no call returns, and ends when all have or when it is told to", async () => {
    const gate = Promise.withResolvers<void>();
    const dueMs: number[] = [];
    const ask = async (index: number, due: number): Promise<void> => {
      dueMs.push(due);
      if (index === 19) gate.resolve();
      await gate.promise;
    };
    await arrive({ perSecond: 2_000, count: 20, ask });
    const gaps = dueMs.slice(1).map((due, index) => due - (dueMs[index] ?? 0));
    expect(gaps.map((gap) => gap.toFixed(3))).toEqual(Array.from({ length: 19 }, () => "0.500"));

    const stop = new AbortController();
    let asked = 0;
    const until = async (index: number): Promise<void> => {
      asked += 1;
      if (index === 9) stop.abort();
    };
    await arrive({ perSecond: 2_000, count: 1_000_000, ask: until, signal: stop.signal });
    expect(asked).toBe(10);
  });

  test("fails when an answer is not 200", async () => {
    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response("no", { status: 429 }) });
    const client = new HttpClient({ port: server.port ?? 0, connectionsMax: 1 });
    try {
      const load = runOpenLoop({ client, paths: ["/a"], perSecond: 100, seconds: 0.02 });
      expect(await load.catch((error: unknown) => (error as Error).message)).toBe("GET /a: 429 no");
    } finally {
      client.close();
      await server.stop(true);
    }
  });
});

describe("the report", () => {
  const [ours, theirs] = contenders;
  if (ours === undefined || theirs === undefined) throw new Error("There are two contenders");

  test("has the medians of the rounds, a bar for every route of ours, and what failed", () => {
    const sluice = new Tally(ours);
    for (const slow of [30, 8, 6]) sluice.add("mixed.list", [1, 2, slow]);
    sluice.add("flood.run", [10]);
    sluice.floods.push({ hashed: 5, turnedAway: 7 });
    const hono = new Tally(theirs);
    hono.failures.push({ round: 0, error: "it hung" });
    const report: Report = reportOf({
      date: "2026-01-01 00:00",
      command: "bench",
      quick: false,
      rounds: 3,
      cases: ["mixed", "flood"],
      scale: fullScale,
      machine: { cores: 2, cpu: "a cpu", memoryGb: 8, system: "Linux", bun: Bun.version },
      fsync: { p50: 0.1, p99: 1 },
      dataInMemory: false,
      contenders: { sluice: sluice.outcome(), hono: hono.outcome() },
    });
    expect(report.contenders["sluice"]?.figures["mixed.list"]?.p99).toEqual({ median: 8, rounds: [30, 8, 6] });
    expect(report.bars.map(({ measuredMs, met }) => [measuredMs, met])).toEqual([
      [8, true],
      [10, false],
    ]);
    const text = renderReport(report);
    expect(text).toMatch(/^\| \/api\/v1\/runs\?limit=20, in turn +\| +2\.00 \| +8\.00 \| +8\.00 \| +8\.00 \| +– \|/m);
    expect(text).toContain("flood of round 1: 5 passwords hashed and wrong, 7 turned away with 429");
    expect(text).toContain("Hono on Node FAILED in round 1: it hung");
  });
});

describe("options", () => {
  test("without any, everything is measured at 2,000 requests a second and kept", () => {
    const { contenders: all, loads, rounds, scale, save } = parseOptions([]);
    expect([all, loads, rounds, save]).toEqual([contenders, ["alone", "mixed", "flood"], 3, true]);
    expect(scale.perSecond).toBe(2_000);
  });

  test("of a part, nothing is kept unless it is asked for", () => {
    expect(parseOptions(["--quick"])).toMatchObject({ save: false, rounds: 1, scale: quickScale });
    expect(parseOptions(["--only", "sluice", "--cases", "flood", "--rate", "50"])).toMatchObject({
      save: false,
      loads: ["flood"],
      scale: { ...fullScale, perSecond: 50 },
    });
    expect(parseOptions(["--quick", "--save"]).save).toBe(true);
  });

  test.each(["--only nobody", "--cases none", "--rounds 0", "--rate x", "--wrong"])("%s is refused", (text) => {
    expect(() => parseOptions(text.split(" "))).toThrow(UsageError);
  });
});

test("npm run bench -- server --quick measures ours with a token, and under a flood that is turned away", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    const args = ["server", "--quick", "--json", "--only", "sluice", "--data", folder];
    const ran = Bun.spawnSync([process.execPath, mainFile, ...args]);
    const said = ran.stderr.toString();
    expect({ exitCode: ran.exitCode, said }).toEqual({ exitCode: 0, said });
    const lines = ran.stdout.toString().trimEnd().split("\n");
    expect(lines).toHaveLength(1);
    const report = JSON.parse(lines[0] ?? "") as Report;
    const { figures, floods, failures } = report.contenders["sluice"] ?? {};
    expect(failures).toEqual([]);
    expect(Object.keys(figures ?? {})).toHaveLength(10);
    for (const [name, { p50, p99, max }] of Object.entries(figures ?? {}))
      expect([name, p50.median > 0 && p50.median <= p99.median && p99.median <= max.median]).toEqual([name, true]);
    expect(report.bars).toHaveLength(9);
    expect(report.fsync.p50).toBeGreaterThan(0);
    expect(floods?.[0]?.turnedAway).toBeGreaterThan(0);
    expect(readdirSync(folder)).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
