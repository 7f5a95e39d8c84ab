// What a row of the list of workflows shows, by the room there is.
import { Link } from "@tanstack/react-router";
import { CirclePlay, FileClock, RadioTower, RefreshCw, CalendarClock, Webhook } from "lucide-react";
import { useMemo } from "react";
import type { ReactNode } from "react";
import { Badge } from "../ui/badge.tsx";
import type { Column } from "../ui/columns.ts";
import { Sparkline } from "../ui/sparkline.tsx";
import { Skeleton } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { Duration, Time } from "../ui/time.tsx";
import { formatCount } from "../ui/time-format.ts";
import { HealthBadge } from "./health.tsx";
import { percent, successOf } from "./success.ts";
import { runsOf } from "./workflow-rows.ts";
import type { WorkflowRow } from "./workflow-rows.ts";
import type { Stats } from "./words.ts";

const triggerIcons = {
  webhook: { icon: Webhook, label: "Webhook" },
  schedule: { icon: CalendarClock, label: "Schedule" },
  poll: { icon: RefreshCw, label: "Poll" },
  event: { icon: RadioTower, label: "Event" },
  file: { icon: FileClock, label: "Files" },
  manual: { icon: CirclePlay, label: "Form" },
} as const;

/** `isPending`: the figures are still to come. */
export function useWorkflowColumns(isPending: boolean): readonly Column<WorkflowRow>[] {
  return useMemo(
    () => [
      { name: "name", label: "Workflow", width: "minmax(0, 2fr)", cell: (row) => <Name row={row} /> },
      ...figures.map(({ show, ...column }) => ({
        ...column,
        cell: ({ stats }: WorkflowRow) => {
          if (stats !== undefined) return show(stats);
          return isPending ? <Skeleton className="h-3 w-10" /> : <span className="text-ink-faint">–</span>;
        },
      })),
      { name: "triggers", label: "Triggers", width: "4.5rem", from: "md", cell: (row) => <Triggers row={row} /> },
    ],
    [isPending],
  );
}

interface FigureColumn extends Omit<Column<WorkflowRow>, "cell"> {
  readonly show: (stats: Stats) => ReactNode;
}

const end = "end" as const;
const figures: readonly FigureColumn[] = [
  { name: "health", label: "Health", width: "5.5rem", show: ({ health }) => <HealthBadge health={health} /> },
  { name: "day", label: "Last 24 hours", width: "9rem", from: "md", show: (stats) => <Day stats={stats} /> },
  { name: "runs", label: "Runs", width: "4rem", align: end, from: "lg", show: (stats) => formatCount(runsOf(stats)) },
  {
    name: "success",
    label: "Success",
    width: "4.5rem",
    align: end,
    from: "lg",
    show: (stats) => <Success stats={stats} />,
  },
  {
    name: "unfinished",
    label: "Unfinished",
    width: "5rem",
    align: end,
    from: "sm",
    show: (stats) => <Unfinished stats={stats} />,
  },
  { name: "p50", label: "p50", width: "4rem", align: end, from: "xl", show: ({ day }) => <Duration ms={day.p50Ms} /> },
  { name: "p95", label: "p95", width: "4rem", align: end, from: "lg", show: ({ day }) => <Duration ms={day.p95Ms} /> },
  {
    name: "last",
    label: "Last run",
    width: "5rem",
    align: end,
    show: ({ lastRunAt }) => <Time at={lastRunAt} className="whitespace-nowrap text-ink-soft" />,
  },
];

function Unfinished({ stats: { unfinished } }: { readonly stats: Stats }) {
  return <span className={unfinished === 0 ? "text-ink-faint" : ""}>{formatCount(unfinished)}</span>;
}

function Name({ row }: { readonly row: WorkflowRow }) {
  return (
    <div className="flex min-w-0 items-baseline gap-2">
      <Link
        to="/workflows/$name"
        params={{ name: row.name }}
        tabIndex={-1}
        className="max-w-full min-w-0 shrink-0 hover:underline"
      >
        <Text truncate className="font-medium">
          {row.name}
        </Text>
      </Link>
      {!row.deployed && <Badge>not deployed</Badge>}
      {row.description !== null && (
        <span className="min-w-0 text-xs text-ink-faint max-lg:hidden">
          <Text truncate>{row.description}</Text>
        </span>
      )}
    </div>
  );
}

function Day({ stats }: { readonly stats: Stats }) {
  const failed = stats.hours.map((hour) => hour.failed);
  const ended = stats.hours.map((hour) => Math.max(hour.started, hour.completed + hour.failed + hour.cancelled));
  const label = `${formatCount(runsOf(stats))} runs in the last 24 hours, ${formatCount(stats.day.failed)} failed`;
  return <Sparkline values={ended} marked={failed} label={label} className="h-5 w-full" />;
}

function Success({ stats }: { readonly stats: Stats }) {
  const success = successOf(stats.day);
  if (success === undefined) return <span className="text-ink-faint">–</span>;
  return <span className={success < 0.9 ? "text-bad" : ""}>{percent(success)}</span>;
}

function Triggers({ row }: { readonly row: WorkflowRow }) {
  if (row.triggers.length === 0) return <span className="text-ink-faint">–</span>;
  return (
    <span className="flex gap-1.5 text-ink-soft">
      {row.triggers.map((kind) => {
        if (kind === "none") return null;
        const { icon: Icon, label } = triggerIcons[kind];
        return (
          <span key={kind} title={label}>
            <Icon aria-hidden className="size-4" />
            <span className="sr-only">{label}</span>
          </span>
        );
      })}
    </span>
  );
}
