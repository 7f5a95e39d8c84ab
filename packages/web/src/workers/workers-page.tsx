// Workers and versions: what executes now, what is stuck, and which old code still has runs to finish.
import { Link } from "@tanstack/react-router";
import { CircleCheck, CircleDashed, Cpu, LogOut, ShieldAlert, TriangleAlert } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { Answer } from "../api.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Card, Stat } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Tooltip } from "../ui/tooltip.tsx";
import { formatCount } from "../ui/time-format.ts";
import { Time } from "../ui/time.tsx";
import { ServicesCards } from "./services-cards.tsx";
import { VersionHash } from "./version-hash.tsx";
import { VersionsCard } from "./versions-card.tsx";

type Deployments = Answer<"listDeployments">;
type Worker = Deployments["workers"][number];
type Process = NonNullable<Worker["process"]>;

const refreshMs = 5_000;
const namesShown = 3;

export function WorkersPage() {
  const deployments = useApi("listDeployments", {}, { refetchMs: refreshMs });
  useLiveRefresh("workers", ["listDeployments"]);
  const { data } = deployments;
  return (
    <Page title="Workers">
      {data !== undefined ? (
        <Shown deployments={data} />
      ) : deployments.error !== null ? (
        <ErrorState
          title="The workers could not be read"
          error={deployments.error}
          onRetry={() => void deployments.refetch()}
        />
      ) : (
        <SkeletonRows rows={6} />
      )}
    </Page>
  );
}

function Shown({ deployments }: { readonly deployments: Deployments }) {
  const { current, versions, workers } = deployments;
  const stalled = workers.filter(({ process }) => process?.status === "stalled").length;
  const old = versions.filter(({ version }) => version !== current.version);
  const unfinishedOld = old.reduce((sum, { unfinishedRuns }) => sum + unfinishedRuns, 0);
  return (
    <div className="flex flex-col gap-4">
      {current.error !== null && <DeployFailure error={current.error} />}
      <div className="grid grid-cols-2 gap-4 rounded-lg border border-line bg-panel p-4 shadow-card md:grid-cols-4">
        <Stat label="Workers" value={formatCount(workers.length)} />
        <Stat label="Stalled" value={formatCount(stalled)} tone={stalled > 0 ? "bad" : undefined} />
        <Stat
          label="Runs in their memory"
          value={formatCount(workers.reduce((sum, { process }) => sum + (process?.runs ?? 0), 0))}
        />
        <Stat
          label="Unfinished on old versions"
          value={formatCount(unfinishedOld)}
          detail={old.length > 0 ? `${old.length} old ${old.length === 1 ? "version" : "versions"}` : undefined}
        />
      </div>
      <Card title="Workers" flush>
        <Table
          label="Workers"
          columns={workerColumns(current.version)}
          rows={workers}
          rowKey={(row) => row.id}
          empty={
            <EmptyState icon={Cpu} title="No worker is connected" command="sluice up">
              Runs wait until one is there. The server starts its own where it has a project to run.
            </EmptyState>
          }
        />
      </Card>
      <ServicesCards />
      <VersionsCard />
    </div>
  );
}

function DeployFailure({ error }: { readonly error: NonNullable<Deployments["current"]["error"]> }) {
  return (
    <div role="alert" className="flex gap-3 rounded-lg border border-bad bg-bad-soft p-4 text-sm">
      <TriangleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="flex min-w-0 flex-col gap-1">
        <h2 className="font-semibold text-bad">Newer code does not serve</h2>
        <p className="whitespace-pre-wrap">
          <Text>{error.message}</Text>
        </p>
        {error.hint !== undefined && (
          <p className="text-ink-soft">
            <Text>{error.hint}</Text>
          </p>
        )}
      </div>
    </div>
  );
}

const processLooks: Readonly<Record<Process["status"], { label: string; tone: Tone; icon: LucideIcon }>> = {
  starting: { label: "Starting", tone: "info", icon: CircleDashed },
  serving: { label: "Serving", tone: "good", icon: CircleCheck },
  stalled: { label: "Stalled", tone: "bad", icon: TriangleAlert },
  leaving: { label: "Leaving", tone: "warn", icon: LogOut },
};

function WorkerStatus({ worker }: { readonly worker: Worker }) {
  const { process, quarantine } = worker;
  const look =
    process === null ? { label: "Connected", tone: "good" as const, icon: CircleCheck } : processLooks[process.status];
  return (
    <div className="flex flex-wrap items-center gap-1.5 py-1.5">
      <Badge tone={look.tone} icon={look.icon}>
        {look.label}
      </Badge>
      {quarantine && (
        <Tooltip text="Takes only runs that are suspected of having crashed a worker">
          <span tabIndex={0} className="inline-flex rounded-sm">
            <Badge tone="warn" icon={ShieldAlert}>
              Quarantine
            </Badge>
          </span>
        </Tooltip>
      )}
      {process !== null && process.stalledIn !== null && (
        <span className="text-xs text-ink-soft">
          in <Text>{process.stalledIn.step}</Text> of{" "}
          <Link to="/runs/$run" params={{ run: process.stalledIn.run }} className="text-accent-ink underline">
            <Mono>{process.stalledIn.run}</Mono>
          </Link>
        </span>
      )}
    </div>
  );
}

function WorkflowNames({ names }: { readonly names: readonly string[] }) {
  const rest = names.length - namesShown;
  return (
    <span title={names.join(", ")} className="text-ink-soft">
      <Text>{names.slice(0, namesShown).join(", ")}</Text>
      {rest > 0 && ` and ${rest} more`}
    </span>
  );
}

function workerColumns(current: string): readonly Column<Worker>[] {
  return [
    { name: "status", label: "Status", cell: (row) => <WorkerStatus worker={row} /> },
    { name: "id", label: "Worker", from: "sm", cell: (row) => <Mono>{row.id}</Mono> },
    {
      name: "version",
      label: "Version",
      cell: (row) => <VersionHash version={row.version} isCurrent={row.version === current} />,
    },
    { name: "workflows", label: "Workflows", from: "lg", cell: (row) => <WorkflowNames names={row.workflows} /> },
    { name: "pid", label: "Process", align: "end", from: "md", cell: (row) => row.process?.pid ?? "elsewhere" },
    { name: "runs", label: "Runs", align: "end", cell: (row) => row.process?.runs ?? "–" },
    {
      name: "since",
      label: "Since",
      align: "end",
      from: "md",
      cell: (row) => (row.process === null ? "–" : <Time at={row.process.startedAt} />),
    },
  ];
}
