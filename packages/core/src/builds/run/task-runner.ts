// Does one task: looks whether its result is there, executes it where it is not, and keeps what it left.
import { changeText, explain } from "../explain/explain.ts";
import type { Hasher, KeyedTask } from "../hash/hasher.ts";
import { environmentOf } from "../hash/environment.ts";
import type { Environment } from "../hash/environment.ts";
import { exportsAreOutputs } from "../hash/exports.ts";
import { digestOfTexts, sha256 } from "../hash/fingerprint.ts";
import type { TaskNode } from "../graph/task-graph.ts";
import type { BuildLimits } from "../limits.ts";
import type { BuildCache, Digest, Files, Processes, RunningNotes, RunningProcess } from "../ports.ts";
import type { BuildRecords } from "../records/records.ts";
import type { EnvMode, Workspace } from "../workspace/package.ts";
import type { TaskPerformer } from "./build-run.ts";
import { commandOf, scriptEnvironment, scriptsOf } from "./command.ts";
import { unreached } from "./outcome.ts";
import type { TaskOutcome } from "./outcome.ts";
import { badPattern, digestOfOutputs } from "./outputs.ts";
import type { Outputs } from "./outputs.ts";
import type { Slots } from "./slots.ts";

/** What happens to tasks, for whoever shows it. */
export interface TaskEvents {
  started(node: TaskNode, hash: Digest): void;
  output(node: TaskNode, bytes: Uint8Array): void;
  /** Of a hit: the bytes that the task wrote when it was executed. */
  replayed(node: TaskNode, log: Uint8Array): void;
}

export interface TaskRunnerParts {
  readonly workspace: Workspace;
  readonly hasher: Hasher;
  readonly outputs: Outputs;
  readonly cache: BuildCache;
  readonly records: BuildRecords;
  readonly files: Files;
  readonly processes: Processes;
  readonly running: RunningNotes;
  readonly slots: Slots;
  /** Of the critical path, by id. */
  readonly weights: ReadonlyMap<string, number>;
  readonly events: TaskEvents;
  readonly limits: BuildLimits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly env: Environment;
  readonly envMode: EnvMode;
  readonly args: readonly string[];
  /** Nothing is taken from the cache. */
  readonly force: boolean;
  /** It only looks: nothing is put in place or told. */
  readonly isDry: boolean;
  readonly startedIn: string;
  readonly node: string | undefined;
  /** Absolute; holds the last log of each task. */
  readonly logFolder: string;
}

/** That an outcome names: whoever wants all of them asks for the explanation. */
const reasonsMax = 20;

interface Executed {
  readonly exitCode: number | null;
  readonly why: string | null;
  readonly log: Uint8Array;
  readonly isCut: boolean;
  readonly durationMs: number;
}

export class TaskRunner implements TaskPerformer {
  readonly #parts: TaskRunnerParts;
  readonly #running = new Set<RunningProcess>();
  #isStopped = false;

  constructor(parts: TaskRunnerParts) {
    this.#parts = parts;
  }

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

