import { expect, test } from "bun:test";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { start } from "../identity.fixture.suite.ts";
import { Activity } from "./activity.ts";

type Touch = Parameters<MemoryRunStore["identity"]["touch"]>[0];

function noted(fails = false) {
  const clock = new SimulatedClock(start);
  const { identity } = new MemoryRunStore();
  const touches: Touch[] = [];
  const logged: string[] = [];
  const touch = identity.touch.bind(identity);
  identity.touch = async (p) => {
    touches.push(p);
    if (fails) throw new Error("The disk is full.");
    return touch(p);
  };
  const log = (_: unknown, message: string): void => void logged.push(message);
  const limits = { touchMs: 1_000, principalsCachedMax: 3 };
  return { activity: new Activity({ store: identity, clock, log, limits }), clock, touches, logged };
}

test("uses are written together, each with the last time only", async () => {
  const { activity, clock, touches } = noted();
  activity.sessionUsed("s");
  activity.tokenUsed("t");
  clock.advance(600);
  activity.sessionUsed("s");
  expect(touches).toEqual([]);
  clock.advance(400);
  expect(touches).toEqual([{ sessions: [{ id: "s", at: start + 600 }], tokens: [{ id: "t", at: start }] }]);
  await activity.flush();
  expect(touches).toHaveLength(1);
  expect(clock.pending).toBe(0);
});

test("the last use is known before it is written, and never earlier than what was written", () => {
  const { activity, clock } = noted();
  clock.advance(5);
  activity.sessionUsed("s");
  expect(activity.seenAt("s", start)).toBe(start + 5);
  expect(activity.seenAt("s", start + 9)).toBe(start + 9);
  expect(activity.seenAt("other", start)).toBe(start);
});

test("a store that fails does not stop anybody: it is said in the log", async () => {
  const { activity, logged, touches } = noted(true);
  activity.sessionUsed("s");
  await activity.flush();
  expect(touches).toHaveLength(1);
  expect(logged).toEqual(["Last uses of sessions and tokens could not be written."]);
});

test("not more is kept in memory than the limit says", () => {
  const { activity } = noted();
  for (let n = 0; n < 10; n++) activity.sessionUsed(`s${n}`);
  expect(activity.seenAt("s0", 1)).toBe(1);
  expect(activity.seenAt("s9", 1)).toBe(start);
});
