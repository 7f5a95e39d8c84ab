// Worker children that outlived a killed server because their thread was blocked: found by the flight recorders they left.
import { readFileSync, readdirSync } from "node:fs";
import type { Logger } from "@sluice/core";

/** Kills processes that carry the name of a worker whose recorder is in `files`. Where there is no /proc it does nothing. */
export function killLeftBehind(files: readonly string[], log: Logger): void {
  const workers = files.filter((name) => name.endsWith(".steps")).map((name) => name.slice(0, -".steps".length));
  if (workers.length === 0) return;
  for (const pid of processes()) {
    const worker = workers.find((name) => commandOf(pid).at(-1) === name);
    if (worker === undefined) continue;
    log("warn", "a worker of an earlier server was still running and is killed", { worker, pid });
    process.kill(pid, "SIGKILL");
  }
}

function processes(): number[] {
  try {
    return readdirSync("/proc")
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  } catch {
    return [];
  }
}

function commandOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8")
      .split("\0")
      .filter((part) => part !== "");
  } catch {
    return [];
  }
}
