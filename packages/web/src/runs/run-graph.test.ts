// The graph of a run, read from its journal.
import { expect, test } from "bun:test";
import { nodesMax, runGraph } from "./run-graph.ts";
import type { RunGraph } from "./run-graph.ts";
import type { Step } from "./words.ts";

let order = 0;
function step(
  seq: number,
  name: string,
  [startedAt, endedAt]: [number, number | null],
  more: Partial<Step> = {},
): Step {
  const status = endedAt === null ? "running" : "completed";
  const settled = { status, order: endedAt === null ? null : ++order, startedAt, endedAt };
  return {
    seq,
    name,
    kind: "step",
    occurrence: 0,
    attempt: 1,
    attempts: [],
    output: null,
    error: null,
    dueAt: null,
    ...settled,
    ...more,
  } as Step;
}
const names = ({ edges }: RunGraph) =>
  edges.map(({ from, to, count }) => `${from.slice(5)}>${to.slice(5)}${count > 1 ? ` ${count}` : ""}`).toSorted();

test("one after the other is a chain, without shortcuts", () => {
  const graph = runGraph([step(0, "a", [0, 10]), step(1, "b", [11, 20]), step(2, "c", [21, null])]);
  expect(names(graph)).toEqual(["a>b", "b>c"]);
  expect(graph.nodes.map(({ name, state }) => `${name} ${state}`)).toEqual(["a completed", "b completed", "c running"]);
});

test("what was called together forks and joins", () => {
  const graph = runGraph([
    step(0, "a", [0, 10]),
    step(1, "b", [11, 50]),
    step(2, "c", [11, 11]),
    step(3, "d", [51, 60]),
  ]);
  expect(names(graph)).toEqual(["a>b", "a>c", "b>d", "c>d"]);
  const quick = runGraph([step(0, "a", [5, 5]), step(1, "b", [5, 5]), step(2, "c", [6, 6])]);
  expect(names(quick)).toEqual(["a>c", "b>c"]);
});

test("a step within a branch hangs on its own branch", () => {
  const graph = runGraph([
    step(0, "long", [0, 100]),
    step(1, "b1", [0, 10]),
    step(2, "b2", [11, 20]),
    step(3, "end", [101, 110]),
  ]);
  expect(names(graph)).toEqual(["b1>b2", "b2>end", "long>end"]);
});

test("loops are one node, undos none, and a failure shows", () => {
  const graph = runGraph([
    step(0, "poll", [0, 1]),
    step(1, "poll", [2, 3], { status: "failed" }),
    step(2, "poll", [4, 5]),
    step(3, "after", [6, 7]),
    step(-4, "after", [8, 9], { kind: "undo" }),
  ]);
  expect(graph.nodes.map(({ name, state, loops, steps }) => [name, state, loops, steps.length])).toEqual([
    ["poll", "failed", true, 3],
    ["after", "undone", false, 1],
  ]);
  expect(names(graph)).toEqual(["poll>after"]);
});

test("what was given up leads nowhere", () => {
  const graph = runGraph([
    step(0, "lost", [0, 5], { status: "aborted" }),
    step(1, "won", [0, 5]),
    step(2, "next", [6, 7]),
  ]);
  expect(names(graph)).toEqual(["won>next"]);
});

test("many names that differ in numbers are one, and there is an end to nodes", () => {
  const numbered = Array.from({ length: 10_000 }, (_, index) =>
    step(index, `item ${index}`, [index * 2, index * 2 + 1]),
  );
  const graph = runGraph(numbered);
  expect(graph.nodes).toHaveLength(1);
  expect(graph.nodes[0]).toMatchObject({ name: "item …", loops: true });
  const letters = Array.from({ length: 400 }, (_, index) =>
    step(
      index,
      `n${"abcdefghij"[index % 10]}${"klmnopqrst"[Math.floor(index / 10) % 10]}${"uvwx"[Math.floor(index / 100)]}`,
      [index * 2, index * 2 + 1],
    ),
  );
  const large = runGraph(letters);
  expect([large.nodes.length, large.leftOut]).toEqual([nodesMax, 400 - nodesMax]);
});

test("five thousand steps at once before five thousand others take no time", () => {
  const startedMs = performance.now();
  const wide = Array.from({ length: 10_000 }, (_, index) =>
    step(index, index < 5_000 ? "first" : "second", index < 5_000 ? [0, 10] : [20, 30]),
  );
  const graph = runGraph(wide);
  expect(names(graph)).toHaveLength(1);
  expect(performance.now() - startedMs).toBeLessThan(1_000);
});
