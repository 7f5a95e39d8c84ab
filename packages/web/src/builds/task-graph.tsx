// The tasks of a build by what waits for what, as they stand now; the critical path is marked.
import { useMemo } from "react";
import { FlowGraph } from "../graph/flow-graph.tsx";
import type { FlowEdge, FlowNode } from "../graph/flow-graph.tsx";
import { toneText } from "../ui/badge.tsx";
import { cx } from "../ui/cx.ts";
import { EmptyState } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { formatCount, formatDuration } from "../ui/time-format.ts";
import { taskLook } from "./looks.tsx";
import { criticalPath, lengthMs } from "./words.ts";
import type { Task } from "./words.ts";

const nodePx = { widthPx: 208, heightPx: 52 };
/** A picture of more is one of nothing. */
const tasksMax = 400;

interface TaskGraphProps {
  readonly tasks: readonly Task[];
  readonly selected: string | undefined;
  readonly select: (task: string) => void;
}

export function TaskGraph({ tasks, selected, select }: TaskGraphProps) {
  const way = useMemo(() => criticalPath(tasks), [tasks]);
  if (tasks.length > tasksMax)
    return (
      <EmptyState title={`${formatCount(tasks.length)} tasks are too many for a picture`} command="sluice build graph">
        Their list and their times are there; the command has the whole graph.
      </EmptyState>
    );
  const nodes = tasks.map((task): FlowNode => ({
    id: task.id,
    ...nodePx,
    content: (
      <Node
        task={task}
        isCritical={way.ids.has(task.id)}
        isSelected={task.id === selected}
        onSelect={() => select(task.id)}
      />
    ),
  }));
  const edges = tasks.flatMap(({ id, dependencies }) =>
    dependencies.map((from): FlowEdge => ({ from, to: id, faint: !(way.ids.has(from) && way.ids.has(id)) })),
  );
  return (
    <div className="flex flex-col gap-2">
      <p className="text-xs text-ink-faint">
        Solid lines and “critical” mark the longest way through what is executed: it decides how long the build takes.
      </p>
      <div className="h-[60vh] min-h-80 rounded-lg border border-line">
        <FlowGraph label="Graph of the build" nodes={nodes} edges={edges} />
      </div>
    </div>
  );
}

interface NodeProps {
  readonly task: Task;
  readonly isCritical: boolean;
  readonly isSelected: boolean;
  readonly onSelect: () => void;
}

function Node({ task, isCritical, isSelected, onSelect }: NodeProps) {
  const { label, tone, icon: Icon } = taskLook(task);
  const ms = lengthMs(task);
  return (
    <button
      type="button"
      onClick={onSelect}
      aria-pressed={isSelected}
      className={cx(
        "flex size-full min-w-0 items-center gap-2 rounded-md border bg-panel px-2.5 text-left shadow-card hover:bg-hover",
        isSelected ? "border-accent" : isCritical ? "border-line-strong border-l-4" : "border-line",
      )}
    >
      <Icon aria-hidden className={cx("size-4 shrink-0", toneText[tone])} />
      <span className="flex min-w-0 flex-col">
        <Text truncate className="text-sm font-medium">
          {task.id}
        </Text>
        <span className="truncate text-xs text-ink-soft">
          {label}
          {ms > 0 && ` · ${formatDuration(ms)}`}
          {isCritical && " · critical"}
        </span>
      </span>
    </button>
  );
}
