import { describe, expect, test } from "bun:test";
import { engineItself } from "../../kernel/inner-actor.ts";
import type { JournalCursor } from "../../kernel/run-store.ts";
import { Fixture, op, value } from "./fixture.suite.ts";

describe("the journal", () => {
  test("is read in pieces: settled entries by the order they settled, then open ones by number", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.event(4, "x"), op.done(3), op.sleep(2, 9000), op.done(0), op.done(1));
    const pieces: number[][] = [];
    let from: JournalCursor | undefined;
    do {
      const piece = await f.store.readJournal({ run: "a", from, bytesMax: 1 });
      pieces.push(piece.entries.map((entry) => entry.seq));
      from = piece.next;
    } while (from !== undefined);
    expect(pieces).toEqual([[3], [0], [1], [2], [4]]);
    const whole = await f.store.readJournal({ run: "a", bytesMax: 1e6 });
    expect(whole.entries.map(({ seq, ord }) => [seq, ord])).toEqual([
      [3, 1],
      [0, 2],
      [1, 3],
      [2, 0],
      [4, 0],
    ]);
    expect(whole.next).toBeUndefined();
    expect(await f.store.readJournal({ run: "none", bytesMax: 1 })).toEqual({ entries: [] });
  });

  test("a claim hands out no more than asked for, and at least one entry", async () => {
    const f = new Fixture();
    await f.hot("a");
    const large = "x".repeat(1000);
    await f.append("a", op.done(0, large), op.done(1, large), op.done(2, large), op.sleep(3, 5000), op.idle);
    await f.park("a");
    await f.fire(5000);
    const [claimed] = await f.store.claimRuns({
      by: engineItself,
      owner: "e1",
      limit: 1,
      now: 5000,
      journalBytesMax: 2500,
    });
    expect(claimed?.journal.map((entry) => entry.seq)).toEqual([0, 1]);
    const rest = await f.store.readJournal({ run: "a", from: claimed?.next, bytesMax: 1e6 });
    expect(rest.entries.map((entry) => entry.seq)).toEqual([2, 3]);
  });

  test("an entry that has settled stays as it is", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.done(0, "first"));
    const again = await f.append("a", op.done(0, "second"), op.retry(0, 5000), op.sleep(0, 500), op.undoable(0));
    expect(again).toMatchObject({ events: [], effects: { due: undefined } });
    expect(await f.journal("a")).toEqual([[0, "completed", "first"]]);
    expect((await f.run("a")).ord).toBe(1);
  });

  test("keeps what an entry was called, when, and how often it was tried", async () => {
    const f = new Fixture();
    await f.hot("a");
    await f.append("a", op.retry(0, 2000));
    f.now = 2500;
    const step = {
      op: "done",
      kind: "step",
      seq: 0,
      name: "step",
      n: 0,
      at: 2100,
      attempt: 2,
      value: value(1),
    } as const;
    await f.append("a", step);
    const { entries } = await f.store.readJournal({ run: "a", bytesMax: 1e6 });
    expect(entries).toMatchObject([{ kind: "step", name: "step", n: 0, attempt: 2, at: 2100, end: 2500, ord: 1 }]);
    expect(entries[0]?.error).toBeUndefined();
    expect(entries[0]?.due).toBeUndefined();
  });
});
