// A task in memory: its place on a worker, its timers, its chance.
import { describe, expect, test } from "bun:test";
import { normalizeRetry } from "@sluice/protocol";
import { ActiveTask } from "./active-task.ts";
import { plainOffer, ticketOf } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";

const record = {
  task: "task_1",
  place: 1,
  run: "r",
  workflow: "w",
  version: "v",
  seq: 0,
  name: "resize",
  input: new Uint8Array(),
  plan: { retry: normalizeRetry({}), key: "r:0" },
  epoch: 3,
  attempt: 1,
  createdAt: 0,
};
const worker = (): TaskWorker => ({
  link: { id: "w", send: () => undefined },
  offer: plainOffer,
  remote: false,
  version: "",
  tasks: new Set(["resize"]),
  leaving: false,
  held: new Map(),
});

describe("ActiveTask", () => {
  test("takes its place under the epoch it will be given out with", () => {
    const [fresh, known] = [worker(), worker()];
    new ActiveTask(record, true).take(fresh);
    new ActiveTask(record, false).take(known);
    expect([...fresh.held.keys()]).toEqual([ticketOf("task_1", 3)]);
    expect([...known.held.keys()]).toEqual([ticketOf("task_1", 4)]);
  });

  test("keeps the place of one that was told of it, until that has stopped", () => {
    const it = worker();
    const task = new ActiveTask(record, true);
    task.take(it);
    task.leaveWorker();
    expect(it.held.size).toBe(0);
    task.take(it);
    task.isOut = true;
    task.leaveWorker();
    expect([it.held.size, task.worker, task.isOut]).toEqual([1, undefined, false]);
  });

  test("stops the timers of an attempt, and its last one only with all", () => {
    const stopped: string[] = [];
    const task = new ActiveTask(record, true);
    task.timer(() => stopped.push("attempt"));
    task.beat(() => stopped.push("first beat"));
    task.beat(() => stopped.push("second beat"));
    task.untilOver(() => stopped.push("end"));
    task.stopTimers();
    expect(stopped).toEqual(["first beat", "attempt", "second beat"]);
    task.stopTimers(true);
    expect(stopped.at(-1)).toBe("end");
  });

  test("has a chance of its own for each attempt, the same each time", () => {
    const task = new ActiveTask(record, true);
    const first = task.chance();
    expect(new ActiveTask(record, true).chance()).toBe(first);
    task.attempt = 2;
    expect(task.chance()).not.toBe(first);
    expect(first).toBeGreaterThanOrEqual(0);
    expect(first).toBeLessThan(1);
  });
});
