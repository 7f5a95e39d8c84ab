// What is found before anything is executed.
import { expect, test } from "bun:test";
import type { TaskGraph, TaskNode } from "../graph/task-graph.ts";
import { packageOf, plainDefinition } from "../graph/fixture.suite.ts";
import { findHits } from "./hits.ts";
import type { TaskOutcome } from "./outcome.ts";

const node = (id: string, dependencies: readonly string[], script: string | null = "x"): TaskNode => ({
  id,
  task: "build",
  package: packageOf(id),
  definition: plainDefinition,
  script: script ?? undefined,
  dependencies,
});
const nodes = [
  node("base", []),
  node("through", ["base"], null),
  node("miss", ["base"]),
  node("hit", ["through"]),
  node("behind", ["miss", "hit"]),
];
const graph: TaskGraph = { tasks: new Map(nodes.map((each) => [each.id, each])), dependents: new Map() };

test("a task behind one that has to be executed is not looked for", async () => {
  const asked: string[] = [];
  const outcome = (id: string): TaskOutcome => ({
    id,
    status: "completed",
    cache: "hit",
    hash: "h",
    gives: id,
    durationMs: 0,
    savedMs: 0,
    exitCode: null,
    why: null,
  });
  const told: string[] = [];
  const found = await findHits(
    graph,
    {
      hit: async ({ id }, upstream) => {
        asked.push(`${id} after ${upstream.map((each) => each.id).join()}`);
        return id === "miss" ? undefined : outcome(id);
      },
      pass: ({ id }) => outcome(id),
    },
    ({ id }) => void told.push(id),
  );
  expect([...found.keys()].toSorted()).toEqual(["base", "hit", "through"]);
  expect(asked.toSorted()).toEqual(["base after ", "hit after through", "miss after base"]);
  expect(told.toSorted()).toEqual(["base", "hit", "through"]);
});
