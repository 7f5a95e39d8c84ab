// Builds again whenever something changes, and keeps what lasts for ever running: begun anew only where its key is another one.
import type { Result } from "../../kernel/result.ts";
import type { BuildPlan } from "../build.ts";
import type { TaskGraph, TaskNode } from "../graph/task-graph.ts";
import { runTasks } from "./build-run.ts";
import type { Continuing } from "./build-run.ts";
import { findHits } from "./hits.ts";
import type { TaskOutcome } from "./outcome.ts";
import type { Services } from "./services.ts";
import type { TaskRunner } from "./task-runner.ts";

/** What changes in a folder. */
export interface Changes {
  /** Resolves when something has changed since the last time, and nothing more for a moment. */
  next(): Promise<void>;
  close(): void;
}

interface WatchParts {
  readonly plan: () => Promise<Result<BuildPlan>>;
  /** Ends of earlier plans leave it alone: it belongs to the watch. */
  readonly runnerFor: (plan: BuildPlan, services: Services) => TaskRunner;
  readonly services: (run: TaskRunner["runScripts"], serviceOf: (id: string) => TaskNode | undefined) => Services;
  readonly changes: Changes;
  readonly continuing: Continuing;
  readonly planned: (plan: BuildPlan) => void;
  readonly ended: (node: TaskNode, outcome: TaskOutcome) => void;
  /** A build is over; there is another one after the next change. */
  readonly built: (outcomes: readonly TaskOutcome[]) => void;
  readonly remark: (text: string) => void;
}

interface Lasting {
  readonly key: string;
  readonly stop: AbortController;
  readonly ended: Promise<unknown>;
  isOver: boolean;
}

function isLasting({ definition, script, isService }: TaskNode): boolean {
  return definition.persistent && script !== undefined && isService !== true;
}

function without(graph: TaskGraph, isLeftOut: (node: TaskNode) => boolean): TaskGraph {
  return { tasks: new Map([...graph.tasks].filter(([, node]) => !isLeftOut(node))), dependents: graph.dependents };
}

/** Until the signal is aborted; then everything that runs is ended. */
export async function watchBuild(parts: WatchParts, signal: AbortSignal): Promise<void> {
  const watch = new Watch(parts);
  const stop = (): void => {
    parts.changes.close();
    watch.stop();
  };
  signal.addEventListener("abort", stop, { once: true });
  try {
    while (!signal.aborted) {
      await watch.once();
      if (!signal.aborted) await parts.changes.next();
    }
  } finally {
    signal.removeEventListener("abort", stop);
    await watch.close();
  }
}

class Watch {
  readonly #parts: WatchParts;
  readonly #lasting = new Map<string, Lasting>();
  readonly #serviceKeys = new Map<string, string>();
  readonly #services: Services;
  #runner: TaskRunner | undefined;
  #graph: TaskGraph | undefined;
  #last: string | undefined;

  constructor(parts: WatchParts) {
    this.#parts = parts;
    this.#services = parts.services(
      (node, signal, told) => {
        if (this.#runner === undefined) throw new Error("A service is begun by a task, and tasks by a runner.");
        return this.#runner.runScripts(node, signal, told);
      },
      (id) => {
        const node = this.#graph?.tasks.get(id);
        return node?.isService === true ? node : undefined;
      },
    );
  }

  async once(): Promise<void> {
    const { plan, planned, runnerFor, continuing, ended, built, remark } = this.#parts;
    const made = await plan();
    if (!made.ok) {
      remark(made.error.message);
      this.#last = undefined;
      return;
    }
    const { graph, fingerprint, hasher } = made.value;
    if (fingerprint === this.#last) return;
    planned(made.value);
    const runner = runnerFor(made.value, this.#services);
    [this.#runner, this.#graph] = [runner, graph];
    const tell = (outcome: TaskOutcome): void => {
      const node = graph.tasks.get(outcome.id);
      if (node !== undefined) ended(node, outcome);
    };
    const finite = without(graph, isLasting);
    const settled = await findHits(finite, runner, tell);
    await this.#renewServices(graph, runner, settled);
    const outcomes = await runTasks({
      graph: finite,
      journal: { step: (_name, body) => body(new AbortController().signal) },
      performer: { perform: runner.perform.bind(runner), pass: runner.pass.bind(runner), stop: () => undefined },
      continuing,
      settled,
      ended: (outcome) => {
        if (!settled.has(outcome.id)) tell(outcome);
      },
    });
    hasher.save();
    await this.#renewLasting(graph, runner, new Map(outcomes.map((each) => [each.id, each])));
    // What failed is done again after any change.
    this.#last = outcomes.every(({ status }) => status === "completed") ? fingerprint : undefined;
    built(outcomes);
  }

  /** Those whose key is not what it was when they were begun. */
  async #renewServices(graph: TaskGraph, runner: TaskRunner, known: ReadonlyMap<string, TaskOutcome>): Promise<void> {
    for (const node of graph.tasks.values()) {
      if (node.isService !== true) continue;
      const key = runner.pass(
        node,
        node.dependencies.flatMap((id) => known.get(id) ?? []),
      ).hash;
      if ((this.#serviceKeys.get(node.id) ?? key) !== key && node.definition.interruptible !== false)
        await this.#services.forget(node.id);
      this.#serviceKeys.set(node.id, key);
    }
  }

  async #renewLasting(graph: TaskGraph, runner: TaskRunner, outcomes: ReadonlyMap<string, TaskOutcome>): Promise<void> {
    for (const [id, lasting] of this.#lasting) if (!graph.tasks.has(id)) await this.#end(id, lasting);
    for (const node of graph.tasks.values()) {
      if (!isLasting(node)) continue;
      const upstream = node.dependencies.flatMap((id) => outcomes.get(id) ?? []);
      if (upstream.some(({ status }) => status !== "completed")) continue;
      const key = runner.pass(node, upstream).hash;
      const current = this.#lasting.get(node.id);
      const isRunning = current !== undefined && !current.isOver;
      if (isRunning && (current.key === key || node.definition.interruptible === false)) continue;
      if (current !== undefined) await this.#end(node.id, current);
      this.#begin(node, { key, upstream, runner });
    }
  }

  #begin(
    node: TaskNode,
    p: { readonly key: string; readonly upstream: readonly TaskOutcome[]; readonly runner: TaskRunner },
  ): void {
    const stop = new AbortController();
    const ended = p.runner.perform(node, p.upstream, stop.signal).then((outcome) => {
      lasting.isOver = true;
      if (!stop.signal.aborted) this.#parts.ended(node, outcome);
    });
    const lasting: Lasting = { key: p.key, stop, ended, isOver: false };
    this.#lasting.set(node.id, lasting);
  }

  async #end(id: string, { stop, ended }: Lasting): Promise<void> {
    stop.abort();
    await ended;
    this.#lasting.delete(id);
  }

  /** What is being executed is told to end. */
  stop(): void {
    this.#runner?.stop();
  }

  async close(): Promise<void> {
    for (const [id, lasting] of this.#lasting) await this.#end(id, lasting);
    await this.#services.close();
  }
}
