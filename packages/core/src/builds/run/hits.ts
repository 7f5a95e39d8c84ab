// Finds, before anything is executed, all tasks that need not be: whose key is known, since those of all that they depend on are.
import { isPassed } from "../graph/task-graph.ts";
import type { TaskGraph, TaskNode } from "../graph/task-graph.ts";
import type { TaskOutcome } from "./outcome.ts";
import { Slots } from "./slots.ts";

/** Each that is put in place has files open. */
const looksAtOnceMax = 32;

interface HitFinder {
  hit(node: TaskNode, upstream: readonly TaskOutcome[]): Promise<TaskOutcome | undefined>;
  pass(node: TaskNode, upstream: readonly TaskOutcome[]): TaskOutcome;
}

/** By id; those that are not there have to be executed, or wait for one that has to. */
export async function findHits(
  graph: TaskGraph,
  finder: HitFinder,
  ended: (outcome: TaskOutcome) => void,
): Promise<ReadonlyMap<string, TaskOutcome>> {
  const found = new Map<string, TaskOutcome>();
  const looks = new Map<string, Promise<void>>();
  const slots = new Slots({ count: looksAtOnceMax });
  const hitOf = async (node: TaskNode, upstream: readonly TaskOutcome[]): Promise<TaskOutcome | undefined> => {
    const leave = await slots.enter(0);
    try {
      return await finder.hit(node, upstream);
    } finally {
      leave();
    }
  };
  const look = async (node: TaskNode): Promise<void> => {
    for (const id of node.dependencies) await looks.get(id);
    const upstream = node.dependencies.map((id) => found.get(id));
    if (!upstream.every((each): each is TaskOutcome => each !== undefined)) return;
    const outcome = isPassed(node) ? finder.pass(node, upstream) : await hitOf(node, upstream);
    if (outcome === undefined) return;
    found.set(node.id, outcome);
    ended(outcome);
  };
  for (const node of graph.tasks.values()) looks.set(node.id, look(node));
  await Promise.all(looks.values());
  return found;
}
