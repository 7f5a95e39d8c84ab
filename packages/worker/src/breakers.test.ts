// Steps behind circuit breakers: asked for before each attempt, told with it, and nothing for steps without one.
import { expect, test } from "bun:test";
import { decodeErrorValue } from "@sluice/protocol";
import type { BreakerMark, RunOp, WorkerToEngine } from "@sluice/protocol";
import { NonRetryableError, workflow } from "@sluice/sdk";
import type { CircuitBreaker, Context, StepOptions } from "@sluice/sdk";
import { PlayedEngine } from "./played-engine.suite.ts";

const breaker: CircuitBreaker = { name: "payments", failureThreshold: 2, recoveryTimeout: "1s" };
const plan = { name: "payments", threshold: 2, recovery: 1_000, probes: 1 };

function rig(step: (ctx: Context) => Promise<unknown>) {
  const engine = new PlayedEngine([workflow({ name: "flow" }, step)]);
  const asked = (): readonly WorkerToEngine[] =>
    engine.messages.splice(0).filter((message) => message.type === "admit");
  return { engine, asked };
}

const markOf = (op: RunOp | undefined): BreakerMark | undefined =>
  op?.op === "done" || op?.op === "retry" ? op.breaker : undefined;

test("a step without a breaker asks nothing", async () => {
  const { engine, asked } = rig((ctx) => ctx.step("plain", () => 1));
  await engine.assign();
  expect(asked()).toEqual([]);
});

test.each<[what: string, body: () => unknown, more: Partial<CircuitBreaker>, outcome: BreakerMark["outcome"]]>([
  ["a success", () => 7, {}, "ok"],
  ["a failure", () => Promise.reject(new Error("no answer")), {}, "failed"],
  ["an error about what was asked", () => Promise.reject(new NonRetryableError("no such order")), {}, "ignored"],
  [
    "one that is not among those expected",
    () => Promise.reject(new Error("no")),
    { expectedErrors: ["ETIMEDOUT"] },
    "ignored",
  ],
  [
    "one whose judge fails itself",
    () => Promise.reject(new Error("no")),
    {
      expectedErrors: () => {
        throw new Error("judge");
      },
    },
    "ignored",
  ],
])("%s is told with the attempt", async (_what, body, more, outcome) => {
  const { engine, asked } = rig((ctx) => ctx.step("pay", body, { circuitBreaker: { ...breaker, ...more } }));
  await engine.assign();
  expect(asked()).toEqual([{ type: "admit", request: "1", breaker: plan }]);
  await engine.say({ type: "admitted", request: "1", round: 4 });
  expect(engine.ops().map(markOf)).toEqual([{ ...plan, round: 4, outcome }]);
});

test("an attempt that is not let in does not run, fails with CircuitOpenError, and is made again when it may", async () => {
  let calls = 0;
  const options: StepOptions<number> = { circuitBreaker: breaker, retry: { attempts: 3, delay: 10 } };
  const { engine, asked } = rig((ctx) => ctx.step("pay", () => ++calls, options));
  await engine.assign();
  asked();
  await engine.say({ type: "admitted", request: "1", retry: engine.clock.now() + 900 });
  const [retry] = engine.ops();
  if (retry?.op !== "retry") throw new Error("there was no retry");
  expect([calls, retry.delay, retry.breaker]).toEqual([0, 900, undefined]);
  expect(decodeErrorValue(retry.error)).toMatchObject({
    name: "CircuitOpenError",
    code: "circuit_open",
    details: { breaker: "payments" },
  });
  await engine.events({ event: "wake", seq: 0 });
  await engine.say({ type: "admitted", request: "2", round: 1 });
  expect(calls).toBe(1);
  expect(engine.ops().map((op) => markOf(op)?.outcome)).toEqual(["ok"]);
});

test("a run that is cancelled while an attempt waits to be let in does not run it", async () => {
  let calls = 0;
  const { engine } = rig((ctx) => ctx.step("pay", () => ++calls, { circuitBreaker: breaker }));
  await engine.assign();
  await engine.events({ event: "cancel", status: "cancelled", reason: "cancelled_by_user", message: "no" });
  await engine.say({ type: "admitted", request: "1", round: 0 });
  await engine.clock.pass(10_000);
  expect(calls).toBe(0);
  expect(engine.ops().map((op) => op.op)).toContain("finish");
});

test("time in which an attempt waits to be let in is not its own", async () => {
  const { engine } = rig((ctx) => ctx.step("pay", () => 1, { circuitBreaker: breaker, timeout: 100 }));
  await engine.assign();
  await engine.clock.pass(5_000);
  await engine.say({ type: "admitted", request: "1", round: 0 });
  expect(engine.ops().map((op) => (op.op === "done" ? op.error : op.op))).toEqual(["started", undefined]);
});

test("a breaker that makes no sense is refused where it is written", async () => {
  const { engine } = rig(async (ctx) => ctx.step("pay", () => 1, { circuitBreaker: { name: "" } }));
  await engine.assign();
  const finish = engine.ops().find((op) => op.op === "finish");
  expect(finish?.op === "finish" ? decodeErrorValue(finish.error ?? new Uint8Array(0)).code : "").toBe(
    "invalid_workflow",
  );
});
