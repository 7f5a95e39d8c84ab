// When each task was executed, one bar each, on one scale; the critical path is marked.
import { useMemo } from "react";
import { cx } from "../ui/cx.ts";
import { EmptyState } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { formatDuration } from "../ui/time-format.ts";
import { useNow } from "../ui/time.tsx";
import { taskLook } from "./looks.tsx";
import { criticalPath, timesOf } from "./words.ts";
import type { Bar, Task } from "./words.ts";

interface WaterfallProps {
  readonly tasks: readonly Task[];
  readonly isOver: boolean;
  readonly select: (task: string) => void;
}

const marks = [0, 0.25, 0.5, 0.75, 1] as const;
const percent = (share: number): string => `${share * 100}%`;

export function Waterfall({ tasks, isOver, select }: WaterfallProps) {
  const now = useNow();
  const way = useMemo(() => criticalPath(tasks), [tasks]);
  const { bars, spanMs } = timesOf(tasks, isOver ? 0 : now);
  if (bars.length === 0)
    return <EmptyState title={isOver ? "Nothing was executed" : "Nothing is being executed yet"} />;
  return (
    <div className="overflow-x-auto rounded-lg border border-line bg-panel p-3">
      <ol aria-label="Tasks over time" className="flex min-w-md flex-col gap-1">
        {bars.map((bar) => (
          <Row key={bar.task.id} bar={bar} isCritical={way.ids.has(bar.task.id)} onSelect={() => select(bar.task.id)} />
        ))}
      </ol>
      <div aria-hidden className="mt-2 flex min-w-md gap-2 border-t border-line pt-1 text-2xs text-ink-faint">
        <span className="w-44 shrink-0">Since the first began</span>
        <span className="tabular flex grow justify-between">
          {marks.map((share) => (
            <span key={share}>{formatDuration(spanMs * share)}</span>
          ))}
        </span>
      </div>
    </div>
  );
}

interface RowProps {
  readonly bar: Bar;
  readonly isCritical: boolean;
  readonly onSelect: () => void;
}

function Row({ bar: { task, from, width }, isCritical, onSelect }: RowProps) {
  const { label } = taskLook(task);
  const took = task.durationMs === null ? label : `${label}, ${formatDuration(task.durationMs)}`;
  return (
    <li>
      <button
        type="button"
        onClick={onSelect}
        className="flex h-7 w-full items-center gap-2 rounded-sm text-left hover:bg-hover"
      >
        <span className="w-44 shrink-0 truncate text-xs">
          <Text truncate className={isCritical ? "font-semibold" : ""}>
            {task.id}
          </Text>
        </span>
        <span className="relative h-4 grow">
          <span
            className={cx(
              "absolute inset-y-0 min-w-0.5 rounded-sm",
              task.status === "failed" ? "bg-bad" : isCritical ? "bg-accent-strong" : "bg-chart-1",
            )}
            style={{ left: percent(from), width: percent(width) }}
          />
          <span className="sr-only">{isCritical ? `${took}, critical` : took}</span>
        </span>
        <span className="tabular w-16 shrink-0 text-right text-xs text-ink-soft">
          {task.durationMs === null ? "…" : formatDuration(task.durationMs)}
        </span>
      </button>
    </li>
  );
}
