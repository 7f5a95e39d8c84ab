// The versions of the code with the runs that each still has to finish, by workflow and status, and moving those on.
import { Link } from "@tanstack/react-router";
import { ArrowRightToLine } from "lucide-react";
import { useState } from "react";
import type { Answer } from "../api.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { useToasts } from "../parts.ts";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { runStatusLooks } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import type { Column } from "../ui/columns.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { formatCount } from "../ui/time-format.ts";
import { Time } from "../ui/time.tsx";
import { VersionHash, hashChars } from "./version-hash.tsx";

type Version = Answer<"listVersions">["versions"][number];

const refreshMs = 5_000;
const unfinished = ["queued", "running", "waiting", "paused", "undoing"] as const;

export function VersionsCard() {
  const versions = useApi("listVersions", {}, { refetchMs: refreshMs });
  useLiveRefresh("workers", ["listVersions"]);
  const mayMove = useMay("run:move");
  const [draining, setDraining] = useState<Version>();
  return (
    <Card title="Versions" detail="of the code, newest first, with what each has to finish" flush>
      {versions.data !== undefined ? (
        <Table
          label="Versions"
          columns={versionColumns(mayMove, setDraining)}
          rows={versions.data.versions}
          rowKey={({ version }) => version}
          empty={
            <EmptyState title="Nothing is deployed yet" command="sluice dev">
              A version is made of the code whenever that changes.
            </EmptyState>
          }
        />
      ) : versions.error !== null ? (
        <ErrorState error={versions.error} onRetry={() => void versions.refetch()} />
      ) : (
        <SkeletonRows rows={2} />
      )}
      {draining !== undefined && <DrainDialog version={draining} onClose={() => setDraining(undefined)} />}
    </Card>
  );
}

function versionColumns(mayMove: boolean, drain: (version: Version) => void): readonly Column<Version>[] {
  return [
    {
      name: "version",
      label: "Version",
      cell: ({ version, current }) => (
        <span className="inline-flex items-center gap-1">
          <VersionHash version={version} isCurrent={current} />
          <CopyButton text={version} label={`Copy ${version.slice(0, hashChars)}`} />
        </span>
      ),
    },
    { name: "created", label: "Made", align: "end", from: "sm", cell: ({ createdAt }) => <Time at={createdAt} /> },
    { name: "runs", label: "To finish", cell: (row) => <ToFinish version={row} /> },
    {
      name: "unfinished",
      label: "Unfinished",
      align: "end",
      cell: ({ version, unfinishedRuns }) =>
        unfinishedRuns === 0 ? (
          <span className="text-ink-faint">0</span>
        ) : (
          <Link to="/runs" search={{ version, status: [...unfinished] }} className="text-accent-ink underline">
            {formatCount(unfinishedRuns)}
          </Link>
        ),
    },
    {
      name: "actions",
      label: "",
      align: "end",
      cell: (row) =>
        mayMove &&
        !row.current &&
        row.unfinishedRuns > 0 && (
          <Button size="sm" tone="quiet" icon={ArrowRightToLine} onClick={() => drain(row)}>
            Move on
          </Button>
        ),
    },
  ];
}

/** A line for each workflow: `orders: 3 waiting, 1 queued`. */
function ToFinish({ version: { workflows } }: { readonly version: Version }) {
  return (
    <ul className="flex flex-col gap-0.5 py-1.5 text-xs">
      {workflows.map(({ workflow, statuses }) => (
        <li key={workflow} className="flex min-w-0 flex-wrap gap-x-1.5">
          <Text truncate className="max-w-48 font-medium">
            {workflow}
          </Text>
          <span className="text-ink-soft">
            {unfinished
              .filter((status) => statuses[status] !== undefined)
              .map((status) => `${formatCount(statuses[status] ?? 0)} ${runStatusLooks[status].label.toLowerCase()}`)
              .join(", ")}
          </span>
        </li>
      ))}
    </ul>
  );
}

function DrainDialog({ version, onClose }: { readonly version: Version; readonly onClose: () => void }) {
  const toasts = useToasts();
  const drain = useCall("drainVersion", { changes: ["listVersions", "listRuns", "listDeployments"] });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title="Move these runs to the current code?"
      confirm="Move what can be moved"
      busy={drain.isPending}
      onConfirm={() =>
        drain.mutate(
          { params: { version: version.version }, body: {} },
          {
            onSuccess: ({ moved, leftRuns, nextCursor }) => {
              toasts.show({
                tone: leftRuns === 0 ? "good" : "neutral",
                title: `${formatCount(moved)} moved, ${formatCount(leftRuns)} stay`,
                ...(nextCursor === null ? {} : { detail: "There are more: move on once again." }),
              });
              onClose();
            },
          },
        )
      }
    >
      Each of the {formatCount(version.unfinishedRuns)} runs of <Mono>{version.version.slice(0, hashChars)}</Mono>{" "}
      replays what it has done on the current code, up to 100 at a time. One that the code does not follow stays as it
      is.
    </ConfirmDialog>
  );
}
