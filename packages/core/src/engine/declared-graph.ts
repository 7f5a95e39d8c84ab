// A graph that a workflow declares, with what its recent runs did counted on it.
import type { DeclaredGraph } from "@sluice/protocol";
import { graphNodesMax } from "./graph.ts";
import type { GraphEdge, GraphNode, WorkflowGraph } from "./graph.ts";

const startId = "start";
const endId = "end";

/**
 * The declared nodes and edges with the figures of the inferred ones of the same ids. What runs did and the graph does not
 * declare is left out, save what it says belongs behind a node whose number of steps is not known beforehand (`within`).
 */
export function countOnDeclared(declared: DeclaredGraph, inferred: WorkflowGraph): WorkflowGraph {
  const seen = new Map(inferred.nodes.map((node) => [node.id, node]));
  const known = new Set([startId, endId, ...declared.nodes.map(({ id }) => id)]);
  const within = declared.nodes.flatMap((node) => (node.within === undefined ? [] : [node.within]));
  const inner = inferred.nodes.filter(
    ({ id, name }) => !known.has(id) && within.some((prefix) => name.startsWith(prefix)),
  );
  const nodes = declared.nodes
    .slice(0, graphNodesMax)
    .map(({ id, kind, name }) => seen.get(id) ?? unseen(id, kind, name));
  const all = [outer(startId, inferred), ...nodes, ...inner, outer(endId, inferred)];
  const drawn = new Set(all.map(({ id }) => id));
  return { runs: inferred.runs, nodes: all, edges: edgesOf(declared, inferred, { drawn, inner }) };
}

function edgesOf(
  declared: DeclaredGraph,
  inferred: WorkflowGraph,
  { drawn, inner }: { readonly drawn: ReadonlySet<string>; readonly inner: readonly GraphNode[] },
): GraphEdge[] {
  const counts = new Map(inferred.edges.map((edge) => [`${edge.from}\n${edge.to}`, edge.count]));
  const isDrawn = ({ from, to }: { readonly from: string; readonly to: string }): boolean =>
    drawn.has(from) && drawn.has(to);
  const edges = declared.edges
    .filter(isDrawn)
    .map(({ from, to, parallel }) => ({ from, to, parallel, count: counts.get(`${from}\n${to}`) ?? 0 }));
  const found = new Set(inner.map(({ id }) => id));
  return [...edges, ...inferred.edges.filter((edge) => isDrawn(edge) && (found.has(edge.from) || found.has(edge.to)))];
}

function outer(id: typeof startId | typeof endId, inferred: WorkflowGraph): GraphNode {
  return inferred.nodes.find((node) => node.id === id) ?? unseen(id, id, id);
}

function unseen(id: string, kind: GraphNode["kind"], name: string): GraphNode {
  return { id, kind, name, count: 0, failed: 0, p50Ms: undefined };
}
