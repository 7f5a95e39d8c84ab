// The updates of one run: what a follower hears who comes while much happens at once.
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { RunUpdate } from "@sluice/core";
import { workflow } from "@sluice/sdk";
import { HttpFixture } from "./http-fixture.ts";
import { RunFeed } from "./run-feed.ts";
import type { FeedEvent } from "./run-feed.ts";

const waits = workflow({ name: "waits" }, async (ctx) => {
  await ctx.step("first", () => 1);
  return ctx.waitFor<string>("go");
});

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({ workflows: [waits] });
});
afterAll(async () => f[Symbol.asyncDispose]());

test("a beginning that comes after its end was read from the journal is not told; those that follow are", async () => {
  const { body } = await f.post("/api/v1/workflows/waits/runs", {});
  const run: string = body.run.id;
  await f.until(run, "waiting");
  const clock = { now: () => 7, after: () => () => undefined };
  const limits = { heartbeatMs: 1_000, watchBytesMax: 1_000, watchUpdatesMax: 100 };
  const feed = new RunFeed({ engine: f.engine, clock, limits }, { run, after: 0, closed: () => undefined });
  const told: FeedEvent[] = [];
  const step = (seq: number, more: object): RunUpdate => {
    return { run, type: "step", at: 5, data: { seq, kind: "step", name: `s${seq}`, ...more } };
  };
  // As the engine tells it that has committed both and comes to the first of them now.
  f.engine.watchers.publish(step(0, { status: "running", attempt: 1 }));
  const isTold = (seq: number, status: string) =>
    told.some(({ data }) => data["seq"] === seq && data["status"] === status);
  while (!isTold(0, "completed")) told.push(...((await feed.next()) ?? []));
  f.engine.watchers.publish(step(0, { status: "running", attempt: 1 }));
  f.engine.watchers.publish({ ...step(0, { status: "completed" }), id: 1 });
  f.engine.watchers.publish(step(2, { status: "running", attempt: 1 }));
  while (!isTold(2, "running")) told.push(...((await feed.next()) ?? []));
  expect(isTold(0, "running")).toBe(false);
  // A retry does again what the journal has lost.
  f.engine.watchers.publish({ run, type: "run", at: 6, data: { status: "queued", statusReason: null } });
  f.engine.watchers.publish(step(0, { status: "running", attempt: 1 }));
  while (!isTold(0, "running")) told.push(...((await feed.next()) ?? []));
  feed.close();
  expect(await feed.next()).toBeUndefined();
});
