// Log lines of a run: kept with the run, and not written again while what was recorded is being replayed.
import { encodeValue } from "@sluice/protocol";
import type { LogOp } from "@sluice/protocol";
import type { Log } from "@sluice/sdk";
import type { Incarnation } from "./incarnation.ts";
import type { RunningStep } from "./step-scope.ts";

/**
 * Names lines by their place, which is the same when they are written again: the result the workflow was given last, or the
 * attempt of the step that writes, how many lines there were since, and what that step is called.
 */
export class LineKeys {
  #ord = 0;
  #lines = 0;

  /** The workflow is given the result with this number. */
  follow(ord: number): void {
    this.#ord = ord;
    this.#lines = 0;
  }

  /** The key of the next line, in the given life of the run: its attempt. */
  next(life: number, step: RunningStep | undefined): string {
    if (step === undefined) return `${life}:${this.#ord}:${this.#lines++}`;
    return `${life}:step ${step.seq}:${step.attempt}:${step.lines++}:${step.name}`;
  }
}

/**
 * True while the workflow does again what an earlier incarnation did: something recorded is still to be handed out. Lines that
 * follow the last thing recorded are sent once more; their keys tell that they are the same.
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
    const key = run.lines.next(run.assignment.attempt, run.host.stepScope.current);
    run.push({ op: "log", key, level, at: run.host.clock.now(), ...logLine(message, data) }, false);
  };
  const log = (message: string, data?: unknown): void => write("info", message, data);
  return Object.assign(log, {
    debug: (message: string, data?: unknown) => write("debug", message, data),
    info: (message: string, data?: unknown) => write("info", message, data),
    warn: (message: string, data?: unknown) => write("warn", message, data),
    error: (message: string, data?: unknown) => write("error", message, data),
  });
}

/** A line as it is sent. */
export function logLine(message: string, data: unknown): { readonly message: string; readonly data?: Uint8Array } {
  // Callers without types pass anything.
  const text = typeof message === "string" ? message : String(message);
  if (data === undefined) return { message: text };
  try {
    return { message: text, data: encodeValue(data) };
  } catch (error) {
    return { message: `${text} (data left out: ${error instanceof Error ? error.message : String(error)})` };
  }
}
