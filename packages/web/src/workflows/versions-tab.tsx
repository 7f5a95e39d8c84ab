// The versions of the code that are there, and which runs still need which.
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import type { Answer } from "../api.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { Badge } from "../ui/badge.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { formatCount } from "../ui/time-format.ts";
import type { Workflow } from "./words.ts";

type Deployments = Answer<"listDeployments">;

interface VersionRow {
  readonly version: string;
  readonly createdAt: number;
  /** Of this workflow. */
  readonly unfinishedRuns: number;
  readonly current: boolean;
  /** That serve this workflow in this version. */
  readonly workers: number;
}

function rowsOf({ versions, workers }: Deployments, workflow: Workflow): readonly VersionRow[] {
  return versions
    .map(({ version, createdAt, workflows }) => ({
      version,
      createdAt,
      unfinishedRuns: workflows.find((each) => each.workflow === workflow.name)?.unfinishedRuns ?? 0,
      current: version === workflow.version,
      workers: workers.filter(
        (each) => each.version === version && !each.quarantine && each.workflows.includes(workflow.name),
      ).length,
    }))
    .toSorted((a, b) => b.createdAt - a.createdAt);
}

export function VersionsTab({ workflow }: { readonly workflow: Workflow }) {
  const deployments = useApi("listDeployments", {});
  useLiveRefresh("workers", ["listDeployments"]);
  const columns = useColumns(workflow.name);
  const { data, error } = deployments;
  if (data === undefined) {
    return error === null ? (
      <SkeletonRows rows={4} />
    ) : (
      <ErrorState title="The versions could not be read" error={error} onRetry={() => void deployments.refetch()} />
    );
  }
  const failed = data.current.error;
  return (
    <div className="flex flex-col gap-4">
      {failed !== null && (
        <div role="alert" className="rounded-md border border-bad/40 bg-bad-soft px-3 py-2 text-sm">
          <p className="font-medium text-bad">Newer code does not serve</p>
          <p className="text-ink">
            <Text>{failed.message}</Text>
          </p>
          {failed.hint !== undefined && (
            <p className="text-xs text-ink-soft">
              <Text>{failed.hint}</Text>
            </p>
          )}
        </div>
      )}
      <Card title="Versions" detail="Runs go on with the code they began with" flush>
        <Table
          label="Versions"
          columns={columns}
          rows={rowsOf(data, workflow)}
          rowKey={(row) => row.version}
          empty={<p className="p-4 text-sm text-ink-soft">None is kept.</p>}
        />
      </Card>
    </div>
  );
}

function useColumns(workflow: string): readonly Column<VersionRow>[] {
  return useMemo(
    () => [
      {
        name: "version",
        label: "Version",
        cell: ({ version, current }) => (
          <span className="flex items-center gap-2">
            <Mono truncate className="max-w-32 sm:max-w-80">
              {version}
            </Mono>
            {current && <Badge tone="good">current</Badge>}
          </span>
        ),
      },
      {
        name: "created",
        label: "Since",
        width: "6rem",
        from: "sm",
        cell: ({ createdAt }) => <Time at={createdAt} className="whitespace-nowrap text-ink-soft" />,
      },
      {
        name: "workers",
        label: "Workers",
        width: "6rem",
        align: "end",
        cell: ({ workers, unfinishedRuns }) =>
          workers === 0 && unfinishedRuns > 0 ? <span className="text-warn">none</span> : formatCount(workers),
      },
      {
        name: "unfinished",
        label: "Unfinished runs",
        width: "8rem",
        align: "end",
        from: "md",
        cell: ({ unfinishedRuns }) => formatCount(unfinishedRuns),
      },
      {
        name: "runs",
        label: "",
        width: "6rem",
        align: "end",
        cell: ({ version }) => (
          <Link
            to="/runs"
            search={{ workflow, version }}
            className="whitespace-nowrap text-xs text-accent-ink hover:underline"
          >
            Its runs
          </Link>
        ),
      },
    ],
    [workflow],
  );
}
