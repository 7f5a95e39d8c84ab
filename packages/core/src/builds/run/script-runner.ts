// Executes what a task does: its scripts one after the other, as processes with what they may have of the surroundings.
import { environmentOf } from "../hash/environment.ts";
import type { Environment } from "../hash/environment.ts";
import type { TaskNode } from "../graph/task-graph.ts";
import type { BuildLimits } from "../limits.ts";
import type { Processes, RunningNotes, RunningProcess } from "../ports.ts";
import type { EnvMode, Workspace } from "../workspace/package.ts";
import { commandOf, scriptEnvironment, scriptsOf } from "./command.ts";
import type { TaskNeed } from "./slots.ts";

export interface ScriptRunnerParts {
  readonly workspace: Workspace;
  readonly processes: Processes;
  readonly running: RunningNotes;
  readonly limits: BuildLimits;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly env: Environment;
  readonly envMode: EnvMode;
  readonly args: readonly string[];
  readonly startedIn: string;
  readonly node: string | undefined;
  /** What stands before a command, such as a program that watches it. */
  readonly wrap?: ((node: TaskNode, command: readonly string[]) => readonly string[]) | undefined;
}

export interface Executed {
  readonly exitCode: number | null;
  /** Undefined where it succeeded. */
  readonly why: string | null;
  readonly log: Uint8Array;
  /** The log is not whole: it was longer than is kept. */
  readonly isCut: boolean;
  readonly durationMs: number;
  /** What it took of the machine; undefined where the system does not say. */
  readonly need: TaskNeed | undefined;
}

type Spec = Parameters<Processes["spawn"]>[0] & { readonly signal: AbortSignal };

export class ScriptRunner {
  readonly #parts: ScriptRunnerParts;
  readonly #running = new Set<RunningProcess>();
  #isStopped = false;

  constructor(parts: ScriptRunnerParts) {
    this.#parts = parts;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Ends what runs, and begins nothing any more. */
  stop(): void {
    this.#isStopped = true;
    for (const running of this.#running) this.#end(running);
  }

  #end(running: RunningProcess): void {
    running.kill("SIGTERM");
    const { after, limits } = this.#parts;
    const cancel = after(limits.buildStopGraceMs, () => running.kill("SIGKILL"));
    void running.ended.finally(cancel);
  }

  /** `told`: what it writes, as it comes. */
  async run(node: TaskNode, signal: AbortSignal, told: (bytes: Uint8Array) => void): Promise<Executed> {
    const { workspace, env, envMode, args, startedIn, node: program, limits, wrap } = this.#parts;
    const { package: pkg, definition, task } = node;
    const folder = definition.command?.folder ?? pkg.folder;
    const cwd = folder === "" ? workspace.root : `${workspace.root}/${folder}`;
    const allowed = {
      ...environmentOf(env, { mode: envMode, global: workspace.rules.global, definition }),
      ...definition.command?.env,
    };
    const pieces: Uint8Array[] = [];
    let [size, isCut] = [0, false];
    const output = (bytes: Uint8Array): void => {
      told(bytes);
      size += bytes.length;
      isCut ||= size > limits.buildLogBytesMax;
      if (!isCut) pieces.push(bytes);
    };
    const startedAt = performance.now();
    let [exitCode, why]: [number | null, string | null] = [0, null];
    let [cpuMs, memoryBytes, isKnown] = [0, 0, false];
    const scripts = scriptsOf(node, workspace.manager);
    for (const script of scripts) {
      const own = scriptEnvironment({
        root: workspace.root,
        manager: workspace.manager,
        pkg,
        script,
        env: allowed,
        startedIn,
        node: program,
      });
      const isMain = scripts.length === 1 || script.event === (definition.script ?? task);
      const command = commandOf(script.text, isMain ? args : []);
      const end = await this.#spawn({ command: wrap?.(node, command) ?? command, cwd, env: own, output, signal });
      if (end.use !== undefined) {
        isKnown = true;
        cpuMs += end.use.cpuMs;
        memoryBytes = Math.max(memoryBytes, end.use.memoryBytes);
      }
      if (end.exitCode !== 0) {
        [exitCode, why] = [end.exitCode ?? null, end.why];
        break;
      }
    }
    const elapsedMs = performance.now() - startedAt;
    const need = isKnown ? { cores: cpuMs / Math.max(1, elapsedMs), memoryBytes } : undefined;
    return { exitCode, why, log: Buffer.concat(pieces), isCut, durationMs: Math.round(elapsedMs), need };
  }

  async #spawn({ signal, ...spec }: Spec): Promise<{
    readonly exitCode: number | undefined;
    readonly why: string | null;
    readonly use?: { readonly cpuMs: number; readonly memoryBytes: number } | undefined;
  }> {
    const spawned = this.#parts.processes.spawn(spec);
    // As a shell says it.
    if (!spawned.ok) return { exitCode: 127, why: `${spec.command[0]} cannot be started: ${spawned.why}` };
    const { process: running } = spawned;
    this.#running.add(running);
    this.#parts.running.began(running.pid);
    const stop = (): void => this.#end(running);
    signal.addEventListener("abort", stop, { once: true });
    if (this.#isStopped || signal.aborted) stop();
    try {
      const { exitCode, signal: killedBy, use } = await running.ended;
      if (exitCode === 0) return { exitCode, why: null, use };
      const why = killedBy === undefined ? `it exited with code ${exitCode}` : `it was ended by ${killedBy}`;
      return { exitCode, why, use };
    } finally {
      signal.removeEventListener("abort", stop);
      this.#running.delete(running);
      this.#parts.running.ended(running.pid);
    }
  }
}
