import { expect, test } from "bun:test";
import { Change } from "./change.ts";
import { by, newRun, nothing } from "./fixture.suite.ts";
import { Tables } from "./tables.ts";

test("what happens to the appending run is answered, to others delivered, to parked ones neither", () => {
  const tables = new Tables("n");
  const [own, hot, parked] = ["own", "hot", "parked"].map((id) => tables.runs.add(newRun(id), by));
  own!.record.owner = "e1";
  hot!.record.owner = "e2";
  const change = new Change(tables, 1, own);
  for (const run of [own!, hot!, parked!]) {
    change.tell(run, { event: "pause" });
    change.touch(run);
  }
  expect(change.events).toEqual([{ event: "pause" }]);
  expect(change.effects()).toEqual({
    ...nothing,
    deliveries: [{ run: "hot", epoch: 0, owner: "e2", event: { event: "pause" } }],
    touched: ["hot", "parked"],
  });
});

test("a run counts as ready once, and the earliest timer is kept", () => {
  const tables = new Tables("n");
  const run = tables.runs.add(newRun("a"), by);
  const change = new Change(tables, 1);
  change.makeReady(run);
  change.makeReady(run);
  for (const due of [30, 10, undefined, 20]) change.addDue(due);
  expect(change.effects()).toEqual({ ...nothing, ready: 1, due: 10 });
});
