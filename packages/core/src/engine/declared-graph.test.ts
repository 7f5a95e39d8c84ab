// What a workflow declares is drawn whether or not a run came by; what runs did is counted on it.
import { describe, expect, test } from "bun:test";
import type { DeclaredGraph } from "@sluice/protocol";
import { countOnDeclared } from "./declared-graph.ts";
import type { GraphNode, WorkflowGraph } from "./graph.ts";

const step = (name: string, count = 0): GraphNode => ({
  id: `step:${name}`,
  kind: "step",
  name,
  count,
  failed: 0,
  p50Ms: count === 0 ? undefined : 5,
});
const outer = (id: "start" | "end", count: number): GraphNode => ({
  id,
  kind: id,
  name: id,
  count,
  failed: 0,
  p50Ms: undefined,
});

const declared: DeclaredGraph = {
  nodes: [
    { id: "step:check", kind: "step", name: "check" },
    { id: "step:large", kind: "step", name: "large" },
    { id: "step:each: items", kind: "step", name: "each: items", within: "each/" },
  ],
  edges: [
    { from: "start", to: "step:check", parallel: false },
    { from: "step:check", to: "step:large", parallel: false },
    { from: "step:check", to: "step:each: items", parallel: false },
    { from: "step:each: items", to: "end", parallel: false },
  ],
};

describe("a declared graph", () => {
  test("is whole before the first run", () => {
    const none: WorkflowGraph = { runs: 0, nodes: [outer("start", 0), outer("end", 0)], edges: [] };
    const graph = countOnDeclared(declared, none);
    expect(graph.nodes).toEqual([
      outer("start", 0),
      step("check"),
      step("large"),
      step("each: items"),
      outer("end", 0),
    ]);
    expect(graph.edges.map(({ count }) => count)).toEqual([0, 0, 0, 0]);
  });

  test("has the figures of runs, and what belongs within, and nothing else they did", () => {
    const inferred: WorkflowGraph = {
      runs: 3,
      nodes: [
        outer("start", 3),
        step("check", 3),
        step("each: items", 3),
        step("each/mail", 9),
        step("stray", 1),
        outer("end", 2),
      ],
      edges: [
        { from: "start", to: "step:check", count: 3, parallel: false },
        { from: "step:each: items", to: "step:each/mail", count: 3, parallel: true },
        { from: "step:each/mail", to: "end", count: 2, parallel: false },
        { from: "step:stray", to: "end", count: 1, parallel: false },
      ],
    };
    const graph = countOnDeclared(declared, inferred);
    expect(graph.nodes.map(({ id, count }) => [id, count])).toEqual([
      ["start", 3],
      ["step:check", 3],
      ["step:large", 0],
      ["step:each: items", 3],
      ["step:each/mail", 9],
      ["end", 2],
    ]);
    expect(graph.edges.map(({ from, to, count }) => `${from} ${to} ${count}`)).toEqual([
      "start step:check 3",
      "step:check step:large 0",
      "step:check step:each: items 0",
      "step:each: items end 0",
      "step:each: items step:each/mail 3",
      "step:each/mail end 2",
    ]);
  });
});
