import { expect, test } from "bun:test";
import type { Admission } from "../../../kernel/flow.ts";
import { by, Fixture, newRun, read, value } from "../fixture.suite.ts";

const admission: Admission = { queuedMax: 10, batch: { id: "b", size: 9, waitMs: 100, bytesMax: 1_000 } };

test("a run that begins has what was gathered, and the next start makes a run of its own", async () => {
  const f = new Fixture();
  for (const id of ["a", "b"]) {
    const run = newRun(id, { input: value(id), flow: { gates: [], share: "", admission } });
    await f.store.createRun({ by, run, now: f.now });
  }
  await f.fire(1_100);
  expect(read((await f.run("a")).input)).toEqual(["a", "b"]);
  await f.create("c", { flow: { gates: [], share: "", admission } });
});
