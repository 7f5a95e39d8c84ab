// What a supervisor tells the worker child it has started, as one line of JSON on its standard input.
import type { WorkerLimits } from "./limits.ts";

/** Everything a worker child must know. The token is on no command line and in no environment. */
export interface ChildSetup {
  /** Path of the supervisor's Unix socket. */
  readonly socket: string;
  /** Secret that admits this child, once. */
  readonly token: string;
  readonly worker: string;
  readonly version: string;
  /** File that holds the bundled code of that version. */
  readonly code: string;
  /** Folder of the project: packages that are not bundled are found from here. */
  readonly project: string;
  /** URLs of modules that the code imports by name and that come with the installation. */
  readonly modules: Readonly<Record<string, string>>;
  /** File of the flight recorder, of the right size; without one a crash leaves no evidence. */
  readonly recorder?: string | undefined;
  readonly limits: Partial<WorkerLimits>;
  readonly heartbeatMs: number;
  /** Time for running steps when the child itself is told to stop. */
  readonly drainMs: number;
}

/** Codes of the ERROR message in which a child says why it cannot work. */
export const childErrorCodes = { code: "code_failed", wire: "wire_failed" } as const;
