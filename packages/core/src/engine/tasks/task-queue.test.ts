// The order in which waiting tasks are given out.
import { describe, expect, test } from "bun:test";
import { normalizeRetry } from "@sluice/protocol";
import type { TaskPlan } from "@sluice/protocol";
import { shapeOf, TaskQueue } from "./task-queue.ts";

const plan: TaskPlan = { retry: normalizeRetry({}), key: "k" };
const made = (task: string, workflow = "w", more: Partial<TaskPlan> = {}) => ({
  task,
  workflow,
  name: "resize",
  plan: { ...plan, ...more },
});
const any = (): boolean => true;

describe("TaskQueue", () => {
  test("serves workflows in turn, and each in order", () => {
    const queue = new TaskQueue();
    for (const task of [made("a1", "a"), made("a2", "a"), made("a3", "a"), made("b1", "b")]) queue.add(task);
    expect(queue.size).toBe(4);
    expect([1, 2, 3, 4, 5].map(() => queue.next(any)?.task)).toEqual(["a1", "b1", "a2", "a3", undefined]);
    expect(queue.size).toBe(0);
  });

  test("passes over what does not fit, without losing its place", () => {
    const queue = new TaskQueue();
    const gpu = made("gpu", "w", { on: { labels: ["gpu"] } });
    queue.add(gpu);
    queue.add(made("plain"));
    expect(queue.next(({ plan: { on } }) => on === undefined)?.task).toBe("plain");
    expect(queue.next(({ plan: { on } }) => on === undefined)).toBeUndefined();
    expect(queue.next(any)).toBe(gpu);
  });

  test("lets go of a task once, and takes it once", () => {
    const queue = new TaskQueue();
    const task = made("t");
    queue.add(task);
    queue.add(task);
    expect(queue.size).toBe(1);
    expect(queue.remove(task)).toBe(true);
    expect(queue.remove(task)).toBe(false);
  });

  test("tells apart what may go to other workers", () => {
    expect(shapeOf(made("a"))).toBe(shapeOf(made("b")));
    expect(shapeOf(made("a", "w", { on: { runtime: "bun" } }))).not.toBe(shapeOf(made("a")));
    expect(shapeOf(made("a", "w", { resources: { cpu: 1 } }))).not.toBe(
      shapeOf(made("a", "w", { resources: { cpu: 2 } })),
    );
  });
});
