// One worker child: the process, its connection, what it holds in memory, and what is known about its end.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import type { Subprocess } from "bun";
import type { AttachedWorker, Clock, Logger, WorkerLink } from "@sluice/core";
import { errorCodes } from "@sluice/protocol";
import type { EngineToWorker, ErrorCode, WorkerToEngine } from "@sluice/protocol";
import { blockedInstead, bunWorkerEntry, childErrorCodes, readRecorder, recorderBytes } from "@sluice/worker/child";
import type { ChildSetup, ExecutingStep, RunMessage } from "@sluice/worker/child";
import { logLines } from "./supervisor-output.ts";
import type { SupervisorLimits } from "./supervisor-limits.ts";
import { sameSecret } from "./worker-socket.ts";
import type { Peer, PeerHandler } from "./worker-socket.ts";

/** Why the code of a version cannot be loaded, with the place where that is known. */
export interface CodeProblem {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string | undefined;
  readonly file?: string | undefined;
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** How a child ended. */
export interface ChildEnd {
  readonly crashed: boolean;
  readonly executing: readonly ExecutingStep[];
  readonly message: string;
}

export interface WorkerChildOptions {
  readonly id: string;
  readonly token: string;
  /** File for the flight recorder. */
  readonly recorder: string;
  /** Working folder of the process. */
  readonly project: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: SupervisorLimits;
}

type DeployMessage = Extract<WorkerToEngine, { type: "deploy" }>;
export type ChildStart =
  | { readonly ok: true; readonly deploy: DeployMessage }
  | { readonly ok: false; readonly problem: CodeProblem };

/** Runs in a worker's memory at a crash that left no executing step: so many of those it heard of last are suspected. */
const recentRunsMax = 8;
/** How long the output of a process that has ended is waited for. */
const outputGraceMs = 200;
/** What stands for the step when a run's own function took the worker down. */
const outsideSteps = "(outside its steps)";

export class WorkerChild implements PeerHandler, WorkerLink {
  readonly id: string;
  readonly startedAt: number;
  /** The code has been loaded, or cannot be. */
  readonly started: Promise<ChildStart>;
  readonly ended: Promise<ChildEnd>;
  /** It has given back what it held, or has ended. */
  readonly handedBack: Promise<void>;
  /** Runs in its memory, with their epochs. */
  readonly runs = new Map<string, number>();
  /** Tasks it was given and has not ended. */
  readonly tasks = new Set<string>();
  version = "";
  lastBusyAt: number;
  stalled: { readonly since: number; readonly executing: readonly ExecutingStep[] } | undefined;
  attached: AttachedWorker | undefined;
  readonly #options: WorkerChildOptions;
  readonly #process: Subprocess<"pipe", "pipe", "pipe">;
  readonly #output: Promise<void>;
  readonly #recent: string[] = [];
  #peer: Peer | undefined;
  #lastHeardAt: number;
  #killedFor: string | undefined;
  #leaving = false;
  #gaveBack = false;
  #problem: CodeProblem | undefined;
  #resolveStarted: (start: ChildStart) => void = () => undefined;
  #resolveHandedBack: () => void = () => undefined;

