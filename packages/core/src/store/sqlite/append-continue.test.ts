import { expect, test } from "bun:test";
import { waitFor } from "../run-store.fixture.suite.ts";
import { newRun, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("what a chain has taken is kept once, with the run it has come to, besides what each took itself", () => {
  const { on } = bench;
  const goOn = (id: string) =>
    ({ op: "finish", status: "completed", input: new Uint8Array(0), child: newRun(id) }) as const;
  const event = on.db.prepare("INSERT INTO events (name, payload, at) VALUES ('e', x'c0', 0)");
  on.hot("r1");
  for (let i = 0; i < 4; i++) event.run();
  for (let i = 1; i < 4; i++) {
    on.append(`r${i}`, waitFor(0, "e"), goOn(`r${i + 1}`));
    on.db.run("UPDATE runs SET owner = 'engine-1', epoch = 1, status = 'running', ready = 0 WHERE id = ?", [
      `r${i + 1}`,
    ]);
    on.t.runs.reset();
  }
  const taken = on.db.prepare("SELECT run, event FROM consumed ORDER BY run, event").values();
  expect(taken).toEqual([
    ["r1", 1],
    ["r2", 2],
    ["r3", 3],
    ["r4", 1],
    ["r4", 2],
    ["r4", 3],
  ]);
});
