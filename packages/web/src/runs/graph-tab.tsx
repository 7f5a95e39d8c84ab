// The graph of a run, coloured by how its steps stand.
import { isFinalStatus } from "@sluice/protocol";
import { getRouteApi } from "@tanstack/react-router";
import { Flag, Play, Repeat } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { useMemo } from "react";
import { FlowGraph } from "../graph/flow-graph.tsx";
import type { FlowEdge, FlowNode } from "../graph/flow-graph.tsx";
import { runStatusLooks, toneText } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { EmptyState } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { formatCount, formatDuration } from "../ui/time-format.ts";
import { inCallOrder } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { runGraph } from "./run-graph.ts";
import type { RunGraph, RunGraphNode } from "./run-graph.ts";
import { beganAt, kindLook, stateLooks, stateOf } from "./step-state.ts";
import type { Run, Step } from "./words.ts";

const route = getRouteApi("/shell/runs/$run");
const nodePx = { widthPx: 216, heightPx: 48 };
const endPx = { widthPx: 132, heightPx: 34 };
const beginning = "\u0000start";
const end = "\u0000end";

interface GraphTabProps {
  readonly run: Run;
  readonly journal: Journal;
  readonly select: (step: number | undefined) => void;
}

export function GraphTab({ run, journal, select }: GraphTabProps) {
  const { step } = route.useSearch();
  const graph = useMemo(() => runGraph(inCallOrder(journal)), [journal]);
  if (graph.nodes.length === 0) return <EmptyState title="No step has begun yet" />;
  return (
    <div className="-mx-4 flex h-full flex-col sm:-mx-6">
      <p className="px-4 pb-2 text-xs text-ink-faint sm:px-6">
        Read from this run's journal: a step follows those that had settled before it began.
        {graph.leftOut > 0 && ` ${formatCount(graph.leftOut)} steps of other names are left out.`}
      </p>
      <div className="min-h-0 grow border-t border-line">
        <FlowGraph
          label="Graph of the run"
          nodes={nodesOf(graph, run, { selected: step, select })}
          edges={edgesOf(graph, run)}
        />
      </div>
    </div>
  );
}

interface NodeParts {
  readonly selected: number | undefined;
  readonly select: (step: number) => void;
}

function nodesOf(graph: RunGraph, run: Run, { selected, select }: NodeParts): readonly FlowNode[] {
  const { label, tone, icon } = runStatusLooks[run.status];
  return [
    { id: beginning, ...endPx, content: <EndNode icon={Play} label="Start" tone="neutral" /> },
    ...graph.nodes.map((node) => ({
      id: node.id,
      ...nodePx,
      content: (
        <StepNode
          node={node}
          selected={selected !== undefined && node.steps.some(({ seq }) => seq === selected)}
          onSelect={() => select(tellingStep(node.steps).seq)}
        />
      ),
    })),
    ...(isFinalStatus(run.status)
      ? [
          {
            id: end,
            ...endPx,
            content: <EndNode icon={run.status === "completed" ? Flag : icon} label={label} tone={tone} />,
          },
        ]
      : []),
  ];
}

/** Steps that hang on nothing follow the start; those on which nothing hangs lead to the end. */
function edgesOf({ nodes, edges }: RunGraph, run: Run): readonly FlowEdge[] {
  const led = new Set(edges.map(({ to }) => to));
  const leading = new Set(edges.map(({ from }) => from));
  return [
    ...nodes.filter(({ id }) => !led.has(id)).map(({ id }) => ({ from: beginning, to: id })),
    ...edges.map(({ from, to, count }) => ({ from, to, label: count > 1 ? `×${formatCount(count)}` : undefined })),
    ...(isFinalStatus(run.status)
      ? nodes
          .filter(({ id, state }) => !leading.has(id) && state !== "aborted")
          .map(({ id }) => ({ from: id, to: end }))
      : []),
  ];
}

/** Of many, the one that one would want to see: what failed, what goes on, else the last. */
function tellingStep(steps: readonly Step[]): Step {
  const found = steps.find(({ status }) => status === "failed") ?? steps.find(({ status }) => status === "running");
  return found ?? (steps.at(-1) as Step);
}

function tookOf(steps: readonly Step[]): string {
  const ended = steps.filter(({ endedAt }) => endedAt !== null);
  if (ended.length === 0) return "";
  const total = ended.reduce((sum, step) => sum + (step.endedAt ?? 0) - beganAt(step), 0);
  return ended.length === 1 ? formatDuration(total) : `${formatDuration(total / ended.length)} on average`;
}

const edgeTones: Readonly<Record<Tone, string>> = {
  neutral: "border-l-ink-faint",
  accent: "border-l-accent",
  good: "border-l-good",
  bad: "border-l-bad",
  warn: "border-l-warn",
  info: "border-l-info",
  hold: "border-l-hold",
  undo: "border-l-undo",
};

function StepNode(p: { readonly node: RunGraphNode; readonly selected: boolean; readonly onSelect: () => void }) {
  const { name, kind, steps, state, loops } = p.node;
  const { tone, label, icon: StateIcon } = stateLooks[state];
  const { icon: Icon, label: kindLabel } = kindLook(kind);
  const failed = steps.filter((step) => stateOf(step) === "failed").length;
  const took = tookOf(steps);
  return (
    <button
      type="button"
      onClick={p.onSelect}
      aria-pressed={p.selected}
      title={kindLabel}
      className={cx(
        "nopan flex size-full items-center gap-2 rounded-md border border-l-3 border-line bg-panel px-2.5 text-left shadow-card hover:bg-hover",
        edgeTones[tone],
        p.selected && "ring-2 ring-focus",
        (state === "running" || state === "waiting" || state === "retrying") && "border-dashed",
      )}
    >
      <Icon aria-hidden className="size-4 shrink-0 text-ink-faint" />
      <span className="min-w-0 grow">
        <Text truncate className="text-sm font-medium">
          {name}
        </Text>
        <span className={cx("flex items-center gap-1 truncate text-2xs", toneText[tone])}>
          <StateIcon aria-hidden className="size-3 shrink-0" />
          {label}
          <span className="tabular truncate text-ink-faint">
            {steps.length > 1 && ` ×${formatCount(steps.length)}`}
            {failed > 0 && steps.length > 1 && `, ${failed} failed`}
            {took !== "" && ` · ${took}`}
          </span>
        </span>
      </span>
      {loops && <Repeat aria-label="A loop" className="size-3.5 shrink-0 text-ink-faint" />}
    </button>
  );
}

function EndNode({
  icon: Icon,
  label,
  tone,
}: {
  readonly icon: LucideIcon;
  readonly label: string;
  readonly tone: Tone;
}) {
  return (
    <div
      className={cx(
        "flex size-full items-center justify-center gap-1.5 rounded-full border border-line bg-inset text-xs font-medium",
        toneText[tone],
      )}
    >
      <Icon aria-hidden className="size-3.5" />
      {label}
    </div>
  );
}
