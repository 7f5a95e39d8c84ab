// What people complain about in engines like this one, as regressions: how runs are executed. Each test is named after what
// went wrong elsewhere.
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, RetryAfterError, schedule, workflow } from "sluice";
import type { RunHandle } from "sluice";
import { testEngine, testWorkflow } from "sluice/testing";
import { aTurn } from "../server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-complaints-"));
let folders = 0;
const folder = (): string => join(work, String(folders++));

afterAll(() => rmSync(work, { recursive: true, force: true }));

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function untilStatus(run: RunHandle, status: string): Promise<void> {
  while ((await run.get()).status !== status) await aTurn();
}

describe("history", () => {
  test("a step costs more the longer the history is", async () => {
    const tookMs: number[] = [];
    const long = workflow({ name: "long" }, async (ctx) => {
      for (let step = 0; step < 1_000; step++) {
        const before = performance.now();
        await ctx.step("step", () => step);
        tookMs.push(performance.now() - before);
      }
    });
    await using sluice = await open({ data: folder(), workflows: [long], durability: "relaxed" });
    await (await sluice.start(long)).result();
    // The same order of magnitude is enough to tell: where every step replays those before, it is a hundredfold.
    expect(middle(tookMs.slice(-100))).toBeLessThan(5 * Math.max(0.05, middle(tookMs.slice(50, 150))));
  }, 60_000);

  test("a history of more than 51,200 entries is refused", async () => {
    const wide = workflow({ name: "wide" }, async (ctx) => {
      const items = Array.from({ length: 52_000 }, (_, item) => item);
      const done = await ctx.map(items, (item) => ctx.step("each", () => item), { concurrency: 2_000 });
      return done.length;
    });
    await using sluice = await open({ data: folder(), workflows: [wide], durability: "relaxed" });
    expect(await (await sluice.start(wide)).result()).toBe(52_000);
  }, 120_000);

  test("a payload of more than 2 MB is refused", async () => {
    const large = workflow({ name: "large" }, async (ctx, input: string) => {
      const doubled = await ctx.step("double", () => input + input);
      return { bytes: new Uint8Array(doubled.length) };
    });
    await using sluice = await open({ data: folder(), workflows: [large], durability: "relaxed" });
    const { bytes } = await (await sluice.start(large, "x".repeat(5_000_000))).result();
    expect(bytes.length).toBe(10_000_000);
  }, 60_000);
});

describe("runs", () => {
  test("a run is stuck, or executed twice, when its worker dies", async () => {
    const did = new Map<string, number>();
    const names = ["reserve", "charge", "ship"];
    const order = workflow({ name: "order" }, async (ctx) => {
      for (const name of names) await ctx.step(name, () => void did.set(name, (did.get(name) ?? 0) + 1));
      return "done";
    });
    for (const name of names) {
      did.clear();
      await using t = testWorkflow(order);
      t.crashAfter(name);
      await t.expect(await t.run()).toComplete("done");
      expect([...did]).toEqual(names.map((each) => [each, 1]));
    }
  });

  test("waiting runs hold the slots of those that could work", async () => {
    const waits = workflow({ name: "waits" }, (ctx) => ctx.waitFor<string>("go"));
    const quick = workflow({ name: "quick" }, (ctx) => ctx.step("work", () => "worked"));
    const limits = { concurrentRunsMax: 5, parkAfterMs: 10 };
    await using sluice = await open({ data: folder(), workflows: [waits, quick], limits, durability: "relaxed" });
    const waiting = await Promise.all(Array.from({ length: 50 }, () => sluice.start(waits)));
    expect(await (await sluice.start(quick)).result()).toBe("worked");
    await sluice.emit("go", "went");
    expect(new Set(await Promise.all(waiting.map((run) => run.result())))).toEqual(new Set(["went"]));
  }, 30_000);

  test("one run sees what another has left in the sandbox", async () => {
    const own = workflow({ name: "own" }, async (ctx, name: string) => {
      await ctx.state.run.set("name", name);
      const dice = [ctx.random(), ctx.random()];
      await ctx.sleep("1 hour");
      return { name: await ctx.state.run.get<string>("name"), dice, after: ctx.random() };
    });
    await using engine = await testEngine({ workflows: [own] });
    const alone = await engine.start(own, "a", { id: "run-a" });
    await engine.advance("1 hour");
    const first = await alone.result();
    await using again = await testEngine({ workflows: [own] });
    const runs = [];
    for (const name of ["b", "a", "c"]) runs.push(await again.start(own, name, { id: `run-${name}` }));
    await again.advance("1 hour");
    const results = await Promise.all(runs.map((run) => run.result()));
    expect(results.map((result) => result.name)).toEqual(["b", "a", "c"]);
    // The same run is dealt the same numbers, whoever runs beside it.
    expect(results[1]).toEqual(first);
  });
});

describe("retries", () => {
  test("a service that says when to come back is asked sooner, or much later", async () => {
    const at: number[] = [];
    const polite = workflow({ name: "polite", retry: { attempts: 5, delay: "1s", backoff: "exponential" } }, (ctx) =>
      ctx.step("ask", ({ attempt }) => {
        at.push(attempt);
        if (attempt === 1) throw new RetryAfterError("90s");
        if (attempt === 2) throw new Error("busy");
        return "answered";
      }),
    );
    await using t = testWorkflow(polite);
    const run = await t.start();
    await t.advance("89s");
    expect(at).toEqual([1]);
    await t.advance("1s");
    expect(at).toEqual([1, 2]);
    await t.advance("2s");
    await t.expect(run).toComplete("answered");
  });

  test("a failed run can be retried only from its start, or only with the code it failed on", async () => {
    const did: string[] = [];
    const make = (mended: boolean) =>
      workflow({ name: "import" }, async (ctx) => {
        await ctx.step("read", () => void did.push("read"));
        return ctx.step("write", () => {
          did.push("write");
          if (!mended) throw new Error("disk full");
          return "written";
        });
      });
    const data = folder();
    let id: string;
    {
      const broken = make(false);
      await using sluice = await open({ data, workflows: [broken], version: "1" });
      const run = await sluice.start(broken);
      await untilStatus(run, "failed");
      id = run.id;
    }
    await using sluice = await open({ data, workflows: [make(true)], version: "2" });
    const run = sluice.run(id);
    await run.retry();
    expect(await run.result()).toBe("written");
    expect(did).toEqual(["read", "write", "write"]);
    expect(await (await run.fork()).result()).toBe("written");
    const fresh = await run.fork({ from: "read" });
    expect(await fresh.result()).toBe("written");
    expect(did).toEqual(["read", "write", "write", "read", "write"]);
  });
});

describe("schedules", () => {
  test("there is no cron, or it knows no time zone and ignores its options", async () => {
    const fired: string[] = [];
    const options = { timezone: "Europe/Berlin", catchUp: "one", overlap: "skip" } as const;
    const nightly = workflow({ name: "nightly", triggers: [schedule("30 2 * * *", options)] }, async (ctx) => {
      await ctx.step("note", () => fired.push(new Date(ctx.now()).toISOString()));
      await ctx.sleep("36 hours");
    });
    // Clocks go forward in the night to the 29th: 02:30 is not there, and fires at 03:30 summer time.
    await using t = testWorkflow(nightly, { now: Date.parse("2026-03-27T12:00:00Z") });
    await t.advance("4 days");
    expect(fired).toEqual(["2026-03-28T01:30:00.000Z", "2026-03-30T00:30:00.000Z"]);
  });
});
