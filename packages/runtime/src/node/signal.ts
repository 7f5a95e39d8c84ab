// Signals to processes, without what it takes to begin one.

import process from "node:process";
import type { Signal } from "../process.ts";

/** Sends a signal to a process, or with a negative number to a group. */
export function sendSignal(pid: number, signal: Signal): void {
  process.kill(pid, signal);
}
