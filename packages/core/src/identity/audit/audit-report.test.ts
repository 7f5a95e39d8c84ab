import { expect, test } from "bun:test";
import { Findings, problemsToldMax, rowsText, timeText } from "./audit-report.ts";

test("problems come in order of the rows, those of none behind", () => {
  const findings = new Findings();
  findings.add("truncated", 9, "a");
  findings.add("unreadable_checkpoints", null, "b");
  findings.add("changed", 2, "c");
  expect(findings.sound).toBe(false);
  const report = findings.report({ rows: 8, checkpoints: 1 });
  expect(report).toMatchObject({ ok: false, rows: 8, checkpoints: 1, warnings: [] });
  expect(report.problems.map(({ seq }) => seq)).toEqual([2, 9, null]);
});

test("a report without problems is good, whatever it warns of", () => {
  const findings = new Findings();
  findings.warnings.push("w");
  expect(findings.report({ rows: 0, checkpoints: 0 })).toEqual({
    ok: true,
    rows: 0,
    checkpoints: 0,
    problems: [],
    warnings: ["w"],
  });
});

test("of very many problems the number is told", () => {
  const findings = new Findings();
  for (let seq = 1; seq <= problemsToldMax + 7; seq++) findings.add("changed", seq, "x");
  const { problems, warnings } = findings.report({ rows: 0, checkpoints: 0 });
  expect(problems).toHaveLength(problemsToldMax);
  expect(warnings).toEqual(["7 more problems were found and are not listed."]);
});

test("rows and times read well, also those that cannot be", () => {
  expect([rowsText(3, 3), rowsText(3, 5)]).toEqual(["row 3", "rows 3 to 5"]);
  expect([timeText(0), timeText(9e15)]).toEqual(["1970-01-01T00:00:00.000Z", "the time 9000000000000000"]);
});
