// What a command needs of its surroundings, and how it says that something went wrong.
import type { WireError } from "@sluice/protocol";

/** Standard streams, environment and working folder: arguments, so that commands can be tested. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** A line on standard output; nothing in it is acted on by a terminal. */
  readonly print: (line: string) => void;
  /** The same on standard error. */
  readonly complain: (line: string) => void;
  /** As it is: text from outside has to be made `inert` first. */
  readonly stdout: { readonly isTTY: boolean; readonly columns: number; write(text: string): void };
  readonly readStdin: () => Promise<string>;
  /** Asks for a secret, which is not shown; only where somebody sits at a terminal. */
  readonly askSecret?: ((question: string) => Promise<string>) | undefined;
}

/**
 * Everything that a terminal acts on or that reorders what is read, but line ends and tabs: control characters (ECMA-48), marks
 * of writing direction, other line ends and tags (Unicode 16, categories Cc, Cf, Zl and Zp).
 */
const acting =
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/gu;

/**
 * Text for a terminal: what somebody wrote into a name, a log line or an error does nothing there. Written as JSON writes it,
 * so that JSON stays the same JSON.
 */
export function inert(text: string): string {
  return text
    .replaceAll("\r\n", "\n")
    .replace(acting, (found) =>
      Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(
        "",
      ),
    );
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
