// What people complain about in engines like this one, as regressions: events, deploys, and what it takes to run them. Each
// test is named after what went wrong elsewhere.
import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { open, workflow } from "sluice";
import type { Context } from "sluice";
import { testWorkflow } from "sluice/testing";
import { aTurn, killAll, startServer, writeProject } from "../server-process.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-complaints-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

test("an event that comes before its wait is lost", async () => {
  const order = workflow({ name: "order" }, async (ctx, id: number) => {
    await ctx.sleep("busy", "1 hour");
    const paid = await ctx.waitFor<number>("paid", { key: `order-${id}` });
    const unkeyed = await ctx.waitFor<string>("news");
    return [paid, unkeyed];
  });
  await using t = testWorkflow(order);
  await t.emit("paid", 12, { key: "order-7" });
  const run = await t.start(7);
  await t.emit("news", "rain");
  await t.advance("1 hour");
  await t.expect(run).toComplete([12, "rain"]);
});

test("a run that waits for an event wakes slowly", async () => {
  const waits = workflow({ name: "waits" }, (ctx) => ctx.waitFor<number>("go"));
  await using sluice = await open({ data: join(work, "wakes"), workflows: [waits], durability: "relaxed" });
  const tookMs: number[] = [];
  for (let round = 0; round < 20; round++) {
    const run = await sluice.start(waits);
    while ((await run.get()).status !== "waiting") await aTurn();
    const before = performance.now();
    await sluice.emit("go", round);
    expect(await run.result()).toBe(round);
    tookMs.push(performance.now() - before);
  }
  // Nothing polls: an engine that looks every second cannot pass, one that is told passes on any machine.
  expect(tookMs.toSorted((a, b) => a - b)[10]).toBeLessThan(100);
});

const make = (body: (ctx: Context) => Promise<unknown>) => workflow({ name: "order" }, body);
const before = make(async (ctx) => {
  await ctx.step("charge", () => 1);
  await ctx.waitFor("shipped");
  return "old";
});

test("a deploy breaks the replay of runs in flight", async () => {
  const data = join(work, "deploys");
  let id: string;
  {
    await using sluice = await open({ data, workflows: [before], version: "1" });
    const run = await sluice.start(before);
    while ((await run.get()).status !== "waiting") await aTurn();
    id = run.id;
  }
  const changed = make(async (ctx) => {
    await ctx.step("check stock", () => 1);
    await ctx.step("charge", () => 1);
    await ctx.waitFor("shipped");
    return "new";
  });
  {
    await using sluice = await open({ data, workflows: [changed], version: "2" });
    await sluice.emit("shipped");
    const run = sluice.run(id);
    while ((await run.get()).statusReason !== "replay_check_failed") await aTurn();
    expect((await run.get()).error?.message).toContain('recorded as step "charge"');
  }
  const guarded = make(async (ctx) => {
    if (ctx.patched("stock")) await ctx.step("check stock", () => 1);
    await ctx.step("charge", () => 1);
    await ctx.waitFor("shipped");
    return "new";
  });
  await using sluice = await open({ data, workflows: [guarded], version: "3" });
  expect(await sluice.run(id).result()).toBe("new");
});

test("that a deploy breaks a replay is seen only in production", async () => {
  await using recording = testWorkflow(before);
  const run = await recording.start();
  await recording.emit("shipped");
  const fixture = await recording.export(run);
  await using t = testWorkflow(
    make(async (ctx) => {
      await ctx.step("pay", () => 1);
      await ctx.waitFor("shipped");
      return "old";
    }),
  );
  expect(t.replay(fixture)).rejects.toThrow('recorded as step "charge", but the code now asks for step "pay"');
});

test("two processes work on one embedded store, and execute a workflow twice", async () => {
  const data = join(work, "embedded");
  await using first = await open({ data, workflows: [before] });
  expect(await first.runs()).toMatchObject({ runs: [] });
  expect(open({ data, workflows: [before] })).rejects.toMatchObject({ code: "data_folder_locked" });
});

test("hosting it oneself takes many services and gigabytes, and Bun does not run it", async () => {
  const project = join(work, "project");
  writeProject(project, {
    "workflows/hello.ts": `
import { workflow } from "sluice";
export const hello = workflow({ name: "hello" }, (ctx) => ctx.step("runtime", () => process.versions.bun !== undefined));
`,
  });
  const server = await startServer({ project, data: join(work, "data") });
  try {
    const status = readFileSync(`/proc/${server.process.pid}/status`, "utf8");
    const residentKb = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
    expect(residentKb).toBeGreaterThan(0);
    expect(residentKb / 1024).toBeLessThan(200);
    const answer = await fetch(`${server.url}/api/v1/workflows/hello/runs?wait=10s`, {
      method: "POST",
      headers: { authorization: "Bearer a-token-for-tests-only", "content-type": "application/json" },
      body: "{}",
    });
    expect(await answer.json()).toMatchObject({ run: { status: "completed", output: true } });
  } finally {
    await killAll(server);
  }
}, 30_000);
