// Who is still alive in a process group, after its leader has ended.

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

const POLL_MS = 10;

/** The last part of `/proc/PID/stat`, behind the name in parentheses: state, parent, group (proc(5)). */
const STAT_TAIL = /^.*\) (\S) \d+ (\d+) /su;

function readOr(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process ended between being listed and being read.
    return "";
  }
}

/** Command lines of what lives in group `group`; without `/proc` nothing is known. Zombies are dead. */
export function groupMembers(group: number): string[] {
  let pids: string[];
  try {
    pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  return pids.flatMap((pid) => {
    const [, state, itsGroup] = STAT_TAIL.exec(readOr(`/proc/${pid}/stat`)) ?? [];
    if (Number(itsGroup) !== group || state === "Z" || state === "X") return [];
    return [`${pid} ${readOr(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim()}`];
  });
}

function groupIsEmpty(group: number): boolean {
  try {
    process.kill(-group, 0);
  } catch {
    // ESRCH: nobody is left.
    return true;
  }
  // A zombie whose parent has not waited for it still counts for kill(2).
  return process.platform === "linux" && groupMembers(group).length === 0;
}

/** Whether somebody in `group` is alive after `graceMs` milliseconds. */
export async function groupOutlives(group: number, graceMs: number): Promise<boolean> {
  const deadlineMs = performance.now() + graceMs;
  while (!groupIsEmpty(group)) {
    if (performance.now() >= deadlineMs) return true;
    await delay(POLL_MS);
  }
  return false;
}
