import { expect, test } from "bun:test";
import { by, newRun, value } from "./fixture.suite.ts";
import { Tables } from "./tables.ts";
import { runVerbs } from "./verbs.ts";

test("a verb that throws has changed nothing", () => {
  const tables = new Tables("n");
  const emit = () => runVerbs.emitEvent(tables, { by, name: "go", payload: new Uint8Array([0xc1]), now: 1000 });
  expect(emit).toThrow();
  expect(tables.events.size).toBe(0);
});

test("a change of a run that is not there or does not allow it says so", () => {
  const tables = new Tables("n");
  runVerbs.createRun(tables, { by, run: newRun("r1"), now: 1000 });
  expect(runVerbs.resumeRun(tables, { by, run: "none", now: 1000 })).toEqual({ outcome: "not_found" });
  const refused = runVerbs.resumeRun(tables, { by, run: "r1", now: 1000 });
  expect(refused).toMatchObject({ outcome: "refused", run: { id: "r1", status: "queued" } });
  const error = value(0);
  const ended = runVerbs.cancelRun(tables, {
    by,
    run: "r1",
    notice: { status: "cancelled", reason: "cancelled_by_user", message: "" },
    error,
    now: 1000,
  });
  expect(ended).toMatchObject({ outcome: "ok", run: { status: "cancelled", error } });
});
