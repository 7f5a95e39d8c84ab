import { expect, test } from "bun:test";
import { Fixture, op } from "./fixture.suite.ts";

test("the start of a step is journaled when it has an undo, and only then", async () => {
  const f = new Fixture();
  await f.hot("a");
  const plain = { op: "started", seq: 0, name: "step", n: 0, at: 1000, attempt: 1, undo: false } as const;
  const { events } = await f.append("a", plain, op.undoable(1), op.undoable(1));
  expect(events).toEqual([
    { event: "started", seq: 1 },
    { event: "started", seq: 1 },
  ]);
  const { entries } = await f.store.readJournal({ run: "a", bytesMax: 1e6 });
  expect(entries).toMatchObject([{ seq: 1, kind: "step", status: "running", undo: true }]);
});

test("a failed attempt waits for the next one, and settles when that is done", async () => {
  const f = new Fixture();
  await f.hot("a");
  const failed = await f.append("a", op.retry(0, 2000));
  expect(failed).toMatchObject({ events: [], effects: { due: 2000 } });
  await f.append("a", op.retry(0, 3000));
  expect((await f.store.stats()).timers).toBe(1);
  const { entries } = await f.store.readJournal({ run: "a", bytesMax: 1e6 });
  expect(entries).toMatchObject([{ status: "running", due: 3000, attempt: 1 }]);
  await f.append("a", op.done(0, "fine"));
  expect((await f.store.stats()).timers).toBe(0);
  expect(await f.journal("a")).toEqual([[0, "completed", "fine"]]);
});

test("a patch is journaled and acknowledged", async () => {
  const f = new Fixture();
  await f.hot("a");
  const { events } = await f.append("a", { op: "patched", seq: 0, name: "p", n: 0 });
  expect(events).toEqual([{ event: "settle", seq: 0, ord: 1, status: "completed", at: 1000 }]);
});
