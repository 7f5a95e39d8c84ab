// What killed builds have left running.
import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import process from "node:process";
import type { NotedProcess } from "../records/records.ts";
import { endLeftovers, leftoversIn, lifeOf } from "./leftovers.ts";

function notesOf() {
  const noted = new Map<number, NotedProcess>();
  return {
    noted,
    began: (each: NotedProcess): void => void noted.set(each.pid, each),
    ended: (pid: number): void => void noted.delete(pid),
    processes: (): readonly NotedProcess[] => [...noted.values()],
  };
}

function sleeper(): { readonly pid: number; readonly ended: Promise<NodeJS.Signals | null> } {
  const child = spawn("sleep", ["1000"], { detached: true, stdio: "ignore" });
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on("exit", (_code, signal) => resolve(signal)));
  return { pid: child.pid ?? 0, ended };
}

const onLinux = lifeOf(process.pid) !== undefined;

test.skipIf(!onLinux)("what was begun by a build that is no more is ended", async () => {
  const notes = notesOf();
  const { pid, ended } = sleeper();
  leftoversIn(notes, process.pid).began(pid);
  const [noted] = notes.processes();
  notes.began({ ...(noted as NotedProcess), ownerLife: "another life" });
  expect(endLeftovers(notes)).toBe(1);
  expect(await ended).toBe("SIGKILL");
  expect(notes.processes()).toEqual([]);
});

test.skipIf(!onLinux)(
  "what belongs to a build that goes on, and what has the number of one that ended, is left alone",
  async () => {
    const notes = notesOf();
    const { pid, ended } = sleeper();
    leftoversIn(notes, process.pid).began(pid);
    expect(endLeftovers(notes)).toBe(0);
    expect(notes.noted.size).toBe(1);
    notes.began({ pid, life: "another life", owner: process.pid, ownerLife: "another life" });
    expect(endLeftovers(notes)).toBe(0);
    expect(notes.noted.size).toBe(0);
    expect(lifeOf(pid)).toBeString();
    process.kill(-pid, "SIGTERM");
    expect(await ended).toBe("SIGTERM");
  },
);

test.skipIf(!onLinux)("a process that has ended has no life", async () => {
  const { pid, ended } = sleeper();
  process.kill(-pid, "SIGKILL");
  await ended;
  expect(lifeOf(pid)).toBeUndefined();
});
