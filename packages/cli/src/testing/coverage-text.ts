// Coverage for people: what was never asked for, and which way was never taken, first things to look at.
import type { CoveredCall, CoverageReport } from "./coverage.ts";

type Counts = Pick<CoverageReport, "workflows" | "steps" | "branches">;

const percent = ({ covered, total }: { readonly covered: number; readonly total: number }): string =>
  `${total === 0 ? 100 : Math.floor((covered / total) * 100)}% (${covered} of ${total})`;

/** One line for each call and each of its outcomes, with how often it came about. */
export function coverageText(report: Counts): string {
  const lines: string[] = [];
  for (const { workflow, runs, calls } of report.workflows) {
    lines.push(`${workflow}: ${runs} ${runs === 1 ? "run" : "runs"}`);
    for (const call of calls) lines.push(...callLines(call));
  }
  lines.push(`Steps ${percent(report.steps)}, branches ${percent(report.branches)}.`);
  return `${lines.join("\n")}\n`;
}

function callLines({ kind, name, line, hits, branches }: CoveredCall): readonly string[] {
  const where = line === undefined ? "" : `, line ${line}`;
  const first = `  ${count(hits)} ${kind} "${name}"${where}`;
  return [first, ...branches.map((branch) => `  ${count(branch.hits)}   ${branch.name}`)];
}

function count(hits: number): string {
  return hits === 0 ? "never".padStart(6) : `${hits}×`.padStart(6);
}
