import { expect, test } from "bun:test";
import { Fixture, by, newRun } from "./fixture.suite.ts";
import { engineItself } from "../../kernel/inner-actor.ts";

test("history stands in nobody's way: it holds no place in a line and is never handed out", async () => {
  const f = new Fixture();
  const ended = { status: "completed", endedAt: 1500, attempt: 1, generation: 0 } as const;
  const run = { ...newRun("old", { serialKey: "s" }), ...ended };
  expect(await f.store.importRun({ by, run, journal: [], logs: [], now: 2000 })).toMatchObject({ outcome: "created" });
  await f.create("new", { serialKey: "s" });
  const claimed = await f.store.claimRuns({ by: engineItself, owner: "e1", limit: 9, now: 2000, journalBytesMax: 100 });
  expect(claimed.map((each) => each.run.id)).toEqual(["new"]);
});
