import { expect, test } from "bun:test";
import { Fixture, value } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

test("a run that goes on is followed by one of its chain", async () => {
  const f = new Fixture();
  const now = f.now;
  const child = {
    id: "r2",
    workflow: "w",
    version: "",
    input: value(1),
    priority: 0,
    tags: [],
    createdAt: now,
    dueAt: now,
  };
  const run = { ...child, id: "r1", version: "v1", tags: ["t"] };
  await f.store.createRun({ by: { kind: "user", id: "ada" }, run, claim: { owner: "e" }, now });
  const ops = [{ op: "finish", status: "completed", reason: "continued", input: value(1), child }] as const;
  await f.store.append({ by: engineItself, run: "r1", epoch: 1, ops, now });
  expect(await f.store.getRun({ run: "r1" })).toMatchObject({ status: "completed", continuedTo: "r2" });
  expect(await f.store.getRun({ run: "r2" })).toMatchObject({
    chain: "r1",
    version: "v1",
    tags: ["t"],
    status: "queued",
  });
});
