// The processes that have one terminal, and holding back what they write, on Linux: Bun reads a terminal as fast as it can and
// has no way to stop.

import { dlopen } from "bun:ffi";
import { closeSync, constants, openSync, readFileSync, readdirSync } from "node:fs";
import { sendSignal } from "../node/signal.ts";
import type { Signal } from "../process.ts";

/** Actions of tcflow(3), as in Linux' `bits/termios.h`. */
const suspendOutput = 0;
const restartOutput = 1;
/** Device numbers of terminals: `Documentation/admin-guide/devices.txt` of Linux. */
const terminalMajor = 136;
const libraries = ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`];

interface Stat {
  /** It has ended, and nobody has asked how. */
  readonly isZombie: boolean;
  readonly session: number;
  /** Device of the controlling terminal; 0: none. */
  readonly terminal: number;
  /** Ticks since the machine began: with the id it names a process for good. */
  readonly startedAt: string;
}

/** A session that a process on a terminal of its own leads. */
export class TerminalSession {
  readonly #leader: number;
  readonly #startedAt: string | undefined;
  readonly #device: string | undefined;

  constructor(leader: number) {
    this.#leader = leader;
    const stat = statOf(String(leader));
    this.#startedAt = stat?.startedAt;
    this.#device = stat === undefined || stat.terminal === 0 ? undefined : deviceOf(stat.terminal);
  }

  /** Suspends or restarts output of the terminal. False when that did not work. */
  hold(on: boolean): boolean {
    if (this.#device === undefined) return false;
    let file;
    try {
      file = openSync(this.#device, constants.O_RDWR | constants.O_NOCTTY);
    } catch {
      return false; // Everybody who had it is gone.
    }
    try {
      return flow(file, on ? suspendOutput : restartOutput);
    } finally {
      closeSync(file);
    }
  }

  /** Signals everybody of the session; answers how many there were. */
  signal(signal: Signal): number {
    if (process.platform !== "linux") return sent(-this.#leader, signal) ? 1 : 0;
    const leader = statOf(String(this.#leader));
    // The number of a leader that is long gone may be that of somebody else.
    if (leader !== undefined && leader.startedAt !== this.#startedAt) return 0;
    const members = readdirSync("/proc").filter((name) => {
      const stat = /^\d+$/.test(name) ? statOf(name) : undefined;
      return stat?.session === this.#leader && !stat.isZombie;
    });
    return members.filter((name) => sent(Number(name), signal)).length;
  }
}

function sent(pid: number, signal: Signal): boolean {
  try {
    sendSignal(pid, signal);
    return true;
  } catch {
    return false; // It went by itself.
  }
}

/** proc_pid_stat(5); the name of the program is in parentheses and may contain anything. */
function statOf(pid: string): Stat | undefined {
  let text;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return undefined; // No such process, or a system without /proc.
  }
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const isZombie = fields[0] === "Z";
  return { isZombie, session: Number(fields[3]), terminal: Number(fields[4]), startedAt: fields[19] ?? "" };
}

/** Minor and major number as the kernel packs them. */
function deviceOf(terminal: number): string | undefined {
  const major = (terminal >> 8) & 0xfff;
  const minor = (terminal & 0xff) | ((terminal >> 12) & 0xfff00);
  return major === terminalMajor ? `/dev/pts/${minor}` : undefined;
}

function flow(file: number, action: number): boolean {
  for (const name of libraries) {
    try {
      const library = dlopen(name, { tcflow: { args: ["i32", "i32"], returns: "i32" } });
      const result = library.symbols.tcflow(file, action);
      library.close();
      return result === 0;
    } catch {
      continue; // Another C library.
    }
  }
  return false;
}
