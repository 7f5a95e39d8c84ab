import { expect, test } from "bun:test";
import { expectSettled, Fixture, childOf, op, settled, value } from "./fixture.suite.ts";

test("a started child answers with its id and lives on its own", async () => {
  const f = new Fixture();
  await f.hot("p");
  const child = childOf("p", 0, { parent: { run: "p", seq: 0, detached: true } });
  const started = await f.append("p", op.start(0, child));
  expectSettled(started.events, [0, "completed", "p.0"]);
  expect(started.effects.ready).toBe(1);
  expect((await f.append("p", op.finish())).effects.finished.map(({ run }) => run)).toEqual(["p"]);
  expect(await f.run("p.0")).toMatchObject({ status: "queued", by: { kind: "run", id: "p" } });
});

test("a key finds the child that is there, whether it has ended or not", async () => {
  const f = new Fixture();
  await f.hot("p");
  await f.create("there", { workflow: "child", key: "k", inputHash: "1" });
  const same = (seq: number) => childOf("p", seq, { key: "k", inputHash: "1" });
  const first = await f.append("p", op.call(0, same(0)), op.start(1, same(1)));
  expectSettled(first.events, [1, "completed", "there"]);
  expect(first.effects.ready).toBe(0);
  await f.claim();
  const end = await f.append("there", op.fail());
  expectSettled(
    end.effects.deliveries.map(({ event }) => event),
    [0, "failed", { name: "Error", message: "broken" }],
  );
  const late = await f.append("p", op.call(2, same(2)), op.call(3, childOf("p", 3, { key: "k", inputHash: "2" })));
  expect(settled(late.events)).toMatchObject([
    [2, "failed", { message: "broken" }],
    [3, "failed", { name: "SluiceError", code: "idempotency_conflict" }],
  ]);
});

test("an id that is taken fails the call, not the run", async () => {
  const f = new Fixture();
  await f.hot("p");
  const { events } = await f.append("p", op.start(0, childOf("p", 0)), op.call(1, childOf("p", 0)));
  expect(settled(events)).toMatchObject([
    [0, "completed", "p.0"],
    [1, "failed", { name: "SluiceError", code: "run_id_taken" }],
  ]);
});

test("a delayed child is due later", async () => {
  const f = new Fixture();
  await f.hot("p");
  const called = await f.append("p", op.call(0, childOf("p", 0, { dueAt: 3000, input: value(1) })));
  expect(called.effects).toMatchObject({ ready: 0, due: 3000 });
});
