// Workers that are kept for one task.
import { describe, expect, test } from "bun:test";
import { normalizeRetry } from "@sluice/protocol";
import { ActiveTask } from "./active-task.ts";
import { AloneTasks } from "./alone.ts";
import { hasRoom, plainOffer } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";

const plan = { retry: normalizeRetry({}), key: "k" };
const worker = (id: string, held = 0, tasks = ["resize"]): TaskWorker => ({
  link: { id, send: () => undefined },
  offer: plainOffer,
  remote: true,
  version: "",
  tasks: new Set(tasks),
  leaving: false,
  held: new Map(Array.from({ length: held }, (_, n) => [`other ${n}`, plan])),
});
const task = (name: string): ActiveTask =>
  new ActiveTask(
    {
      task: name,
      place: 1,
      run: "r",
      workflow: "w",
      version: "",
      seq: 0,
      name: "resize",
      input: new Uint8Array(0),
      plan,
      epoch: 1,
      attempt: 1,
      createdAt: 0,
    },
    true,
  );

describe("AloneTasks", () => {
  test("keep the worker with the least to do, which gets nothing new and begins when it is empty", () => {
    const alone = new AloneTasks();
    const [busy, quiet, other] = [worker("busy", 3), worker("quiet", 1), worker("other", 0, ["crop"])];
    const [a, b] = [task("a"), task("b")];
    expect(alone.add(a, [busy, quiet, other])).toBe(quiet);
    expect([hasRoom(quiet, plan), hasRoom(busy, plan)]).toEqual([false, true]);
    expect(alone.next(quiet)).toBeUndefined();
    quiet.held.clear();
    expect(alone.next(quiet)).toBe(a);
    a.take(quiet);
    // While it is there nobody comes in, and whoever is next waits for it to end.
    expect(alone.add(b, [quiet])).toBeUndefined();
    expect([alone.next(quiet), alone.size]).toEqual([undefined, 1]);
    quiet.held.clear();
    expect(alone.next(quiet)).toBe(b);
    b.take(quiet);
    quiet.held.clear();
    expect(alone.next(quiet)).toBeUndefined();
    expect(hasRoom(quiet, plan)).toBe(true);
  });

  test("look for another worker when theirs is gone, and give it free when they are not wanted any more", () => {
    const alone = new AloneTasks();
    const [first, second] = [worker("first"), worker("second", 1)];
    const a = task("a");
    expect(alone.add(a, [first])).toBe(first);
    alone.left(first);
    expect(alone.next(second)).toBeUndefined();
    expect(hasRoom(second, plan)).toBe(false);
    expect(alone.remove(a)).toBe(second);
    expect([hasRoom(second, plan), alone.size, alone.remove(a)]).toEqual([true, 0, undefined]);
  });
});
