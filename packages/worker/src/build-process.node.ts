// One build as a process: argv as it is, a group of its own, output as it comes, and an end whatever happens. Node's modules, which Bun
// and Deno have as well.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import process from "node:process";
import { BuildFilesError } from "./build-files.node.ts";
import type { BuildFiles, FileByContent } from "./build-files.node.ts";
import type { OrphanGuard } from "./orphan-guard.node.ts";

/** What BUILD_REQUEST says of a build. */
export interface BuildOptions {
  /** Program and arguments; no shell is involved. */
  readonly command?: readonly string[] | undefined;
  readonly cwd?: string | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly timeout_ms?: number | undefined;
  readonly inputs?: readonly FileByContent[] | undefined;
  readonly outputs?: readonly string[] | undefined;
}

/** How it ended. */
export interface BuildResult {
  readonly ok: boolean;
  readonly exitCode: number | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
  readonly durationMs: number;
  /** What was stored of it. */
  readonly artifacts: readonly FileByContent[];
}

export interface BuildProcessOptions {
  readonly options: BuildOptions;
  /** Where its files come from and go to; without it the command finds what is there. */
  readonly files?: BuildFiles | undefined;
  /** Of the command, besides what the build itself says. */
  readonly environment: Readonly<Record<string, string>>;
  readonly started: (pid: number) => void;
  /** Ends its group where this process is killed. */
  readonly guard: OrphanGuard;
  /** Output as it comes; while it answers false, nothing more is read until `resume`. */
  readonly output: (stream: "stdout" | "stderr", bytes: Uint8Array) => boolean;
  readonly ended: (result: BuildResult) => void;
}

/** Output is read for this long after the command has ended: somebody who left its group may hold the pipe open. */
const outputGraceMs = 1_000;
/** A group gets this long to end by itself where nothing else is said. */
const graceDefaultMs = 5_000;

export class BuildProcess {
  readonly #options: BuildProcessOptions;
  readonly #startedAt = Date.now();
  readonly #timers: ReturnType<typeof setTimeout>[] = [];
  #child: ChildProcess | undefined;
  #why: { readonly code: string; readonly message: string } | undefined;
  #over = false;
  #paused = false;

  constructor(options: BuildProcessOptions) {
    this.#options = options;
    const { timeout_ms: timeoutMs } = options.options;
    if (timeoutMs !== undefined) {
      const late = (): void => this.#end("timeout", `The build took longer than ${timeoutMs} ms.`, graceDefaultMs);
      this.#timers.push(setTimeout(late, timeoutMs));
    }
    if (options.files === undefined) this.#start(options.options.cwd);
    else void this.#startIn(options.files);
  }

