import { expect, test } from "bun:test";
import type { Admission } from "../../../kernel/flow.ts";
import { by, Fixture, newRun, read, value } from "../fixture.suite.ts";

const admission: Admission = { queuedMax: 10, batch: { id: "b", size: 2, waitMs: 100, bytesMax: 1_000 } };

test("an id that is taken is refused before anything is remembered of the start", async () => {
  const f = new Fixture();
  await f.create("a");
  const run = newRun("a", { flow: { gates: [], share: "", admission } });
  expect((await f.store.createRun({ by, run, now: f.now })).outcome).toBe("id_taken");
  await f.create("b", { input: value("b"), flow: { gates: [], share: "", admission } });
  await f.fire(1_100);
  await f.claim();
  expect(read((await f.run("b")).input)).toEqual(["b"]);
});