  #keyed(node: TaskNode, upstream: readonly TaskOutcome[]): KeyedTask {
    return this.#parts.hasher.keyed(node, Object.fromEntries(upstream.map(({ id, gives }) => [id, gives])));
  }

  /**
   * What a task gives to the keys of others. Its outputs stand for it only where others can see nothing else of its package; what its
   * own upstream gives goes along, since what it left may lead there.
   */
  #gives(
    node: TaskNode,
    p: { readonly key: Digest; readonly outputs: Digest; readonly upstream: readonly TaskOutcome[] },
  ): string {
    if (!exportsAreOutputs(node.package, node.definition)) return `key ${p.key}`;
    return `outputs ${digestOfTexts([p.outputs, ...p.upstream.flatMap(({ id, gives }) => [id, gives])])}`;
  }

  pass(node: TaskNode, upstream: readonly TaskOutcome[]): TaskOutcome {
    const { key } = this.#keyed(node, upstream);
    return {
      id: node.id,
      status: "completed",
      cache: "none",
      hash: key,
      gives: `key ${key}`,
      durationMs: 0,
      savedMs: 0,
      exitCode: null,
      why: null,
    };
  }

  /** What is in place already, or in the cache; undefined where the task has to be executed. */
  async hit(node: TaskNode, upstream: readonly TaskOutcome[]): Promise<TaskOutcome | undefined> {
    const { force } = this.#parts;
    if (force || !node.definition.cache || upstream.some(({ status }) => status !== "completed")) return undefined;
    const { key, parts } = this.#keyed(node, upstream);
    return this.#hitOf(node, { key, parts }, upstream);
  }

  async #hitOf(
    node: TaskNode,
    { key, parts }: KeyedTask,
    upstream: readonly TaskOutcome[],
  ): Promise<TaskOutcome | undefined> {
    const { outputs, cache, records, events, now, isDry } = this.#parts;
    const place = { id: node.id, folder: node.package.folder };
    const done = (outputsDigest: Digest, savedMs: number): TaskOutcome => ({
      id: node.id,
      status: "completed",
      cache: "hit",
      hash: key,
      gives: this.#gives(node, { key, outputs: outputsDigest, upstream }),
      durationMs: 0,
      savedMs,
      exitCode: null,
      why: null,
    });
    const there = outputs.inPlace(place, key);
    if (there !== undefined && isDry) return done(there.outputs, 0);
    if (there !== undefined) {
      const log = await this.#logOf(node, there.log);
      if (log !== undefined) {
        events.replayed(node, log);
        return done(there.outputs, 0);
      }
    }
    const result = await cache.find(key);
    if (result === undefined) return undefined;
    if (isDry) return done(digestOfOutputs(result.outputs), result.durationMs);
    const log = await this.#logOf(node, result.log);
    if (log === undefined) return undefined;
    if (!(await outputs.restore(place, { key, log: result.log, entries: result.outputs }))) return undefined;
    events.replayed(node, log);
    records.keep(node.id, { key, atMs: now(), parts });
    return done(digestOfOutputs(result.outputs), result.durationMs);
  }

  #logFile(node: TaskNode): string {
    return `${this.#parts.logFolder}/${sha256(node.id).slice(0, 32)}.log`;
  }

  /** Bytes that a task wrote: those of its last log, if it is that one, else from the cache. */
  async #logOf(node: TaskNode, digest: Digest): Promise<Uint8Array | undefined> {
    const { files, cache } = this.#parts;
    const file = this.#logFile(node);
    const last = files.readBytes(file);
    if (last !== undefined && sha256(last) === digest) return last;
    return (await cache.fetch(digest, file)) === "ok" ? files.readBytes(file) : undefined;
  }

  async perform(node: TaskNode, upstream: readonly TaskOutcome[], signal: AbortSignal): Promise<TaskOutcome> {
    const found = await this.hit(node, upstream);
    if (found !== undefined) return found;
    const { slots, weights } = this.#parts;
    // What never ends would take a place for ever.
    const leave = node.definition.persistent ? () => undefined : await slots.enter(weights.get(node.id) ?? 0);
    try {
      if (this.#isStopped || signal.aborted) return unreached(node.id, "cancelled", "the build was stopped");
      return await this.#execute(node, upstream, signal);
    } finally {
      leave();
    }
  }

  async #execute(node: TaskNode, upstream: readonly TaskOutcome[], signal: AbortSignal): Promise<TaskOutcome> {
    const { outputs, records, events, files, now } = this.#parts;
    const keyed = this.#keyed(node, upstream);
    const { definition, id } = node;
    const bad = badPattern(definition.outputs);
    const base = { id, cache: definition.cache ? ("miss" as const) : ("off" as const), hash: keyed.key, savedMs: 0 };
    const failed = (why: string, exitCode: number | null = null, durationMs = 0): TaskOutcome => ({
      ...base,
      status: "failed",
      gives: "",
      durationMs,
      exitCode,
      why,
    });
    if (bad !== undefined) return failed(`its output ${JSON.stringify(bad)} leads out of the package`);
    events.started(node, keyed.key);
    const startedAtMs = now();
    const reasons = explain(id, keyed, records.keys(id)).changes.slice(0, reasonsMax).map(changeText);
    records.keep(id, { key: keyed.key, atMs: now(), parts: keyed.parts });
    await outputs.clear({ id, folder: node.package.folder });
    const executed = await this.#runScripts(node, signal);
    const { exitCode, durationMs, log } = executed;
    files.write(this.#logFile(node), log);
    if (this.#isStopped || signal.aborted)
      return { ...unreached(id, "cancelled", "the build was stopped"), hash: keyed.key, cache: base.cache, durationMs };
    const told = { startedAtMs, reasons };
    if (executed.why !== null) return { ...failed(executed.why, exitCode, durationMs), ...told };
    records.tookMs(id, durationMs);
    const kept = await this.#keep(node, { keyed, upstream, executed });
    return { ...base, status: "completed", durationMs, exitCode, ...kept, ...told };
  }

  async #runScripts(node: TaskNode, signal: AbortSignal): Promise<Executed> {
    const { workspace, env, envMode, args, startedIn, node: program, events, limits } = this.#parts;
    const { package: pkg, definition, task } = node;
    const cwd = pkg.folder === "" ? workspace.root : `${workspace.root}/${pkg.folder}`;
    const allowed = environmentOf(env, { mode: envMode, global: workspace.rules.global, definition });
    const pieces: Uint8Array[] = [];
    let [size, isCut] = [0, false];
    const output = (bytes: Uint8Array): void => {
      events.output(node, bytes);
      size += bytes.length;
      isCut ||= size > limits.buildLogBytesMax;
      if (!isCut) pieces.push(bytes);
    };
    const startedAt = performance.now();
    let [exitCode, why]: [number | null, string | null] = [0, null];
    for (const script of scriptsOf(pkg, task, workspace.manager)) {
      const own = scriptEnvironment({
        root: workspace.root,
        manager: workspace.manager,
        pkg,
        script,
        env: allowed,
        startedIn,
        node: program,
      });
      const command = commandOf(script.text, script.event === task ? args : []);
      const end = await this.#spawn({ command, cwd, env: own, output, signal });
      if (end.exitCode !== 0) {
        [exitCode, why] = [end.exitCode ?? null, end.why];
        break;
      }
    }
    return { exitCode, why, log: Buffer.concat(pieces), isCut, durationMs: Math.round(performance.now() - startedAt) };
  }

  async #spawn({ signal, ...spec }: Parameters<Processes["spawn"]>[0] & { readonly signal: AbortSignal }): Promise<{
    readonly exitCode: number | undefined;
    readonly why: string | null;
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
      const { exitCode, signal: killedBy } = await running.ended;
      if (exitCode === 0) return { exitCode, why: null };
      return {
        exitCode,
        why: killedBy === undefined ? `it exited with code ${exitCode}` : `it was ended by ${killedBy}`,
      };
    } finally {
      signal.removeEventListener("abort", stop);
      this.#running.delete(running);
      this.#parts.running.ended(running.pid);
    }
  }

  /** Keeps what a task left, if it may be kept: what it gives to others, and why it was not kept. */
  async #keep(
    node: TaskNode,
    {
      keyed,
      upstream,
      executed,
    }: { readonly keyed: KeyedTask; readonly upstream: readonly TaskOutcome[]; readonly executed: Executed },
  ): Promise<{ readonly gives: string; readonly why: string | null }> {
    const { outputs, cache, hasher, now } = this.#parts;
    const { definition, package: pkg, id } = node;
    const { key } = keyed;
    const place = { id, folder: pkg.folder };
    const entries = await outputs.keep(pkg.folder, definition.outputs);
    const left = digestOfOutputs(entries);
    // What is done anew each time gives what it left this time.
    if (!definition.cache) return { gives: `key ${digestOfTexts([key, left])}`, why: null };
    const gives = this.#gives(node, { key, outputs: left, upstream });
    const changed = hasher.changedSince(node);
    if (changed.length > 0)
      return { gives: `key ${digestOfTexts([key, left])}`, why: `not kept: ${changed[0]} changed while it ran` };
    if (upstream.some(({ status }) => status !== "completed"))
      return { gives, why: "not kept: something that it depends on failed" };
    if (executed.isCut) return { gives, why: "not kept: it wrote more than buildLogBytesMax" };
    const log = await cache.put({ bytes: executed.log });
    const meta = { task: id };
    const stored = await cache.commit({
      key,
      exitCode: 0,
      outputs: entries,
      log: log.digest,
      durationMs: executed.durationMs,
      createdAtMs: now(),
      meta,
    });
    outputs.settle(place, { key, log: log.digest, entries });
    return { gives, why: stored === "incomplete" ? "not kept: the cache did not take it" : null };
  }
}
