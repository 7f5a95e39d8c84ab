import { expect, test } from "bun:test";
import { Findings } from "./audit-report.ts";
import { MisplacedRows } from "./misplaced-rows.ts";
import { found, rowsOf } from "./trail.fixture.suite.ts";

/** What is said of rows whose numbers were changed, in order; a number alone is a row in its place. */
function judged(changes: readonly (readonly [written: number, stands: number] | number)[]): readonly unknown[] {
  const all = rowsOf(100);
  const findings = new Findings();
  const rows = new MisplacedRows(findings);
  for (const change of changes) {
    const [written, stands] = typeof change === "number" ? [change, change] : change;
    const row = all[written - 1];
    if (row === undefined) throw new Error("there is no such row");
    if (written === stands) rows.settle();
    else rows.add({ ...row, seq: stands });
  }
  rows.end();
  return found(findings.report({ rows: 0, checkpoints: 0 }));
}

test("two rows that changed places, near and far", () => {
  expect(judged([2, [4, 3], [3, 4], 5])).toEqual([
    ["reordered", 3],
    ["reordered", 4],
  ]);
  expect(judged([2, [90, 3], 4, [3, 90], 91])).toEqual([
    ["reordered", 3],
    ["reordered", 90],
  ]);
});

test("rows that moved up over a row that is gone, and down behind one that was put in", () => {
  expect(judged([2, [4, 3], [5, 4], [6, 5]])).toEqual([["removed", 3]]);
  expect(judged([2, [6, 3], [7, 4]])).toEqual([["removed", 3]]);
  expect(judged([3, [3, 4], [4, 5], [5, 6]])).toEqual([["reordered", 4]]);
});

test("a row that fits no place was changed", () => {
  const [row] = rowsOf(1);
  if (row === undefined) throw new Error("there is no row");
  const findings = new Findings();
  const rows = new MisplacedRows(findings);
  rows.add({ ...row, target: "run:other" });
  rows.settle();
  rows.end();
  expect(found(findings.report({ rows: 0, checkpoints: 0 }))).toEqual([["changed", 1]]);
});

test("a trail that is wrong throughout is judged in bounded time, and every row counts", () => {
  const findings = new Findings();
  const rows = new MisplacedRows(findings);
  for (const row of rowsOf(3_000)) rows.add({ ...row, action: "run:forged" });
  rows.end();
  const { problems, warnings } = findings.report({ rows: 0, checkpoints: 0 });
  expect(problems).toHaveLength(100);
  expect(new Set(problems.map(({ problem }) => problem))).toEqual(new Set(["changed"]));
  expect(warnings).toEqual(["2900 more problems were found and are not listed."]);
});
