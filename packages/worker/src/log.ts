// Log lines of a run: kept with the run, and not written again while what was recorded is being replayed.
import { encodeValue } from "@sluice/protocol";
import type { LogOp } from "@sluice/protocol";
import type { Log } from "@sluice/sdk";
import type { Incarnation } from "./incarnation.ts";

/**
 * True while the workflow does again what an earlier incarnation did: something recorded is still to be handed out. After a
 * crash the last lines before it may be done, and so written, a second time.
 */
export function repeats(run: Incarnation): boolean {
  if (run.phase !== "replaying") return run.phase === "gone";
  const { check, cancel, outcome } = run.assignment;
  return check === true || cancel !== undefined || outcome !== undefined || run.replay.next !== undefined;
}

/** The log of an incarnation. Data that cannot be serialised is left out and named in the message. */
export function makeLog(run: Incarnation): Log {
  const write = (level: LogOp["level"], message: string, data: unknown): void => {
    if (repeats(run)) return;
    run.push({ op: "log", level, at: run.host.clock.now(), ...line(message, data) }, false);
  };
  const log = (message: string, data?: unknown): void => write("info", message, data);
  return Object.assign(log, {
    debug: (message: string, data?: unknown) => write("debug", message, data),
    info: (message: string, data?: unknown) => write("info", message, data),
    warn: (message: string, data?: unknown) => write("warn", message, data),
    error: (message: string, data?: unknown) => write("error", message, data),
  });
}

function line(message: string, data: unknown): { readonly message: string; readonly data?: Uint8Array } {
  // Callers without types pass anything.
  const text = typeof message === "string" ? message : String(message);
  if (data === undefined) return { message: text };
  try {
    return { message: text, data: encodeValue(data) };
  } catch (error) {
    return { message: `${text} (data left out: ${error instanceof Error ? error.message : String(error)})` };
  }
}
