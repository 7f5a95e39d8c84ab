import { expect, test } from "bun:test";
import { Fixture, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

test("a run without streamed output has none, from the first number on", async () => {
  const f = new Fixture();
  expect(await f.store.readStream({ run: "none", after: 0, bytesMax: 9 })).toEqual({ chunks: [], first: 1 });
  const now = f.now;
  const run = {
    id: "r",
    workflow: "w",
    version: "v",
    input: value(1),
    priority: 0,
    tags: [],
    createdAt: now,
    dueAt: now,
  };
  await f.store.createRun({ by: { kind: "user", id: "ada" }, run, claim: { owner: "e" }, now });
  const ops = [{ op: "chunk", at: now, place: [1, 0, 0], values: [value("a")], keepBytes: 100 }] as const;
  await f.store.append({ by: engineItself, run: "r", epoch: 1, ops, now });
  const { chunks } = await f.store.readStream({ run: "r", after: 0, bytesMax: 9 });
  expect(chunks).toEqual([{ no: 1, index: 0, at: now, value: value("a") }]);
});
