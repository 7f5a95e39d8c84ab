import { expect, test } from "bun:test";
import { normalizeRetry } from "@sluice/protocol";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { ActiveTask } from "./active-task.ts";
import { plainOffer, ticketOf } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";
import { StoppingTasks } from "./stopping.ts";

function taskOf(run: string, task: string): ActiveTask {
  const plan = { retry: normalizeRetry({}), key: task, resources: { cpu: 2 } };
  const of = { task, run, workflow: "w", version: "v", seq: 0, name: "resize", input: new Uint8Array(), plan };
  return new ActiveTask({ ...of, place: 0, createdAt: 0, epoch: 1, attempt: 1 }, true);
}
function workerOf(id: string): TaskWorker {
  const link = { id, send: () => undefined };
  return { link, offer: plainOffer, remote: true, version: "", tasks: new Set(), leaving: false, held: new Map() };
}
async function isOver(waits: Promise<void> | undefined): Promise<boolean> {
  return waits === undefined || Promise.race([waits.then(() => true), Promise.resolve().then(() => false)]);
}

test("a run waits for all of its tasks, and no other does", async () => {
  const stopping = new StoppingTasks(new SimulatedClock(0), 1_000);
  const worker = workerOf("w");
  for (const task of ["a", "b"]) {
    worker.held.set(ticketOf(task, 1), { retry: normalizeRetry({}), key: task });
    stopping.add(taskOf("r", task), "w");
  }
  const over = stopping.ofRun("r");
  expect([stopping.ofRun("other"), over]).toEqual([undefined, expect.any(Promise)]);
  expect(stopping.freed(worker, "a 1")).toBe(true);
  expect(await isOver(over)).toBe(false);
  // Said again by whoever had it; under another epoch nobody had it.
  expect([stopping.freed(worker, "a 1"), stopping.freed(worker, "b 2"), stopping.freed(undefined, "b 1")]).toEqual([
    false,
    false,
    false,
  ]);
  expect(await isOver(over)).toBe(false);
  stopping.freed(worker, "b 1");
  await over;
  expect(stopping.ofRun("r")).toBeUndefined();
});

test("a worker that is gone takes them along, but for those it comes back with, which keep their place", async () => {
  const stopping = new StoppingTasks(new SimulatedClock(0), 1_000);
  stopping.add(taskOf("r1", "a"), "w");
  stopping.add(taskOf("r2", "b"), "w");
  stopping.add(taskOf("r3", "c"), "other");
  stopping.left("w", new Set(["b 1"]));
  expect(stopping.ofRun("r1")).toBeUndefined();
  expect([stopping.ofRun("r2"), stopping.ofRun("r3")]).toEqual([expect.any(Promise), expect.any(Promise)]);
  const again = workerOf("w");
  stopping.cameBack(again, "b 1");
  stopping.cameBack(again, "unknown 1");
  expect([...again.held].map(([ticket, { resources }]) => [ticket, resources])).toEqual([["b 1", { cpu: 2 }]]);
  stopping.freed(again, "b 1");
  expect(stopping.ofRun("r2")).toBeUndefined();
});

test("nobody waits longer than is said, and no timer is left behind", async () => {
  const clock = new SimulatedClock(0);
  const stopping = new StoppingTasks(clock, 1_000);
  stopping.add(taskOf("r", "a"), "w");
  const over = stopping.ofRun("r");
  clock.advance(999);
  expect(await isOver(over)).toBe(false);
  clock.advance(1);
  await over;
  stopping.add(taskOf("r", "b"), "w");
  stopping.end();
  expect(stopping.ofRun("other")).toBeUndefined();
});
