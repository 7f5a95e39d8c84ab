// Does one task: looks whether its result is there, executes it where it is not, and keeps what it left.
import { changeText, explain } from "../explain/explain.ts";
import type { Hasher, KeyedTask } from "../hash/hasher.ts";
import { exportsAreOutputs } from "../hash/exports.ts";
import { digestOfTexts, sha256 } from "../hash/fingerprint.ts";
import type { TaskNode } from "../graph/task-graph.ts";
import type { BuildCache, Digest, Files, Probes } from "../ports.ts";
import type { BuildRecords } from "../records/records.ts";
import type { TaskPerformer } from "./build-run.ts";
import { unreached } from "./outcome.ts";
import type { TaskOutcome } from "./outcome.ts";
import { badPattern, digestOfOutputs } from "./outputs.ts";
import type { Outputs } from "./outputs.ts";
import { ScriptRunner } from "./script-runner.ts";
import type { Executed, ScriptRunnerParts } from "./script-runner.ts";
import { Services } from "./services.ts";
import type { Slots, TaskNeed } from "./slots.ts";

/** What happens to tasks, for whoever shows it. */
export interface TaskEvents {
  started(node: TaskNode, hash: Digest): void;
  output(node: TaskNode, bytes: Uint8Array): void;
  /** Of a hit: the bytes that the task wrote when it was executed. */
  replayed(node: TaskNode, log: Uint8Array): void;
}

export interface TaskRunnerParts extends ScriptRunnerParts {
  readonly hasher: Hasher;
  readonly outputs: Outputs;
  readonly cache: BuildCache;
  readonly records: BuildRecords;
  readonly files: Files;
  readonly probes: Probes;
  readonly serviceOf: (id: string) => TaskNode | undefined;
  /** Of a watch, which has them for longer than one build. */
  readonly services?: Services | undefined;
  readonly slots: Slots;
  /** What tasks took of the machine before, by id. */
  readonly needs: ReadonlyMap<string, TaskNeed>;
  /** Of the critical path, by id. */
  readonly weights: ReadonlyMap<string, number>;
  readonly events: TaskEvents;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Nothing is taken from the cache. */
  readonly force: boolean;
  /** It only looks: nothing is put in place or told. */
  readonly isDry: boolean;
  /** Absolute; holds the last log of each task. */
  readonly logFolder: string;
}

/** That an outcome names: whoever wants all of them asks for the explanation. */
const reasonsMax = 20;

/** Where outputs of a task begin, from the root on. */
function outputFolder({ package: pkg, definition }: TaskNode): string {
  return definition.isRootedOutputs === true ? "" : pkg.folder;
}

/** Of a task that was never seen. */
const unknownNeed: TaskNeed = { cores: 1, memoryBytes: 0 };
/** What took less says nothing about what it takes. */
const tellingMs = 200;

export class TaskRunner implements TaskPerformer {
  readonly #parts: TaskRunnerParts;
  readonly #scripts: ScriptRunner;
  readonly #services: Services;

  constructor(parts: TaskRunnerParts) {
    this.#parts = parts;
    this.#scripts = new ScriptRunner(parts);
    this.#services =
      parts.services ??
      new Services({
        ...parts,
        run: (node, signal, told) => this.#scripts.run(node, signal, told),
        started: (node) => parts.events.started(node, ""),
        output: (node, bytes) => parts.events.output(node, bytes),
      });
  }

  stop(): void {
    this.#scripts.stop();
  }

  /** Ends what others have waited for. */
  async close(): Promise<void> {
    await this.#services.close();
  }

  /** Does what a task does, and nothing besides. */
  runScripts(node: TaskNode, signal: AbortSignal, told: (bytes: Uint8Array) => void): Promise<Executed> {
    return this.#scripts.run(node, signal, told);
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
    const place = { id: node.id, folder: outputFolder(node), upstream: node.dependencies };
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
    const { slots, weights, needs } = this.#parts;
    // What never ends would take a place for ever.
    const leave = node.definition.persistent
      ? () => undefined
      : await slots.enter(weights.get(node.id) ?? 0, needs.get(node.id) ?? unknownNeed);
    try {
      if (this.#scripts.isStopped || signal.aborted) return unreached(node.id, "cancelled", "the build was stopped");
      return await this.#execute(node, upstream, signal);
    } finally {
      leave();
    }
  }

  async #execute(node: TaskNode, upstream: readonly TaskOutcome[], signal: AbortSignal): Promise<TaskOutcome> {
    const { records, events, files, now } = this.#parts;
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
    const missing = await this.#services.needed(node);
    if (missing !== undefined) return failed(missing);
    events.started(node, keyed.key);
    const startedAtMs = now();
    const reasons = explain(id, keyed, records.keys(id)).changes.slice(0, reasonsMax).map(changeText);
    records.keep(id, { key: keyed.key, atMs: now(), parts: keyed.parts });
    const { executed, attempts } = await this.#attempted(node, signal);
    const { exitCode, durationMs, log } = executed;
    files.write(this.#logFile(node), log);
    if (this.#scripts.isStopped || signal.aborted)
      return { ...unreached(id, "cancelled", "the build was stopped"), hash: keyed.key, cache: base.cache, durationMs };
    const told = { startedAtMs, reasons, ...(attempts === 1 ? {} : { attempts }) };
    if (executed.why !== null) return { ...failed(executed.why, exitCode, durationMs), ...told };
    records.tookMs(id, durationMs);
    if (executed.need !== undefined && durationMs >= tellingMs) records.used(id, executed.need);
    const kept = await this.#keep(node, { keyed, upstream, executed });
    return { ...base, status: "completed", durationMs, exitCode, ...kept, ...told };
  }

  /** Once, and again as long as it fails and may be retried. The log is that of the last time. */
  async #attempted(
    node: TaskNode,
    signal: AbortSignal,
  ): Promise<{ readonly executed: Executed; readonly attempts: number }> {
    const { outputs, records, events, now } = this.#parts;
    const { id, definition } = node;
    let first: string | undefined;
    for (let attempts = 1; ; attempts++) {
      await outputs.clear({ id, folder: outputFolder(node), upstream: node.dependencies });
      const executed = await this.#scripts.run(node, signal, (bytes) => events.output(node, bytes));
      const isEnd = executed.why === null || this.#scripts.isStopped || signal.aborted;
      if (isEnd || attempts > (definition.retries ?? 0)) {
        if (first !== undefined && executed.why === null) records.flaked(id, { atMs: now(), attempts, why: first });
        return { executed, attempts };
      }
      first ??= executed.why ?? "";
      events.output(node, new TextEncoder().encode(`${id}: ${executed.why}; it is done again\n`));
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
    const { definition, id } = node;
    const { key } = keyed;
    const place = { id, folder: outputFolder(node) };
    const entries = await outputs.keep(place.folder, definition.outputs);
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
