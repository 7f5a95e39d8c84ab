import { expect, test } from "bun:test";
import { Fixture, by, childOf, op, value } from "./fixture.suite.ts";

test("the end of a race gives up what the others wait for", async () => {
  const f = new Fixture();
  await f.hot("p");
  await f.append(
    "p",
    op.done(0, "won"),
    op.sleep(1, 5000),
    op.approval(2, "tok"),
    op.call(3, childOf("p", 3)),
    op.retry(4, 5000),
    op.done(5, "too late, but settled"),
  );
  const race = await f.append("p", op.race(6, [1, 2, 3, 4, 5, 99]));
  expect(race.events).toEqual([{ event: "settle", seq: 6, ord: 3, status: "completed", at: 1000 }]);
  expect(race.effects.finished).toMatchObject([{ run: "p.3", status: "cancelled", reason: "cancelled_by_parent" }]);
  expect(race.effects.deliveries).toEqual([]);
  expect(await f.journal("p")).toEqual([
    [0, "completed", "won"],
    [5, "completed", "too late, but settled"],
    [6, "completed", "a"],
    [1, "aborted", undefined],
    [2, "aborted", undefined],
    [3, "aborted", undefined],
    [4, "aborted", undefined],
  ]);
  expect((await f.store.getToken({ token: "tok" }))?.status).toBe("expired");
  expect((await f.store.stats()).timers).toBe(0);
  const late = await f.append("p", op.done(4, "late"), op.retry(4, 9000));
  expect(late).toMatchObject({ events: [], effects: { due: undefined } });
});

test("an event that a loser had received can be received again", async () => {
  const f = new Fixture();
  await f.hot("a");
  await f.store.emitEvent({ by, name: "x", payload: value(1), now: 1000 });
  await f.append("a", op.event(0, "x"), op.event(1, "x"), op.race(2, [0, 1]));
  const again = await f.append("a", op.event(3, "x"), op.event(4, "x"));
  expect(again.events).toMatchObject([{ seq: 3, status: "completed" }]);
  const { entries } = await f.store.readJournal({ run: "a", bytesMax: 1e6 });
  expect(entries.map(({ seq, status, ord }) => [seq, status, ord])).toEqual([
    [2, "completed", 2],
    [3, "completed", 3],
    [0, "aborted", 0],
    [1, "aborted", 0],
    [4, "running", 0],
  ]);
});

test("a child another call waits for is not given up", async () => {
  const f = new Fixture();
  await f.hot("p");
  const keyed = (seq: number) => childOf("p", seq, { key: "k", inputHash: "1" });
  await f.append("p", op.call(0, keyed(0)), op.call(1, keyed(1)), op.race(2, [1]));
  expect((await f.run("p.0")).status).toBe("queued");
  await f.claim();
  const end = await f.append("p.0", op.finish("out"));
  expect(end.effects.deliveries).toMatchObject([{ run: "p", event: { seq: 0 } }]);
});
