import { expect, test } from "bun:test";
import { newNote, outside } from "../../audit-log.fixture.suite.ts";
import { execute } from "../verbs.ts";
import { withBench } from "../sqlite-store.fixture.suite.ts";

const bench = withBench();

test("a row that is recorded makes no row about itself", () => {
  const note = { note: newNote("backup:all"), by: outside };
  expect(execute(bench.on.t, "recordAudit", note)).toEqual({ seq: 1 });
  expect(bench.on.column("SELECT target FROM audit")).toEqual(["backup:all"]);
});

test("a head of nothing lets go of nothing", () => {
  const upTo = { chain: "any", seq: 0, hash: "" };
  expect(execute(bench.on.t, "trimAudit", { upTo, limit: 9 })).toEqual({ trimmed: 0 });
});
