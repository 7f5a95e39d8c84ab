// What the nodes of a workflow's graph show.
import { Flag, Play } from "lucide-react";
import type { FlowEdge, FlowNode } from "../graph/flow-graph.tsx";
import { kindLook } from "../runs/step-state.ts";
import { cx } from "../ui/cx.ts";
import { Text } from "../ui/text.tsx";
import { formatCount, formatDuration } from "../ui/time-format.ts";
import type { Graph, GraphNode } from "./words.ts";

const nodePx = { widthPx: 216, heightPx: 48 };
const endPx = { widthPx: 100, heightPx: 34 };

interface Choosing {
  readonly chosen: string | undefined;
  readonly onChoose: (id: string) => void;
}

export function flowNodes({ nodes, runs }: Graph, { chosen, onChoose }: Choosing): readonly FlowNode[] {
  return nodes.map((node) =>
    node.kind === "start" || node.kind === "end"
      ? { id: node.id, ...endPx, content: <End kind={node.kind} /> }
      : {
          id: node.id,
          ...nodePx,
          content: (
            <StepNode node={node} runs={runs} selected={node.id === chosen} onSelect={() => onChoose(node.id)} />
          ),
        },
  );
}

/** A way that only some of the runs took says how many did. */
export function flowEdges({ edges, runs }: Graph): readonly FlowEdge[] {
  return edges.map(({ from, to, count }) => ({
    from,
    to,
    label: runs > 0 && count !== runs ? `×${formatCount(count)}` : undefined,
    faint: runs > 0 && count < runs / 10,
  }));
}

function End({ kind }: { readonly kind: "start" | "end" }) {
  const Icon = kind === "start" ? Play : Flag;
  return (
    <div className="flex size-full items-center justify-center gap-1.5 rounded-full border border-line bg-inset text-xs font-medium text-ink-soft">
      <Icon aria-hidden className="size-3.5" />
      {kind === "start" ? "Start" : "End"}
    </div>
  );
}

interface StepNodeProps {
  readonly node: GraphNode;
  readonly runs: number;
  readonly selected: boolean;
  readonly onSelect: () => void;
}

function StepNode({ node, runs, selected, onSelect }: StepNodeProps) {
  const { icon: Icon, label } = kindLook(node.kind);
  return (
    <button
      type="button"
      onClick={onSelect}
      aria-pressed={selected}
      title={label}
      className={cx(
        "nopan pointer-events-auto flex size-full items-center gap-2 rounded-md border border-l-3 border-line bg-panel px-2.5 text-left shadow-card hover:bg-hover",
        node.failed > 0 ? "border-l-bad" : "border-l-accent",
        selected && "ring-2 ring-focus",
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 grow">
        <Text truncate className="text-sm font-medium">
          {node.name}
        </Text>
        <span className="tabular flex gap-1 truncate text-2xs text-ink-faint">
          {runs > 0 ? `${formatCount(node.count)} of ${formatCount(runs)}` : label}
          {node.p50Ms !== null && ` · ${formatDuration(node.p50Ms)}`}
          {node.failed > 0 && <span className="text-bad">· {formatCount(node.failed)} failed</span>}
        </span>
      </span>
    </button>
  );
}
