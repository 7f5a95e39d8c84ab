// The phases of a failover in a world where everything answers, and what one of them says when somebody does not.
import { expect, test } from "bun:test";
import { act } from "./actions.ts";
import { begun, next, settle } from "./machine.ts";
import type { Attempt, State } from "./machine.ts";
import { World } from "./world.suite.ts";

const attempt: Attempt = {
  id: "fail_1",
  from: "a",
  to: "b",
  mode: "graceful",
  agree: 1,
  dwellMs: 0,
  lossBytesMax: 0,
  catchUpLooksMax: 3,
  catchUpMs: 0,
  overrides: [],
};

/** Goes on with whatever waits for its turn, until it is done. */
async function done<T>(world: World, work: Promise<T>): Promise<T> {
  const still = { going: true };
  const over = (): boolean => (still.going = false);
  void work.then(over, over);
  while (still.going) {
    world.port();
    world.replicate();
    await new Promise((resolve) => setImmediate(resolve));
  }
  return work;
}
/** Nothing is lost, late or repeated. */
const calm = (): World => new World(() => 0.5, true, undefined);

test("each phase is done once, and done again changes nothing", async () => {
  const world = calm();
  world.write("a");
  let state: State = begun;
  for (let command = next(attempt, state, true); command.act !== "end"; command = next(attempt, state, true)) {
    if (command.act === "pause") throw new Error("it was not to pause");
    const phase = command.act;
    await done(world, act(world.desk("engine"), attempt, { state, phase }));
    const outcome = await done(world, act(world.desk("engine"), attempt, { state, phase }));
    if ("waiting" in outcome) throw new Error(outcome.waiting);
    state = settle(attempt, state, outcome);
  }
  expect(state).toMatchObject({ ended: "completed", epoch: 2, proofs: { db: "confirmed" } });
  expect(world.traffic).toBe("b");
  expect(world.site("b")).toMatchObject({ role: "primary", open: true });
  expect(world.site("a").open).toBe(false);
  world.write("b");
  expect(world.acks.map(({ site }) => site)).toEqual(["a", "b"]);
});

test("a phase waits for who has to answer, and the epoch of a later attempt ends it", async () => {
  const world = calm();
  const state: State = { ...begun, phase: "freeze", epoch: 2, before: 1 };
  world.cut.add("engine a");
  expect(await done(world, act(world.desk("engine"), attempt, { state, phase: "freeze" }))).toEqual({
    waiting: "db at a does not answer: no answer",
  });
  world.cut.clear();
  world.take("a", "guard", 3, () => {});
  expect(await done(world, act(world.desk("engine"), attempt, { state, phase: "freeze" }))).toMatchObject({
    refused: "epoch-lost",
  });
  world.takeEpoch("another");
  expect(await done(world, act(world.desk("engine"), attempt, { state, phase: "conclude" }))).toMatchObject({
    refused: "epoch-lost",
  });
});

test("probes are asked until they answer, unless somebody has said to open all the same", async () => {
  const world = calm();
  const probes = [{ name: "web", look: async () => ({ outcome: "failed" as const, reason: "answers 500" }) }];
  const desk = { ...world.desk("engine"), probes, traffic: [] };
  const state: State = { ...begun, phase: "verify", epoch: 2 };
  expect(await act(desk, attempt, { state, phase: "verify" })).toEqual({
    waiting: "Not as it has to be: web: answers 500.",
  });
  const overridden = { ...attempt, overrides: ["verify-failed"] as const };
  expect(await act(desk, overridden, { state, phase: "verify" })).toEqual({
    of: "verify",
    failed: ["web: answers 500"],
  });
});
