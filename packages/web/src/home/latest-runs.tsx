// The last runs, of everything or of one workflow.
import { Link, useNavigate } from "@tanstack/react-router";
import { ListTree } from "lucide-react";
import type { ReactNode } from "react";
import type { Answer } from "../api.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { StatusBadge } from "../ui/badge.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Elapsed, Time } from "../ui/time.tsx";

type Run = Answer<"listRuns">["runs"][number];
const rowsShown = 10;
const rowKey = (run: Run) => run.id;

const nameColumn: Column<Run> = {
  name: "workflow",
  label: "Workflow",
  cell: (run) => (
    <span className="block max-w-40 sm:max-w-72">
      <Text truncate className="font-medium">
        {run.workflow}
      </Text>
    </span>
  ),
};
const columns: readonly Column<Run>[] = [
  {
    name: "status",
    label: "Status",
    width: "9.5rem",
    cell: (run) => <StatusBadge status={run.status} reason={run.statusReason} />,
  },
  {
    name: "run",
    label: "Run",
    cell: (run) => (
      <Link
        to="/runs/$run"
        params={{ run: run.id }}
        className="block max-w-36 text-ink-soft hover:underline sm:max-w-64"
      >
        <Mono truncate>{run.id}</Mono>
      </Link>
    ),
  },
  {
    name: "started",
    label: "Started",
    width: "5rem",
    from: "sm",
    cell: (run) => <Time at={run.createdAt} className="whitespace-nowrap text-ink-soft" />,
  },
  {
    name: "duration",
    label: "Duration",
    width: "5rem",
    align: "end",
    cell: (run) =>
      run.startedAt === null ? (
        <span className="text-ink-faint">–</span>
      ) : (
        <Elapsed from={run.startedAt} to={run.endedAt} />
      ),
  },
];
const allColumns = [columns[0] as Column<Run>, nameColumn, ...columns.slice(1)];

interface LatestRunsProps {
  /** Only of this one. */
  readonly workflow?: string | undefined;
  readonly empty: ReactNode;
}

export function LatestRuns({ workflow, empty }: LatestRunsProps) {
  const navigate = useNavigate();
  const runs = useApi("listRuns", { query: { workflow, limit: rowsShown } });
  useLiveRefresh("runs", ["listRuns"]);
  return (
    <Card
      title="Latest runs"
      flush
      actions={
        <Link
          to="/runs"
          search={workflow === undefined ? {} : { workflow }}
          className="flex items-center gap-1.5 text-xs text-accent-ink hover:underline"
        >
          <ListTree aria-hidden className="size-3.5" /> All runs
        </Link>
      }
    >
      {runs.data !== undefined ? (
        <Table
          label="Latest runs"
          columns={workflow === undefined ? allColumns : columns}
          rows={runs.data.runs}
          rowKey={rowKey}
          onOpen={(run) => void navigate({ to: "/runs/$run", params: { run: run.id } })}
          empty={empty}
        />
      ) : runs.error === null ? (
        <SkeletonRows rows={5} />
      ) : (
        <ErrorState title="The runs could not be read" error={runs.error} onRetry={() => void runs.refetch()} />
      )}
    </Card>
  );
}
