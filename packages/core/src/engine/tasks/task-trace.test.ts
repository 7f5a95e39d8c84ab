// The span of an attempt, told to whoever does the task: also after a restart, and for each attempt its own.
import { afterEach, expect, test } from "bun:test";
import { formatTraceparent, spanIdOf } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { EngineFixture, rest } from "../engine-fixture.suite.ts";
import type { FixtureOptions } from "../engine-fixture.suite.ts";
import { TaskPeer } from "../task-peer.suite.ts";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const trace = `00-${traceId}-b7ad6b7169203331-01`;
const calls = workflow({ name: "calls" }, async (ctx, input: unknown) => {
  await ctx.step("before", () => 1);
  return ctx.task("resize", input, { retry: { attempts: 3, delay: 0 } });
});

const open: EngineFixture[] = [];
async function start(options: FixtureOptions): Promise<EngineFixture> {
  const fixture = await EngineFixture.start(options);
  open.push(fixture);
  return fixture;
}
afterEach(async () => {
  for (const fixture of open.splice(0)) if (!fixture.dead) await fixture.engine.stop(0);
});

const spanOf = (run: string, attempt: number): string =>
  formatTraceparent({ traceId, spanId: spanIdOf(run, 1, attempt), sampled: true });

test("a task is given the span of its attempt, which is another for the next one", async () => {
  const fixture = await start({ workflows: [calls] });
  const peer = new TaskPeer(fixture.engine, "far");
  const run = await fixture.run(calls, 1, { trace });
  const first = await peer.next();
  expect(first.trace).toBe(spanOf(run, 1));
  peer.fail(first, new Error("again"));
  const second = await peer.next();
  expect([second.attempt, second.trace]).toEqual([2, spanOf(run, 2)]);
  peer.done(second, "done");
  expect(await fixture.ended(run)).toMatchObject({ output: "done" });
});

test("a task that is given out after a restart is in the same trace", async () => {
  const store = new MemoryRunStore();
  const fixture = await start({ workflows: [calls], store });
  const peer = new TaskPeer(fixture.engine, "far");
  const run = await fixture.run(calls, 1, { trace });
  await peer.next();
  fixture.crash();
  const next = await start({ workflows: [calls], store });
  const order = await new TaskPeer(next.engine, "far").next();
  expect(order.trace).toBe(spanOf(run, 1));
});

test("a task of a run that is part of no trace is told of none", async () => {
  const fixture = await start({ workflows: [calls] });
  const peer = new TaskPeer(fixture.engine, "far");
  await fixture.run(calls, 1);
  expect(await peer.next()).not.toHaveProperty("trace");
  await rest();
});
