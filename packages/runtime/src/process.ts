// Child processes, as every runtime's provider offers them: argument lists only, never through a shell.

/** What is sent to processes by name. */
export type Signal =
  | "SIGTERM"
  | "SIGKILL"
  | "SIGINT"
  | "SIGHUP"
  | "SIGQUIT"
  | "SIGUSR1"
  | "SIGUSR2"
  | "SIGSTOP"
  | "SIGCONT";

export type StdioKind = "ignore" | "inherit" | "pipe";

export interface SpawnOptions {
  readonly cwd?: string;
  /** All that the child sees; default: the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Defaults: stdin `ignore`, the others `pipe`. */
  readonly stdin?: StdioKind;
  readonly stdout?: StdioKind;
  readonly stderr?: StdioKind;
  /** After this the child (with its group, where it leads one) gets `killSignal`. Default: never. */
  readonly timeoutMs?: number;
  /** Default SIGKILL. */
  readonly killSignal?: Signal;
  /** A session and process group of its own: `killGroup` then reaches all that it started. Default false. */
  readonly detached?: boolean;
}

export interface ChildExit {
  /** Undefined when a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
}

export interface Child {
  readonly pid: number;
  /** Undefined unless `pipe` was asked for. A write resolves when the pipe has taken it: a slow child slows its writer. */
  readonly stdin: WritableStream<Uint8Array> | undefined;
  /** Read as it is asked for: a slow reader slows the child. */
  readonly stdout: ReadableStream<Uint8Array> | undefined;
  readonly stderr: ReadableStream<Uint8Array> | undefined;
  readonly exited: Promise<ChildExit>;
  /** Default SIGTERM. False when it has ended. */
  kill(signal?: Signal): boolean;
  /** To the group that a detached child leads, also after the child itself has ended. False when nobody is left. */
  killGroup(signal?: Signal): boolean;
}

export interface PtyOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Default 80 by 24. */
  readonly columns?: number;
  readonly rows?: number;
  readonly onData: (bytes: Uint8Array) => void;
  /** Everything was read that the child, and whoever else has its terminal, will ever write. Also called after `close`. */
  readonly onEnd?: () => void;
  /** Everything that was written has been taken by the terminal. */
  readonly onDrain?: () => void;
}

export interface PtyChild {
  readonly pid: number;
  readonly exited: Promise<ChildExit>;
  write(data: string | Uint8Array): void;
  resize(columns: number, rows: number): void;
  /**
   * Whoever writes to the terminal blocks from now on, as after Ctrl+S; signals from the keyboard go through. False where the
   * system has no way to do that: there output cannot be held back.
   */
  pause(): boolean;
  resume(): void;
  kill(signal?: Signal): boolean;
  /** Signals every process of the child's session, those of other groups included; answers how many there were. */
  killSession(signal?: Signal): number;
  /** Ends the terminal; the child gets SIGHUP. */
  close(): void;
}

export interface WorkerThread {
  /** What can be cloned. */
  postMessage(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
  /** Of an error that nobody caught in it. */
  onError(listener: (error: Error) => void): void;
  terminate(): Promise<void>;
}

export interface ProcessProvider {
  readonly pid: number;
  readonly ppid: number;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws `RuntimeFailure` with `not_found` when there is no such program, `bad_argument` for a NUL in an argument. */
  spawn(command: string, args?: readonly string[], options?: SpawnOptions): Child;
  /** Absent where `capabilities.pty` is false. */
  readonly spawnPty?: (command: string, args: readonly string[], options: PtyOptions) => PtyChild;
  /** A thread with a module of its own, which finds `parentPort` and `workerData` in `node:worker_threads`. */
  createWorker(url: string | URL, options?: { readonly data?: unknown }): WorkerThread;
  /** Called once when this process ends by itself; it cannot wait for anything. The result takes it back. */
  onExit(listener: () => void): () => void;
}

/** A child as the platform has it, with what all platforms have in common left out. */
export interface RawChild {
  readonly pid: number;
  readonly stdin: Child["stdin"];
  readonly stdout: Child["stdout"];
  readonly stderr: Child["stderr"];
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly signal: string | undefined }>;
  /** Sends to a process, or with a negative number to a group; throws when there is none. */
  readonly send: (pid: number, signal: Signal) => void;
}

/** Adds the time limit and the two ways to kill. */
export function childOf(raw: RawChild, options: SpawnOptions): Child {
  const { timeoutMs, killSignal = "SIGKILL", detached = false } = options;
  let timedOut = false;
  let running = true;
  const send = (pid: number, signal: Signal): boolean => {
    try {
      raw.send(pid, signal);
      return true;
    } catch {
      return false; // It is gone, which is what was wanted.
    }
  };
  const kill = (signal: Signal = "SIGTERM"): boolean => running && send(raw.pid, signal);
  const killGroup = (signal: Signal = "SIGTERM"): boolean => (detached ? send(-raw.pid, signal) : kill(signal));
  const expire = (): void => {
    timedOut = true;
    killGroup(killSignal);
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs);
  const exited = raw.ended.then((end) => {
    running = false;
    clearTimeout(timer);
    return { ...end, timedOut };
  });
  const { pid, stdin, stdout, stderr } = raw;
  return { pid, stdin, stdout, stderr, exited, kill, killGroup };
}