  constructor(options: WorkerChildOptions) {
    const { clock, limits, id } = options;
    this.#options = options;
    this.id = id;
    this.startedAt = clock.now();
    this.lastBusyAt = this.startedAt;
    this.#lastHeardAt = this.startedAt;
    this.started = new Promise((resolve) => {
      this.#resolveStarted = resolve;
    });
    this.handedBack = new Promise((resolve) => {
      this.#resolveHandedBack = resolve;
    });
    const entry = Bun.fileURLToPath(bunWorkerEntry());
    this.#process = Bun.spawn([process.execPath, "--no-install", entry, id], {
      cwd: options.project,
      env: { ...options.env },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
      // A process group of its own: an interrupt from the terminal reaches the supervisor only, which drains first.
      detached: true,
    });
    this.#output = logLines(this.#process, {
      lineBytesMax: limits.logLineBytesMax,
      line: (stream, message) => options.log(stream === "stderr" ? "warn" : "info", message, { worker: id, stream }),
    });
    this.ended = this.#watch();
  }

  get pid(): number {
    return this.#process.pid;
  }

  get serving(): boolean {
    return this.attached !== undefined && !this.#leaving;
  }

  /** Gives the child its work: from here it has `leaseMs` to load the code. */
  begin(setup: Omit<ChildSetup, "token" | "worker" | "recorder">): void {
    const { token, id, recorder, clock, limits } = this.#options;
    this.version = setup.version;
    const line: ChildSetup = { ...setup, token, worker: id, ...(makeRecorder(recorder) ? { recorder } : {}) };
    this.#lastHeardAt = clock.now();
    void this.#process.stdin.write(`${JSON.stringify(line)}\n`);
    void this.#process.stdin.flush();
    const stop = clock.after(limits.leaseMs, () =>
      this.kill(`it has not loaded its code within ${limits.leaseMs} ms (leaseMs)`),
    );
    void this.started.then(stop);
  }

  /** True for the secret of this child. */
  knows(token: string): boolean {
    return this.#peer === undefined && sameSecret(token, this.#options.token);
  }

  send(messages: readonly EngineToWorker[]): void {
    this.lastBusyAt = this.#options.clock.now();
    for (const message of messages) this.#noteSent(message);
    this.#peer?.send(messages, (message, fault) => {
      const instead = blockedInstead(message, fault);
      if (instead !== undefined) queueMicrotask(() => this.attached?.receive(instead));
    });
    const { outgoingBytesMax } = this.#options.limits;
    if ((this.#peer?.pendingBytes ?? 0) > outgoingBytesMax) {
      this.kill(`it does not read: more than ${outgoingBytesMax} bytes wait for it (outgoingBytesMax)`);
    }
  }

  #noteSent(message: EngineToWorker): void {
    if (message.type === "assign") {
      if (message.assignment.check !== true) this.runs.set(message.assignment.run, message.assignment.epoch);
      this.#touch(message.assignment.run);
    } else if (message.type === "events") {
      this.#touch(message.run);
      if (message.events.some((event) => event.event === "drop")) this.#forget(message.run, message.epoch);
    } else if (message.type === "task") this.tasks.add(`${message.task} ${message.epoch}`);
  }

  #touch(run: string): void {
    if (this.#recent.at(-1) === run) return;
    this.#recent.push(run);
    if (this.#recent.length > recentRunsMax * 4) this.#recent.splice(0, recentRunsMax * 3);
  }

  #forget(run: string, epoch: number): void {
    if (this.runs.get(run) === epoch) this.runs.delete(run);
  }

  onConnected(peer: Peer): void {
    this.#peer = peer;
    this.onAlive();
  }

  onAlive(): void {
    this.#lastHeardAt = this.#options.clock.now();
    if (this.stalled === undefined) return;
    this.#options.log("info", "a stalled worker has come back", { worker: this.id });
    this.stalled = undefined;
  }

  onRuns(messages: readonly RunMessage[]): void {
    this.lastBusyAt = this.#options.clock.now();
    for (const message of messages as readonly WorkerToEngine[]) {
      if (message.type === "deploy") this.#resolveStarted({ ok: true, deploy: message });
      else this.attached?.receive(message);
      if (message.type === "ops") {
        const over = message.ops.some((op) => op.op === "finish" || op.op === "park" || op.op === "blocked");
        if (over) this.#forget(message.run, message.epoch);
      } else if (message.type === "result") {
        this.tasks.delete(`${message.task} ${message.epoch}`);
      } else if (message.type === "handback") {
        for (const { run, epoch } of message.runs) this.#forget(run, epoch);
        this.#gaveBack = true;
        this.#resolveHandedBack();
      }
    }
  }

  onFailure(payload: Readonly<Record<string, unknown>>): void {
    const { message, hint, file, line, column } = payload;
    this.#problem = {
      code: codeOf(payload),
      message: String(message),
      ...(typeof hint === "string" ? { hint } : {}),
      ...(typeof file === "string" ? { file, line: Number(line), column: Number(column) } : {}),
    };
    this.#resolveStarted({ ok: false, problem: this.#problem });
  }

  onClosed(reason: string): void {
    this.#peer = undefined;
    // Without its connection a child is of no use; one that leaves by itself is gone before this matters.
    this.#options.clock.after(this.#options.limits.workerHeartbeatMs, () => this.kill(reason));
  }

  /** One beat: tells the child, and looks at how long it has been silent. `lateMs`: for how long this process slept. */
  beat(lateMs: number): void {
    if (this.#peer === undefined) return;
    this.#peer.heartbeat();
    const { clock, limits } = this.#options;
    this.#lastHeardAt += lateMs;
    const silentMs = clock.now() - this.#lastHeardAt;
    this.#checkMemory();
    if (silentMs >= limits.leaseMs) this.kill(`it has been silent for ${silentMs} ms (leaseMs is ${limits.leaseMs})`);
    else if (silentMs >= limits.stallMs && this.stalled === undefined) void this.#noteStall(silentMs);
  }

  #checkMemory(): void {
    const { workerMemoryBytesMax: most } = this.#options.limits;
    const bytes = most > 0 ? residentBytes(this.pid) : 0;
    if (bytes > most) this.kill(`it uses ${bytes} bytes of memory (workerMemoryBytesMax is ${most})`);
  }

  async #noteStall(silentMs: number): Promise<void> {
    const { clock, log } = this.#options;
    this.stalled = { since: clock.now() - silentMs, executing: [] };
    const executing = await this.executing();
    if (this.stalled === undefined) return;
    this.stalled = { ...this.stalled, executing };
    const [first] = executing;
    log("warn", "a worker's thread is blocked", {
      worker: this.id,
      silentMs,
      ...(first === undefined ? { step: outsideSteps } : { step: first.step, run: first.run }),
      executing: executing.length,
    });
  }

  /** The steps that are executing now, or were when the process ended, the last one begun first. */
  async executing(): Promise<readonly ExecutingStep[]> {
    try {
      return readRecorder(await readFile(this.#options.recorder));
    } catch {
      // No recorder could be made, or the child has not begun: there is no evidence.
      return [];
    }
  }

  /** Lets it go: it ends when it sees its connection closed. */
  leave(): void {
    this.#leaving = true;
    if (this.#peer === undefined) this.#process.kill("SIGKILL");
    else this.#peer.close("it was told to leave");
  }

  kill(reason: string): void {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    this.#killedFor ??= reason;
    this.#process.kill("SIGKILL");
  }

  async #watch(): Promise<ChildEnd> {
    const exitCode = await this.#process.exited;
    this.#resolveHandedBack();
    // Its last lines belong to the evidence; what it started itself may hold the pipes open for longer.
    await Promise.race([this.#output, new Promise<void>((done) => this.#options.clock.after(outputGraceMs, done))]);
    const { signalCode } = this.#process;
    const how = signalCode === null ? `it ended with exit code ${exitCode}` : `it was ended by ${signalCode}`;
    const message = this.#killedFor ?? how;
    this.#resolveStarted({
      ok: false,
      problem: this.#problem ?? { code: "worker_failed", message: `The worker could not start: ${message}.` },
    });
    // One that was told to stop by somebody else gives its runs back and ends with code 0.
    const byItself = exitCode === 0 && this.#killedFor === undefined && (this.#gaveBack || this.runs.size === 0);
    const crashed = !this.#leaving && !byItself;
    const executing = crashed ? await this.#suspects() : [];
    rmSync(this.#options.recorder, { force: true });
    return { crashed, executing, message };
  }

  async #suspects(): Promise<readonly ExecutingStep[]> {
    const executing = await this.executing();
    if (executing.length > 0) return executing;
    const recent = [...new Set(this.#recent.toReversed())].filter((run) => this.runs.has(run)).slice(0, recentRunsMax);
    return recent.map((run) => ({ run, step: outsideSteps }));
  }
}

/** The code that the failure came with, where it is one of ours: what the SDK throws for a definition has one. */
function codeOf({ code, reason }: Readonly<Record<string, unknown>>): ErrorCode {
  if (typeof reason === "string" && Object.hasOwn(errorCodes, reason)) return reason as ErrorCode;
  return code === childErrorCodes.code ? "code_failed" : "worker_failed";
}

/** Written, not only reserved: memory over a file without room behind it would kill the child that writes to it. */
function makeRecorder(path: string): boolean {
  try {
    writeFileSync(path, new Uint8Array(recorderBytes), { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

const pageBytes = 4_096;

/** Resident memory of a process, where the system tells it in /proc; 0 elsewhere. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1] ?? 0) * pageBytes;
  } catch {
    return 0;
  }
}
