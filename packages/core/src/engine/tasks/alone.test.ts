// Who may have taken a worker down, and workers that are kept for one task.
import { describe, expect, test } from "bun:test";
import { normalizeRetry } from "@sluice/protocol";
import { ActiveTask } from "./active-task.ts";
import { AloneTasks, Charges, goesAlone, poisonOf } from "./alone.ts";
import { hasRoom, plainOffer } from "./offer.ts";
import type { TaskWorker } from "./offer.ts";

const somePlan = { retry: normalizeRetry({}), key: "k" };
const workerOf = (id: string, held = 0, tasks = ["resize"]): TaskWorker => ({
  link: { id, send: () => undefined },
  offer: plainOffer,
  remote: true,
  version: "",
  tasks: new Set(tasks),
  leaving: false,
  held: new Map(Array.from({ length: held }, (_, n) => [`other ${n}`, somePlan])),
});
const taskOf = (name: string): ActiveTask =>
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
      plan: somePlan,
      epoch: 1,
      attempt: 1,
      createdAt: 0,
    },
    true,
  );

describe("AloneTasks", () => {
  test("keep the worker with the least to do, which gets nothing new and begins when it is empty", () => {
    const alone = new AloneTasks();
    const [busy, quiet, other] = [workerOf("busy", 3), workerOf("quiet", 1), workerOf("other", 0, ["crop"])];
    const [a, b] = [taskOf("a"), taskOf("b")];
    expect(alone.add(a, [busy, quiet, other])).toBe(quiet);
    expect([hasRoom(quiet, somePlan), hasRoom(busy, somePlan)]).toEqual([false, true]);
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
    expect(hasRoom(quiet, somePlan)).toBe(true);
  });

  test("look for another worker when theirs is gone, and give it free when they are not wanted any more", () => {
    const alone = new AloneTasks();
    const [first, second] = [workerOf("first"), workerOf("second", 1)];
    const a = taskOf("a");
    expect(alone.add(a, [first])).toBe(first);
    alone.left(first);
    expect(alone.next(second)).toBeUndefined();
    expect(hasRoom(second, somePlan)).toBe(false);
    expect(alone.remove(a)).toBe(second);
    expect([hasRoom(second, somePlan), alone.size, alone.remove(a)]).toEqual([true, 0, undefined]);
  });
});

const remote = (): TaskWorker => ({
  link: { id: "w1", send: () => undefined },
  offer: plainOffer,
  remote: true,
  version: "",
  tasks: new Set(["resize"]),
  leaving: false,
  held: new Map(),
});

function given(worker: TaskWorker, name: string, isOut = true): ActiveTask {
  const plan = { retry: normalizeRetry({}), key: name };
  const record = { task: name, place: 1, run: "r", workflow: "w", version: "", seq: 0, name: "resize", plan };
  const task = new ActiveTask({ ...record, input: new Uint8Array(0), epoch: 1, attempt: 1, createdAt: 0 }, true);
  task.take(worker);
  task.isOut = isOut;
  return task;
}

const gone = { crashed: false, executing: [], message: "the connection was closed", unexplained: true } as const;

describe("Charges", () => {
  test("are for whatever was executing on a machine that is gone, and fatal only for what was there alone", () => {
    const worker = remote();
    const tasks = [given(worker, "a"), given(worker, "b"), given(worker, "on its way", false)];
    const charges = new Charges(tasks, { worker, loss: gone, crashesMax: 1 });
    expect(tasks.map((task) => charges.to(task))).toEqual([false, false, false]);
    expect(tasks.map(({ charges: each }) => [...each])).toEqual([
      [[1, "w1: the connection was closed"]],
      [[1, "w1: the connection was closed"]],
      [],
    ]);
    const alone = remote();
    const task = given(alone, "a");
    expect(new Charges([task], { worker: alone, loss: gone, crashesMax: 1 }).to(task)).toBe(true);
    expect(poisonOf(task)).toMatchObject({ code: "poison", details: { losses: ["w1: the connection was closed"] } });
  });

  test("are for those alone that the flight recorder names, where there is one", () => {
    const worker = remote();
    const [a, b] = [given(worker, "a"), given(worker, "b")];
    const loss = { crashed: true, executing: [{ run: "b", step: "task resize" }], message: "exit code 139" };
    const charges = new Charges([a, b], { worker, loss, crashesMax: 1 });
    expect([charges.to(a), charges.to(b)]).toEqual([false, true]);
  });

  test("are for nobody where a worker left in order, or something else may have been it", () => {
    const worker = remote();
    const a = given(worker, "a");
    const left = { crashed: false, executing: [], message: "it was removed" };
    expect(new Charges([a], { worker, loss: left, crashesMax: 1 }).to(a)).toBe(false);
    expect(a.charges.size).toBe(0);
    worker.held.set("revoked 1", a.plan);
    expect(new Charges([a], { worker, loss: gone, crashesMax: 1 }).to(a)).toBe(false);
    expect(a.charges.size).toBe(1);
  });
});

test("a task goes alone when the next loss may be its last", () => {
  const task = given(remote(), "a");
  expect([goesAlone(task, 3), goesAlone(task, 1)]).toEqual([false, false]);
  task.charges.set(1, "lost");
  expect([goesAlone(task, 3), goesAlone(task, 2), goesAlone(task, 1)]).toEqual([false, true, true]);
  task.charges.set(2, "lost");
  expect(goesAlone(task, 3)).toBe(true);
});
