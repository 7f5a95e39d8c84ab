// One whole life of a folder of logs: entries of several days, sealed twice, old days removed. Started as a program it kills itself
// at a step, so that a test can look at what a dead process leaves; what it has acknowledged it prints first.
import { writeSync } from "node:fs";
import { batchOf, dayMs, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFiles } from "./log-files.ts";

/** Tells lines as soon as they were acknowledged. */
export function work(files: LogFiles, acknowledged: (lines: readonly string[]) => void): void {
  const send = (lines: readonly string[], ageMs = 0): void => {
    const entries = lines.map((line, n) => entry({ line, timeMs: noonMs - ageMs - n * dayMs }));
    files.append([batchOf(entries)], noonMs);
    acknowledged(lines);
  };
  send(["a1", "a2", "a3"]);
  send(["b1"]);
  files.seal(noonMs);
  send(["c1", "c2"]);
  send(["old1", "old2"], 100 * dayMs);
  files.seal(noonMs);
  send(["d1"]);
  files.bury({ tenant: "default", query: "old1", fromMs: 0, toMs: noonMs * 2, nowMs: noonMs });
  files.seal(noonMs);
  for (const tombstone of files.buried) {
    files.rewrite(tombstone);
    files.rewritten(tombstone.id, noonMs);
  }
  files.unbury(noonMs + 1);
  files.retain(noonMs);
  send(["e1", "e2"]);
}

if (import.meta.main) {
  const [folder = "", stop = ""] = process.argv.slice(2);
  let taken = 0;
  const files = new LogFiles({
    folder,
    chunkBytesMax: 1_000,
    keysKeptMs: dayMs,
    keepDays: 30,
    keepBytes: 0,
    step: () => {
      if (taken++ === Number(stop)) process.kill(process.pid, "SIGKILL");
    },
  });
  work(files, (lines) => void writeSync(1, `${lines.join("\n")}\n`));
  files.close();
}
