// Coverage as an lcov tracefile (format: geninfo(1) of lcov): a line for each call, a branch for each outcome.
import type { CoverageReport } from "./coverage.ts";

type Counts = Pick<CoverageReport, "workflows">;

/** The tracefile of one source file; calls whose line is not known are left out. */
export function lcovText(report: Counts, file: string | undefined): string {
  if (file === undefined) {
    throw new TypeError(
      "lcov is about lines: pass the file of the workflow, `new Coverage({ source: import.meta.url })`.",
    );
  }
  const calls = report.workflows.flatMap((each) => each.calls);
  const lines = new Map<number, number>();
  const branches: { readonly line: number; readonly hits: number; readonly reached: boolean }[] = [];
  const data: string[] = [];
  let block = 0;
  for (const { line, hits, branches: outcomes } of calls) {
    if (line === undefined) continue;
    lines.set(line, (lines.get(line) ?? 0) + hits);
    for (const [number, outcome] of outcomes.entries()) {
      branches.push({ line, hits: outcome.hits, reached: hits > 0 });
      data.push(`BRDA:${line},${block},${number},${hits === 0 ? "-" : outcome.hits}`);
    }
    if (outcomes.length > 0) block++;
  }
  const found = [...lines].toSorted(([a], [b]) => a - b);
  return [
    "TN:",
    `SF:${file}`,
    ...data,
    `BRF:${branches.length}`,
    `BRH:${branches.filter((branch) => branch.hits > 0).length}`,
    ...found.map(([line, hits]) => `DA:${line},${hits}`),
    `LF:${found.length}`,
    `LH:${found.filter(([, hits]) => hits > 0).length}`,
    "end_of_record",
    "",
  ].join("\n");
}
