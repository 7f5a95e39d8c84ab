// The steps of a workflow as a graph: declared, or inferred from what its last runs did.
import { getRouteApi } from "@tanstack/react-router";
import { GitFork } from "lucide-react";
import { useMemo } from "react";
import { FlowGraph } from "../graph/flow-graph.tsx";
import { useApi } from "../query.ts";
import { kindLook } from "../runs/step-state.ts";
import { Badge } from "../ui/badge.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { Duration } from "../ui/time.tsx";
import { formatCount } from "../ui/time-format.ts";
import { flowEdges, flowNodes } from "./graph-nodes.tsx";
import type { GraphNode } from "./words.ts";

const route = getRouteApi("/shell/workflows/$name/");

export function GraphTab({ workflow }: { readonly workflow: string }) {
  const graph = useApi("getWorkflowGraph", { params: { name: workflow } }, { staleMs: 30_000 });
  const { node } = route.useSearch();
  const navigate = route.useNavigate();
  const { data, error } = graph;
  const chosen = useMemo(() => data?.nodes.find(({ id }) => id === node), [data, node]);
  if (data === undefined) {
    return error === null ? (
      <Skeleton className="h-96 w-full rounded-lg" />
    ) : (
      <ErrorState title="The graph could not be read" error={error} onRetry={() => void graph.refetch()} />
    );
  }
  if (data.nodes.every(({ kind }) => kind === "start" || kind === "end")) {
    return (
      <EmptyState icon={GitFork} title="Nothing to draw yet">
        The graph is inferred from what runs do: once some have done a step, it is here.
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-2 text-xs text-ink-faint">
        {data.source === "declared" ? (
          <Badge tone="accent">declared</Badge>
        ) : (
          <Badge tone="info">
            inferred from {formatCount(data.runs)} {data.runs === 1 ? "run" : "runs"}
          </Badge>
        )}
        {data.source === "inferred" && <span>Steps that none of these runs came by are not in it.</span>}
      </div>
      <div className="grid gap-3 lg:grid-cols-[minmax(0,1fr)_18rem]">
        <div className="h-112 overflow-hidden rounded-lg border border-line lg:h-[calc(100dvh-16rem)] lg:min-h-112">
          <FlowGraph
            label="Graph of the workflow"
            nodes={flowNodes(data, {
              chosen: chosen?.id,
              onChoose: (id) =>
                void navigate({
                  search: (before) => ({ ...before, node: id === before.node ? undefined : id }),
                  replace: true,
                }),
            })}
            edges={flowEdges(data)}
          />
        </div>
        <NodeCard node={chosen} runs={data.runs} />
      </div>
    </div>
  );
}

function NodeCard({ node, runs }: { readonly node: GraphNode | undefined; readonly runs: number }) {
  if (node === undefined) {
    return (
      <p className="text-sm text-ink-faint max-lg:hidden">
        Choose a step to see how often runs come by, how long it takes and how often it fails.
      </p>
    );
  }
  return (
    <Card title="Step" className="self-start">
      <KeyValue
        pairs={[
          { name: "Name", value: <Text>{node.name}</Text> },
          { name: "Kind", value: kindLook(node.kind).label },
          { name: "Runs", value: `${formatCount(node.count)} of ${formatCount(runs)}` },
          {
            name: "Failed",
            value: <span className={node.failed > 0 ? "text-bad" : ""}>{formatCount(node.failed)}</span>,
          },
          { name: "p50", value: <Duration ms={node.p50Ms} /> },
        ]}
      />
    </Card>
  );
}
