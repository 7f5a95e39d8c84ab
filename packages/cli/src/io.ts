// What a command needs of its surroundings, and how it says that something went wrong.
import type { WireError } from "@sluice/protocol";

/** Standard streams, environment and working folder: arguments, so that commands can be tested. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** A line on standard output. */
  readonly print: (line: string) => void;
  /** A line on standard error. */
  readonly complain: (line: string) => void;
  readonly stdout: { readonly isTTY: boolean; readonly columns: number; write(text: string): void };
  readonly readStdin: () => Promise<string>;
  /** Asks for a secret, which is not shown; only where somebody sits at a terminal. */
  readonly askSecret?: ((question: string) => Promise<string>) | undefined;
}

export const exitCodes = { failed: 1, misused: 2 } as const;

/** Ends the command: 1 when something failed or could not be reached, 2 when it was used wrongly. */
export class CliError extends Error {
  readonly exitCode: number;
  readonly wire: WireError;
  /** Everything about it has been printed. */
  readonly shown: boolean;

  constructor(exitCode: number, wire: WireError, shown = false) {
    super(wire.message);
    this.exitCode = exitCode;
    this.wire = wire;
    this.shown = shown;
  }
}

/** The error of a command that was used wrongly. */
export function misused(message: string, hint?: string): CliError {
  return new CliError(exitCodes.misused, { code: "bad_request", message, ...(hint === undefined ? {} : { hint }) });
}

/** The error of something that did not work. */
export function failed(wire: WireError): CliError {
  return new CliError(exitCodes.failed, wire);
}

/** Shows an error in two lines, or as `{"error":…}` on standard output. */
export function showError(io: Io, error: WireError, json: boolean): void {
  if (json) io.print(JSON.stringify({ error }));
  else {
    io.complain(`sluice: ${error.message}`);
    if (error.hint !== undefined) io.complain(error.hint);
  }
}
