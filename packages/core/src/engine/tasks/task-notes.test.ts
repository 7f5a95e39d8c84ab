// What a task says and how it ends go into the store in the order in which they came.
import { afterEach, expect, test } from "bun:test";
import { decodeValue, encodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { EngineFixture, pass } from "../engine-fixture.suite.ts";
import { TaskPeer } from "../task-peer.suite.ts";
import type { Order } from "../task-peer.suite.ts";

let fixture: EngineFixture;
afterEach(() => fixture.engine.stop(0));

test("what a task says in the turn of its end is kept, before a result and before a failure", async () => {
  const clock = new SimulatedClock(Date.UTC(2026, 0, 1));
  const retrying = workflow({ name: "retrying" }, (ctx) => ctx.task("resize", 1, { retry: { attempts: 2, delay: 1 } }));
  fixture = await EngineFixture.start({ workflows: [retrying], clock });
  const peer = new TaskPeer(fixture.engine, "p1");
  const run = await fixture.run(retrying);
  const say = ({ task: id, epoch }: Order, message: string, progress: number): void =>
    peer.say({ type: "note", task: id, epoch, at: 5, level: "info", message, progress: encodeValue(progress) });
  const first = await peer.next();
  say(first, "it will fail", 0.1);
  peer.fail(first, new Error("busy"));
  await pass(clock, 1);
  const second = await peer.next();
  say(second, "one", 0.5);
  say(second, "two", 1);
  peer.done(second, "made");
  expect(await fixture.ended(run)).toMatchObject({ output: "made" });
  const lines = await fixture.store.listLogs({ run, after: 0, limit: 10 });
  expect(lines.map(({ message }) => message)).toEqual(["it will fail", "one", "two"]);
  const { progress } = (await fixture.store.getRun({ run })) ?? {};
  expect(progress === undefined ? undefined : decodeValue(progress)).toBe(1);
  expect(fixture.engine.counters.stale_writes ?? 0).toBe(0);
});
