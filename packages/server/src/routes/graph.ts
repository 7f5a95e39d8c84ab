// The graph of a workflow: declared by its code, or as its recent journals show it.
import { countOnDeclared } from "@sluice/core/declared-graph";
import { inferGraph } from "@sluice/core/graph";
import type { RunOutline } from "@sluice/core";
import type { Call } from "../call.ts";
import { reply } from "../wire.ts";
import { countsOf } from "./stats.ts";

const runsDefault = 50;
const runsMax = 200;
/** Journals read at a time. */
const runsAtOnce = 20;
/** Entries looked at: of each run, and of all. Past them no further run is looked at. */
const entriesOfRunMax = 2_000;
const entriesMax = 10_000;

export async function getWorkflowGraph(call: Call): Promise<Response> {
  const query = call.query();
  const runs = query.integer("runs", { min: 1, max: runsMax }) ?? runsDefault;
  query.done();
  const workflow = call.param(0);
  await countsOf(call, workflow);
  const inferred = inferGraph(await recentOutlines(call, workflow, runs));
  const declared = call.parts.engine.deployments.workflow(workflow)?.manifest.graph;
  const graph = declared === undefined ? inferred : countOnDeclared(declared, inferred);
  const nodes = graph.nodes.map(({ p50Ms, ...node }) => ({ ...node, p50Ms: p50Ms ?? null }));
  return reply("json", 200, {
    source: declared === undefined ? "inferred" : "declared",
    runs: graph.runs,
    nodes,
    edges: graph.edges,
  });
}

async function recentOutlines(call: Call, workflow: string, runs: number): Promise<readonly RunOutline[]> {
  const { figures } = call.parts.store;
  const found: RunOutline[] = [];
  let entries = 0;
  let cursor: string | undefined;
  do {
    const limit = Math.min(runsAtOnce, runs - found.length);
    const page = await figures.listOutlines({ workflow, limit, entriesMax: entriesOfRunMax, cursor });
    for (const outline of page.outlines) {
      entries += outline.entries.length;
      if (found.length > 0 && entries > entriesMax) return found;
      found.push(outline);
    }
    cursor = page.next;
  } while (cursor !== undefined && found.length < runs);
  return found;
}
