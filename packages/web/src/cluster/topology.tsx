// Components by what stands on what: each with its health and the reason.
import { Link } from "@tanstack/react-router";
import { FlowGraph } from "../graph/flow-graph.tsx";
import { Text } from "../ui/text.tsx";
import { HealthBadge } from "./looks.tsx";
import type { Component } from "./words.ts";

const nodeWidthPx = 230;
const nodeHeightPx = 92;

export function Topology({ components }: { readonly components: readonly Component[] }) {
  const known = new Set(components.map(({ name }) => name));
  const nodes = components.map((component) => ({
    id: component.name,
    widthPx: nodeWidthPx,
    heightPx: nodeHeightPx,
    content: <Node component={component} />,
  }));
  const edges = components.flatMap(({ name, dependsOn }) =>
    dependsOn.filter((each) => known.has(each)).map((from) => ({ from, to: name })),
  );
  return (
    <div className="h-[60dvh] min-h-80 rounded-lg border border-line">
      <FlowGraph label="Topology of components" nodes={nodes} edges={edges} />
    </div>
  );
}

function Node({ component: { name, cluster, health } }: { readonly component: Component }) {
  return (
    <Link
      to="/clusters/components/$component"
      params={{ component: name }}
      className="flex size-full flex-col gap-1 overflow-hidden rounded-lg border border-line-strong bg-panel px-3 py-2 text-left shadow-card hover:bg-hover"
    >
      <span className="flex items-center gap-2">
        <Text truncate className="min-w-0 grow text-sm font-medium">
          {name}
        </Text>
        <Text truncate className="max-w-24 text-xs text-ink-faint">
          {cluster}
        </Text>
      </span>
      <span>
        {health === null ? (
          <span className="text-xs text-ink-faint">Not looked at yet</span>
        ) : (
          <HealthBadge state={health.health} />
        )}
      </span>
      {health !== null && (
        <Text truncate className="text-xs text-ink-soft">
          {health.reason}
        </Text>
      )}
    </Link>
  );
}
