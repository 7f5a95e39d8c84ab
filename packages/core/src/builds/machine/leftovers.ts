// What a killed build has left running: it would go on to write into the next one. Ended where the system can say for certain that a
// process is the one that was noted, which takes /proc; elsewhere nothing is ended.
import { readFileSync } from "node:fs";
import process from "node:process";
import type { RunningNotes } from "../ports.ts";
import type { NotedProcess } from "../records/records.ts";

interface Notes {
  began(noted: NotedProcess): void;
  ended(pid: number): void;
  processes(): readonly NotedProcess[];
}

/** Since when a process runs, in ticks of this life of the machine. Format: proc_pid_stat(5), field 22. */
export function lifeOf(pid: number): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the program stands in brackets and may hold anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : `${boot} ${fields[18]}`;
  } catch {
    return undefined;
  }
}

/** Notes what a build with this process begins. */
export function leftoversIn(notes: Notes, owner: number): RunningNotes {
  const ownerLife = lifeOf(owner);
  return {
    began(pid) {
      const life = lifeOf(pid);
      if (life !== undefined && ownerLife !== undefined) notes.began({ pid, life, owner, ownerLife });
    },
    ended: (pid) => notes.ended(pid),
  };
}

/** Ends, with all that came of it, what was begun by builds that are no more. Answers how many there were. */
export function endLeftovers(notes: Notes): number {
  let count = 0;
  for (const { pid, life, owner, ownerLife } of notes.processes()) {
    if (lifeOf(owner) === ownerLife) continue;
    if (lifeOf(pid) === life) {
      process.kill(-pid, "SIGKILL");
      count++;
    }
    notes.ended(pid);
  }
  return count;
}