  async #startIn(files: BuildFiles): Promise<void> {
    try {
      this.#start(await files.prepare());
    } catch (error) {
      this.#failedOver(error);
    }
  }

  #start(cwd: string | undefined): void {
    if (this.#why !== undefined) {
      this.#finish({ ok: false, exitCode: undefined, error: this.#why });
      return;
    }
    const { command = [], env } = this.#options.options;
    const [program, ...args] = command;
    if (program === undefined) {
      queueMicrotask(() => this.#failed("command_missing", "The build has no command."));
      return;
    }
    this.#options.guard.prepare();
    try {
      this.#child = spawn(program, args, {
        cwd,
        env: { ...this.#options.environment, ...env },
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
    } catch (error) {
      queueMicrotask(() => this.#failed("spawn_failed", textOf(error)));
      return;
    }
    // At once: no turn of the event loop lies between its beginning and its being known.
    if (this.#child.pid !== undefined) this.#options.guard.add(this.#child.pid);
    this.#follow(this.#child);
    if (this.#paused) this.pause();
  }

  /** Ends the whole group: asks it, and after the grace does not ask. */
  cancel(graceMs: number | undefined): void {
    this.#end("cancelled", "The build was cancelled.", graceMs ?? graceDefaultMs);
  }

  /** Output is read again. */
  resume(): void {
    this.#paused = false;
    this.#child?.stdout?.resume();
    this.#child?.stderr?.resume();
  }

  pause(): void {
    this.#paused = true;
    this.#child?.stdout?.pause();
    this.#child?.stderr?.pause();
  }

  #follow(child: ChildProcess): void {
    child.once("spawn", () => {
      if (child.pid !== undefined) this.#options.started(child.pid);
    });
    child.once("error", (error) => this.#failed("spawn_failed", textOf(error)));
    for (const stream of ["stdout", "stderr"] as const) {
      child[stream]?.on("data", (bytes: Uint8Array) => {
        if (!this.#options.output(stream, bytes)) this.pause();
      });
    }
    child.once("exit", () => this.#exited(child));
    // `close` comes when the process has ended and everything it said was read.
    child.once("close", (code, signal) => this.#ended(code, signal));
  }

  /** The command has ended: whoever it left behind in its group ends with it, and keeps nobody waiting for output. */
  #exited(child: ChildProcess): void {
    this.#signal("SIGKILL");
    const giveUp = (): void => {
      // Output that only waits to be read is not given up.
      if (this.#paused) this.#timers.push(setTimeout(giveUp, outputGraceMs));
      else for (const stream of [child.stdout, child.stderr]) stream?.destroy();
    };
    this.#timers.push(setTimeout(giveUp, outputGraceMs));
  }

  #end(code: string, message: string, graceMs: number): void {
    if (this.#over || this.#why !== undefined) return;
    this.#why = { code, message };
    this.#options.files?.abort();
    this.#signal("SIGTERM");
    this.#timers.push(setTimeout(() => this.#signal("SIGKILL"), graceMs));
  }

  #signal(signal: "SIGTERM" | "SIGKILL"): void {
    const pid = this.#child?.pid;
    if (pid === undefined || this.#over) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // The group is gone: its end is on its way.
    }
  }

  #ended(code: number | null, signal: string | null): void {
    // Its number may soon be another's: nobody signals it from here on, though its outputs are still to be stored.
    if (this.#child?.pid !== undefined) this.#options.guard.remove(this.#child.pid);
    this.#child = undefined;
    const failed = signal === null ? undefined : { code: "killed", message: `It ended by ${signal}.` };
    const bad = code === 0 ? undefined : { code: "build_failed", message: `The command ended with ${code}.` };
    const error = this.#why ?? failed ?? bad;
    const { files } = this.#options;
    if (error === undefined && files !== undefined) void this.#keep(files, code ?? undefined);
    else this.#finish({ ok: error === undefined, exitCode: code ?? undefined, error });
  }

  /** The command has done its part: what it left is stored before anybody hears of the end. */
  async #keep(files: BuildFiles, exitCode: number | undefined): Promise<void> {
    try {
      const artifacts = await files.collect();
      this.#finish({ ok: true, exitCode, error: undefined, artifacts });
    } catch (error) {
      this.#failedOver(error);
    }
  }

  #failedOver(error: unknown): void {
    const code = error instanceof BuildFilesError ? error.code : "files_failed";
    this.#finish({ ok: false, exitCode: undefined, error: this.#why ?? { code, message: textOf(error) } });
  }

  #failed(code: string, message: string): void {
    this.#finish({ ok: false, exitCode: undefined, error: { code, message } });
  }

  #finish(result: Omit<BuildResult, "durationMs" | "artifacts"> & Partial<Pick<BuildResult, "artifacts">>): void {
    if (this.#over) return;
    this.#over = true;
    if (this.#child?.pid !== undefined) this.#options.guard.remove(this.#child.pid);
    for (const timer of this.#timers) clearTimeout(timer);
    const ended = { artifacts: [], ...result, durationMs: Date.now() - this.#startedAt };
    const tell = (): void => this.#options.ended(ended);
    // A folder that cannot be removed is no reason to keep the end from anybody.
    if (this.#options.files === undefined) tell();
    else this.#options.files.dispose().then(tell, tell);
  }
}

/**
 * What commands get of this program's environment: what every program counts on, and `names`. The rest may be secrets of whoever runs
 * the worker, and the command is somebody else's.
 */
export function environmentOf(names: readonly string[] = []): Readonly<Record<string, string>> {
  const passed = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && (commonName.test(name) || names.includes(name)) ? [[name, value] as const] : [],
  );
  return Object.fromEntries(passed);
}

const commonName = /^(?:PATH|HOME|USER|LOGNAME|SHELL|TERM|TMPDIR|TZ|LANG|LANGUAGE|LC_[A-Z]+)$/;

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
