// The tests beside logs and metrics, run with coverage: how many lines of each room they execute is printed and held to a bar.
import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const rooms = ["packages/core/src/logs", "packages/core/src/metrics"];
const shareMin = 0.8;

/** Lines of the files of a room, tests and what they share aside: how many there are, and how many were executed. */
function linesOf(lcov: string, room: string): { readonly all: number; readonly executed: number } {
  let [all, executed] = [0, 0];
  for (const record of lcov.split("end_of_record")) {
    const file = /^SF:(.+)$/m.exec(record)?.[1] ?? "";
    if (!file.includes(`${room}/`) || /\.(?:suite|test)\.ts$/.test(file)) continue;
    all += Number(/^LF:(\d+)$/m.exec(record)?.[1] ?? 0);
    executed += Number(/^LH:(\d+)$/m.exec(record)?.[1] ?? 0);
  }
  return { all, executed };
}

test("the tests of logs and of metrics execute at least 80% of their lines", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-coverage-"));
  try {
    const reporter = ["--coverage", "--coverage-reporter=lcov", `--coverage-dir=${folder}`];
    const args = ["test", "--only-failures", "--timeout=120000", ...reporter, ...rooms];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: "utf8" });
    expect({ status, said: status === 0 ? "" : stderr.slice(-4_000) }).toEqual({ status: 0, said: "" });
    const lcov = readFileSync(join(folder, "lcov.info"), "utf8");
    for (const room of rooms) {
      const { all, executed } = linesOf(lcov, room);
      console.log(`${room}: ${executed} of ${all} lines, ${((executed / all) * 100).toFixed(1)}%`);
      expect(all).toBeGreaterThan(1_000);
      expect(executed / all).toBeGreaterThanOrEqual(shareMin);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 600_000);
