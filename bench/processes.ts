// Child processes of a benchmark: started in groups, measured through /proc, ended without leaving anything behind.

import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

const KIB_PER_MB = 1024;
const OUTPUT_CHARS_MAX = 4_000;

/** Processes by what they are for. */
export interface Processes {
  /** The engine: what a user has to keep running besides the program's own code. */
  readonly server: readonly number[];
  /** What executes the program's code, where that is a process of its own. */
  readonly worker: readonly number[];
}

/** A process and everything it started that still runs. */
export function descendants(pid: number): number[] {
  let children: string;
  try {
    children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  } catch {
    return []; // It has ended.
  }
  const direct = children === "" ? [] : children.split(" ").map(Number);
  return direct.flatMap((child) => [child, ...descendants(child)]);
}

interface Memory {
  /** Pages shared with other processes count in proportion. */
  readonly pssMb: number;
  /** Shared pages count whole. */
  readonly rssMb: number;
}

/** Memory of these processes together; those that have ended count nothing. */
export function memoryOf(pids: readonly number[]): Memory {
  const kib = { pss: 0, rss: 0 };
  for (const pid of pids) {
    try {
      const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
      kib.pss += Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
      kib.rss += Number(/^Rss:\s+(\d+) kB$/m.exec(rollup)?.[1] ?? 0);
    } catch (error) {
      if (!hasEnded(error)) throw error;
    }
  }
  return { pssMb: kib.pss / KIB_PER_MB, rssMb: kib.rss / KIB_PER_MB };
}

function hasEnded(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown };
  return code === "ENOENT" || code === "ESRCH";
}

/** False for a process that is gone, and for one that is dead and not reaped. */
export function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch (error) {
    if (!hasEnded(error)) throw error;
    return false;
  }
}

/** SIGKILL to the group that this child leads. */
export function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch (error) {
    if (!hasEnded(error)) throw error;
  }
}

/** Resolves when a child has ended, also when it already has. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", () => resolve());
  });
}

/** Keeps the last of what a child says, for the report of its failure. */
export function keepOutput(child: ChildProcess): () => string {
  let text = "";
  const keep = (chunk: string): void => {
    text = (text + chunk).slice(-OUTPUT_CHARS_MAX);
  };
  child.stdout?.setEncoding("utf8").on("data", keep);
  child.stderr?.setEncoding("utf8").on("data", keep);
  return () => text;
}

/** A port of the loopback interface that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port");
  return address.port;
}
