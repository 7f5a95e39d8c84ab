// Bodies of the frames between a server and the holder of its terminals.
import type { PtyPlace, TerminalSize } from "@sluice/core/terminals";

/** How the holder is to treat what it holds. */
export interface HolderSettings {
  /** Without a server for longer than this, everything ends. */
  readonly orphanedMs: number;
  /** After the hang-up of a session that nobody takes over, whoever is left is killed. */
  readonly killGraceMs: number;
  /** Kept output of a session; past it its program is held back. */
  readonly heldBytesMax: number;
}

export interface HelloBody {
  readonly version: number;
  readonly settings: HolderSettings;
}

export interface WelcomeBody {
  readonly version: number;
  readonly sessions: readonly string[];
}

export interface SpawnBody extends TerminalSize {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly about: string;
}

export interface SpawnedBody {
  readonly pid: number;
}

export interface RefusedBody {
  readonly message: string;
}

/** Behind it the kept screen, if there is one. */
export interface TakenBody {
  readonly pid: number;
  readonly about: string;
  readonly from: PtyPlace & TerminalSize;
  readonly hasScreen: boolean;
  readonly answeredTo: number;
}

export interface SignalBody {
  readonly signal: "SIGHUP" | "SIGKILL";
}

/** Of `resize`, `resized` and, with the screen behind it, `keep`. */
export type ChangeBody = PtyPlace & TerminalSize;

/** What the screen says is behind it. */
export interface AnswerBody {
  readonly offset: number;
}

export interface DescribeBody {
  readonly about: string;
}

export interface ExitedBody {
  readonly exitCode: number | null;
  readonly signal: string | null;
}
