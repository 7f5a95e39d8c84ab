// Does the tasks of a build in the order of their graph. What happens next depends on outcomes alone, in the order in which they came:
// as a run of the engine it does the same again after a crash.
import { isPassed } from "../graph/task-graph.ts";
import type { TaskGraph, TaskNode } from "../graph/task-graph.ts";
import type { Journal } from "../ports.ts";
import { unreached } from "./outcome.ts";
import type { TaskOutcome } from "./outcome.ts";

/** What goes on after a task has failed: nothing, what does not depend on it, or everything. */
export type Continuing = "never" | "dependencies-successful" | "always";

export interface TaskPerformer {
  /** Takes a task from the cache or executes it. Failing is an outcome too. */
  perform(node: TaskNode, upstream: readonly TaskOutcome[], signal: AbortSignal): Promise<TaskOutcome>;
  /** The outcome of a task without a script. */
  pass(node: TaskNode, upstream: readonly TaskOutcome[]): TaskOutcome;
  /** Ends what is being executed. */
  stop(): void;
}

interface BuildRunParts {
  readonly graph: TaskGraph;
  readonly journal: Journal;
  readonly performer: TaskPerformer;
  readonly continuing: Continuing;
  /** What needs nothing to be executed, by id. */
  readonly settled: ReadonlyMap<string, TaskOutcome>;
  readonly ended?: ((outcome: TaskOutcome) => void) | undefined;
}

/** Outcomes of all tasks, in the order of the graph. */
export async function runTasks(parts: BuildRunParts): Promise<readonly TaskOutcome[]> {
  const { graph, journal, performer, continuing, settled, ended } = parts;
  const underWay = new Map<string, Promise<TaskOutcome>>();
  let failed: string | undefined;
  const outcomeOf = async (node: TaskNode): Promise<TaskOutcome> => {
    const known = settled.get(node.id);
    if (known !== undefined) return known;
    const upstream: TaskOutcome[] = [];
    // The graph has them before this one.
    for (const other of await Promise.all(node.dependencies.flatMap((id) => underWay.get(id) ?? [])))
      upstream.push(other);
    const broken = upstream.find(({ status }) => status !== "completed");
    if (broken !== undefined && continuing !== "always")
      return unreached(node.id, "skipped", `${broken.id} ${broken.status === "failed" ? "failed" : "was not done"}`);
    if (failed !== undefined && continuing === "never") return unreached(node.id, "skipped", `${failed} failed`);
    if (isPassed(node)) return performer.pass(node, upstream);
    const outcome = await journal.step(node.id, (signal) => performer.perform(node, upstream, signal));
    if (outcome.status === "failed" && failed === undefined) {
      failed = node.id;
      if (continuing === "never") performer.stop();
    }
    return outcome;
  };
  for (const node of graph.tasks.values()) {
    const outcome = outcomeOf(node);
    underWay.set(node.id, ended === undefined ? outcome : outcome.then((each) => (ended(each), each)));
  }
  return Promise.all(underWay.values());
}

/** All of them completed. */
export function hasSucceeded(outcomes: readonly TaskOutcome[]): boolean {
  return outcomes.every(({ status }) => status === "completed");
}
