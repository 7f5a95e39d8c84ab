// A worker beside the engine: messages pass as they are, in order, never inside the call that sends them.
import { expect, test } from "bun:test";
import { encodeValue } from "@sluice/protocol";
import type { EngineToWorker, RunAssignment, WorkerToEngine } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import { AsyncStepScope } from "./bun-step-scope.ts";
import { attachInProcess } from "./in-process.ts";
import { workerLimits } from "./limits.ts";
import { PlayedClock } from "./played-engine.suite.ts";

function assignment(run: string): RunAssignment {
  const never = {
    epoch: 1,
    workflow: "flow",
    version: "v1",
    created: 0,
    started: 0,
    attempt: 1,
    generation: 0,
    tags: [],
  };
  return { ...never, run, input: encodeValue(run), ord: 0, journal: [], url: "" };
}

test("what an engine sends in one turn arrives together in the next, in order", async () => {
  const clock = new PlayedClock();
  const seen: string[] = [];
  const flow = workflow({ name: "flow" }, async (_ctx, input: string) => {
    seen.push(input);
    return input;
  });
  const received: WorkerToEngine[] = [];
  let send: ((messages: readonly EngineToWorker[]) => void) | undefined;
  const worker = attachInProcess(
    {
      attach: (link) => {
        expect(link.id).toBe("w");
        send = (messages) => link.send(messages);
        return { receive: (message) => void received.push(message) };
      },
    },
    { id: "w", version: "v1", workflows: [flow], clock, limits: workerLimits, stepScope: new AsyncStepScope() },
  );
  worker.deploy();
  expect(received).toMatchObject([{ type: "deploy", worker: "w", version: "v1", workflows: [{ name: "flow" }] }]);
  send?.([{ type: "assign", assignment: assignment("a") }]);
  send?.([
    { type: "assign", assignment: assignment("b") },
    { type: "assign", assignment: assignment("c") },
  ]);
  expect(seen).toEqual([]);
  expect(clock.turnsWanted).toBe(1);
  await clock.next();
  expect(seen).toEqual(["a", "b", "c"]);
  await clock.rest();
  expect(received.slice(1).map((message) => (message.type === "ops" ? message.run : message.type))).toEqual([
    "a",
    "b",
    "c",
  ]);
  send?.([{ type: "events", run: "a", epoch: 1, events: [{ event: "drop" }] }]);
  expect(worker.size).toBe(3);
  await clock.next();
  expect(worker.size).toBe(2);
});

test("a run that a step function starts is no part of that step", async () => {
  const clock = new PlayedClock();
  const stepScope = new AsyncStepScope();
  const seen: unknown[] = [];
  const flow = workflow({ name: "flow" }, async () => seen.push(stepScope.current));
  let send: ((messages: readonly EngineToWorker[]) => void) | undefined;
  const engine = {
    attach: (link: { send(messages: readonly EngineToWorker[]): void }) => {
      send = (messages) => link.send(messages);
      return { receive: () => undefined };
    },
  };
  attachInProcess(engine, { id: "w", version: "v1", workflows: [flow], clock, limits: workerLimits, stepScope });
  const step = { seq: 0, name: "starts another", attempt: 1, lines: 0, pieces: 0 };
  const turned = stepScope.run(step, () => {
    send?.([{ type: "assign", assignment: assignment("a") }]);
    // The turn of the event loop that follows belongs to the step.
    return clock.next();
  });
  await turned;
  expect(seen).toEqual([undefined]);
});
