// What terminals need of their surroundings: processes on terminals, and screens that follow their output elsewhere.
import type { Result } from "../kernel/result.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

export interface PtySpec extends TerminalSize {
  /** Program and arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly cwd: string | undefined;
  /** Besides what the host gives every program. */
  readonly env: Readonly<Record<string, string>>;
}

export interface PtyEnd {
  readonly exitCode: number | undefined;
  /** Such as `SIGKILL`. */
  readonly signal: string | undefined;
}

/** What a host tells; never from within `spawn`. */
export interface PtyEvents {
  /** The bytes are the receiver's. */
  output(bytes: Bytes): void;
  /** The program has ended; further output may come of others that have its terminal. */
  exited(end: PtyEnd): void;
  /** No further output comes. */
  closed(): void;
  /** All input that was written has been read. */
  drained(): void;
}

/** A program on a terminal of its own, leader of a session of processes. */
export interface Pty {
  readonly pid: number;
  /** Whatever the program does not read at once waits. */
  write(bytes: Uint8Array): void;
  resize(size: TerminalSize): void;
  /** The program's writes block from now on; what it gets is not affected. False where the system cannot do that. */
  pause(): boolean;
  resume(): void;
  /** Tells everybody of the session that the terminal is gone. */
  hangUp(): void;
  /** Kills whoever of the session is left; answers how many there were. */
  killSession(): number;
  /** Lets go of the terminal; nothing is told any more. */
  close(): void;
}

export interface PtyHost {
  /** Fails with `bad_request` when there is no such program or folder. */
  spawn(spec: PtySpec, events: PtyEvents): Result<Pty>;
}

/** The whole screen as a stream that a terminal which was just reset turns into it. */
export interface Snapshot extends TerminalSize {
  /** Of the output that it stands for. */
  readonly offset: number;
  /** Number of the last change of size that it contains. */
  readonly mark: number;
  readonly bytes: Bytes;
}

export interface ScreenEvents {
  /** So much of the output is on the screen, or can be. */
  parsed(offset: number): void;
  /** What a terminal says to a query in the output. */
  reply(bytes: Uint8Array): void;
  title(title: string): void;
  bell(): void;
  /** It follows no more. */
  failed(message: string): void;
}

/** The state of one terminal, kept by somebody who reads all of its output. */
export interface Screen {
  /** The bytes are the screen's. */
  write(bytes: Bytes): void;
  /** `mark`: number of the change. */
  resize(size: TerminalSize, mark: number): void;
  /** Of everything that was written before. Rejects when the screen has been closed. */
  snapshot(): Promise<Snapshot>;
  /** The lines above and on the screen, without attributes. */
  text(): Promise<string>;
  close(): void;
}

export interface ScreenHost {
  open(p: TerminalSize & { readonly scrollbackLines: number }, events: ScreenEvents): Screen;
}
