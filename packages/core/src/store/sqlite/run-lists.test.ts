import { expect, test } from "bun:test";
import { engineItself } from "../../kernel/inner-actor.ts";
import { sees } from "../../kernel/patterns.ts";
import type { RunFilter } from "../../kernel/run-store.ts";
import { finish, start } from "../run-store.fixture.suite.ts";
import { countRuns, isQuick, listRuns } from "./run-lists.ts";
import { plansOf, withBench } from "./sqlite-store.fixture.suite.ts";

const bench = withBench();

test("every combination of filters agrees with a plain scan", () => {
  const workflows = ["order", "ship"];
  for (let i = 0; i < 60; i++) {
    const id = `r${String(i).padStart(2, "0")}`;
    bench.on.hot(id, {
      workflow: workflows[i % 2] ?? "",
      version: `v${i % 3}`,
      tags: i % 5 === 0 ? ["five", "x"] : [],
      createdAt: start + Math.floor(i / 4),
    });
    if (i % 4 !== 0) bench.on.append(id, finish());
    if (i % 8 === 0) {
      const reason = i % 16 === 0 ? "poison" : "undo_failed";
      bench.on.verb("blockRun", { by: engineItself, run: id, reason, error: new Uint8Array(), now: start });
    }
  }
  const all = listRuns(bench.on.db, { filter: {}, limit: 100 }).runs;
  expect(all).toHaveLength(60);
  const choices: { [Key in keyof RunFilter]: readonly RunFilter[Key][] } = {
    workflow: [undefined, "ship", "none"],
    status: [undefined, ["running"], ["completed", "running"], ["completed"], ["waiting"]],
    reason: [undefined, ["poison"], ["poison", "undo_failed", "error"]],
    endedFrom: [undefined, start + 7],
    tag: [undefined, "five"],
    from: [undefined, start + 5],
    to: [undefined, start + 9],
    version: [undefined, "v1"],
  };
  const filters = Object.entries(choices).reduce<RunFilter[]>(
    (made, [key, values]) => made.flatMap((filter) => values.map((value) => ({ ...filter, [key]: value }))),
    [{}],
  );
  const accesses = [
    undefined,
    { workflows: ["or*"] },
    { workflows: ["ship", "none"] },
    { workflows: ["*i*", "order"] },
  ];
  for (const [filter, access] of filters.flatMap((each) => accesses.map((some) => [each, some] as const))) {
    const expected = all.filter(
      (run) =>
        sees(access, run.workflow) &&
        (filter.workflow === undefined || run.workflow === filter.workflow) &&
        (filter.status === undefined || filter.status.includes(run.status)) &&
        (filter.reason === undefined || (run.reason !== undefined && filter.reason.includes(run.reason))) &&
        (filter.endedFrom === undefined || (run.endedAt !== undefined && run.endedAt >= filter.endedFrom)) &&
        (filter.tag === undefined || run.tags.includes(filter.tag)) &&
        (filter.from === undefined || run.createdAt >= filter.from) &&
        (filter.to === undefined || run.createdAt < filter.to) &&
        (filter.version === undefined || run.version === filter.version),
    );
    const listed = listRuns(bench.on.db, { filter, access, limit: 100 }).runs.map(({ id }) => id);
    expect(listed).toEqual(expected.map(({ id }) => id));
    expect(countRuns(bench.on.db, { filter, access })).toBe(expected.length);
  }
});

test("what an operator has to act on is found among any number of runs that wait", () => {
  const { db } = bench.on;
  const filter: RunFilter = { status: ["waiting"], reason: ["poison", "undo_failed"] };
  const plans = plansOf(db, () => listRuns(db, { filter, limit: 20 })).join("; ");
  expect(plans).toContain("USING INDEX runs_blocked (reason=?)");
});

test("somebody who may see few workflows does not wait for the runs of the others", () => {
  const { db } = bench.on;
  bench.on.hot("r1", { workflow: "rare/old" });
  const access = { workflows: ["rare/*"] };
  const plans = (filter: RunFilter) => plansOf(db, () => listRuns(db, { filter, limit: 20, access })).join("; ");
  const byWorkflow = "SEARCH runs USING COVERING INDEX runs_by_workflow (workflow=? AND (created_at,id)>(?,?))";
  expect(plans({})).toContain(byWorkflow);
  expect(plans({ status: ["completed"] })).toContain("runs_by_workflow (workflow=? AND (created_at,id)>(?,?))");
  const unfinished = plans({ status: ["failed"] });
  expect(unfinished).toContain("USING COVERING INDEX runs_not_completed (status=?)");
  for (const plan of [plans({}), plans({ status: ["completed"] }), unfinished]) {
    expect(plan).not.toMatch(/SCAN runs|runs_by_time|TEMP B-TREE/);
  }
});

test("a page that is read at once comes from an index in its order, whatever else there is", () => {
  const { db } = bench.on;
  const access = { workflows: ["order"] };
  const pages: { filter: RunFilter; limit: number; access?: typeof access }[] = [
    { filter: {}, limit: 20 },
    { filter: { from: start, to: start + 5 }, limit: 20 },
    { filter: { workflow: "order" }, limit: 50, access },
    { filter: { tag: "x" }, limit: 20 },
    { filter: { parent: "r0", from: start }, limit: 20 },
    { filter: { status: ["failed"] }, limit: 20 },
  ];
  for (const page of pages) {
    expect([page, isQuick(page)]).toEqual([page, true]);
    const plan = plansOf(db, () => listRuns(db, page)).join("; ");
    expect([page, plan]).toEqual([page, expect.stringMatching(/USING (?:COVERING INDEX|INDEX|PRIMARY KEY)/)]);
    expect([page, plan]).toEqual([page, expect.not.stringMatching(/SCAN runs(?! USING)|TEMP B-TREE FOR ORDER/)]);
  }
  const others: typeof pages = [
    { filter: {}, limit: 51 },
    { filter: {}, limit: 20, access },
    { filter: { workflow: "hidden" }, limit: 20, access },
    { filter: { status: ["completed"] }, limit: 20 },
    { filter: { status: ["failed", "timedout"] }, limit: 20 },
    { filter: { workflow: "order", status: ["failed"] }, limit: 20 },
    { filter: { version: "v1" }, limit: 20 },
    { filter: { reason: ["poison"], status: ["waiting"] }, limit: 20 },
    { filter: { endedFrom: start }, limit: 20 },
  ];
  for (const page of others) expect([page, isQuick(page)]).toEqual([page, false]);
});
