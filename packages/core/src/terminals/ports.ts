// What terminals need of their surroundings: processes on terminals, and screens that follow their output elsewhere.
import type { Result } from "../kernel/result.ts";

export type Bytes = Uint8Array<ArrayBuffer>;

export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** A place in the output: behind `offset` bytes and behind the change of size with number `mark`. */
export interface PtyPlace {
  readonly offset: number;
  readonly mark: number;
}

export interface PtySpec extends TerminalSize {
  /** Of the session: whoever takes the program over later finds it by this. */
  readonly id: string;
  /** What whoever takes it over has to know of the session. */
  readonly about: string;
  /** Program and arguments; no shell reads them. */
  readonly command: readonly string[];
  readonly cwd: string | undefined;
  /** Name of a user of the machine; undefined: the one that the server runs as. */
  readonly runAs: string | undefined;
  /** Besides what the host gives every program. */
  readonly env: Readonly<Record<string, string>>;
}

export interface PtyEnd {
  readonly exitCode: number | undefined;
  /** Such as `SIGKILL`. */
  readonly signal: string | undefined;
}

/** What a host tells; never from within a call. */
export interface PtyEvents {
  /** Before everything else. */
  begun(pty: Pty): void;
  /** Only of a program that was taken over: its size was changed here, before somebody listened. */
  resized(size: TerminalSize, mark: number): void;
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
  /** Writes what the screen says to queries in the output before `offset`: whoever takes the program over does not say it again. */
  answer(bytes: Uint8Array, offset: number): void;
  /** `at`: where in the output it happens, the number of this change included. */
  resize(size: TerminalSize, at: PtyPlace): void;
  /** The program's writes block from now on; what it gets is not affected. False where the system cannot do that. */
  pause(): boolean;
  resume(): void;
  /** Tells everybody of the session that the terminal is gone. */
  hangUp(): void;
  /** Kills whoever of the session is left. */
  killSession(): void;
  /** Lets go of the terminal; nothing is told any more. */
  close(): void;
  /** The screen as it is at a place: whoever takes the program over begins with it, and output before it is not kept. */
  keep(screen: Snapshot): void;
  /** What whoever takes it over has to know has changed. */
  describe(about: string): void;
  /** Nobody will take it over. */
  forget(): void;
}

/** A program that goes on, or has ended, without a server that follows it. */
export interface HeldPty {
  readonly id: string;
  readonly about: string;
  readonly pid: number;
  /** Where its kept output begins, and its size there. */
  readonly from: PtyPlace & TerminalSize;
  /** What there is to begin with; undefined: nothing, or not all output since its beginning was kept. */
  readonly screen: Snapshot | undefined;
  /** Queries in the output before it have been answered. */
  readonly answeredTo: number;
  /** Tells all that is kept, then what comes. */
  follow(events: PtyEvents): void;
}

export interface PtyHost {
  /** Fails with `bad_request` when there is no such program, folder or user, `unavailable` where none can be begun. */
  spawn(spec: PtySpec, events: PtyEvents): Promise<Result<true>>;
  /** Programs that an earlier server has left. Each is to be followed, or it is held back when it writes too much. */
  held(): Promise<readonly HeldPty[]>;
  /** Lets go of every program. True: they go on without this server; false: somebody has to end them. */
  leave(): boolean;
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
  /** What a terminal says to a query in the output before `offset`. */
  reply(bytes: Uint8Array, offset: number): void;
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

export interface NewScreen extends TerminalSize {
  readonly scrollbackLines: number;
  /** It begins as this one, or with nothing at this place; undefined: at the very beginning. */
  readonly from?: PtyPlace & { readonly bytes?: Bytes | undefined };
}

export interface ScreenHost {
  open(p: NewScreen, events: ScreenEvents): Screen;
}
