// What a session is made of, and what it is before anything runs in it.
import type { Clock } from "../kernel/clock.ts";
import type { TerminalLimits } from "./limits.ts";
import type { PtyHost, ScreenHost } from "./ports.ts";
import type { Recorder } from "./recording/recorder.ts";

/** What a session is, whether anybody looks or not. */
export interface SessionFacts {
  readonly id: string;
  readonly command: readonly string[];
  readonly cwd: string | undefined;
  /** As `PtySpec.runAs`. */
  readonly runAs: string | undefined;
  /** Who made it: `kind:id`. */
  readonly by: string;
  readonly createdAt: number;
}

export interface SessionParts {
  readonly clock: Clock;
  readonly limits: TerminalLimits;
  readonly ptys: PtyHost;
  readonly screens: ScreenHost;
  /** Records it from its start on; `drained` is to be called when less waits to be written. */
  readonly record?: ((drained: () => void) => Recorder) | undefined;
  /** Something that lists show has changed. */
  readonly changed: () => void;
}
