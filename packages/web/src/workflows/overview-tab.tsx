// How a workflow did in the last day, its last runs, and the limits it is under.
import { Link } from "@tanstack/react-router";
import { HoursChart } from "../home/hours-chart.tsx";
import { LatestRuns } from "../home/latest-runs.tsx";
import { Card, KeyValue, Stat } from "../ui/card.tsx";
import { EmptyState, Skeleton } from "../ui/states.tsx";
import { Mono } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { TimeChart } from "../ui/time-chart.tsx";
import { formatCount, formatDuration } from "../ui/time-format.ts";
import { quoted } from "./command-lines.ts";
import { WorkflowQueue } from "./queues.tsx";
import { percent, successOf } from "./success.ts";
import { runsOf } from "./workflow-rows.ts";
import type { Stats, Workflow } from "./words.ts";

interface OverviewTabProps {
  readonly name: string;
  /** Undefined where it is no longer deployed. */
  readonly workflow: Workflow | undefined;
  readonly stats: Stats | undefined;
}

export function OverviewTab({ name, workflow, stats }: OverviewTabProps) {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(18rem,1fr)]">
      <div className="flex min-w-0 flex-col gap-4">
        <Card title="Last 24 hours">
          {stats === undefined ? <Skeleton className="h-56 w-full" /> : <Figures name={name} stats={stats} />}
        </Card>
        {stats !== undefined && stats.hours.some(({ p50Ms }) => p50Ms !== null) && (
          <Card title="Duration by hour" detail="from creation to end">
            <Durations stats={stats} />
          </Card>
        )}
        <LatestRuns
          workflow={name}
          empty={
            <EmptyState title="It has not run yet" command={`sluice run ${quoted(name)} --input '{}'`}>
              Its runs show up here by themselves.
            </EmptyState>
          }
        />
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <Now name={name} stats={stats} />
        {workflow?.flow?.queue !== undefined && <WorkflowQueue name={workflow.flow.queue} />}
        {workflow !== undefined && <Limits workflow={workflow} />}
      </div>
    </div>
  );
}

function Figures({ name, stats }: { readonly name: string; readonly stats: Stats }) {
  const { day, hours } = stats;
  const success = successOf(day);
  return (
    <div className="flex flex-col gap-5">
      <div className="grid grid-cols-3 gap-4 sm:grid-cols-5">
        <Stat label="Runs" value={formatCount(runsOf(stats))} />
        <Stat
          label="Success"
          value={success === undefined ? "–" : percent(success)}
          tone={success !== undefined && success < 0.9 ? "bad" : undefined}
        />
        <Stat label="Failed" value={formatCount(day.failed)} tone={day.failed > 0 ? "bad" : undefined} />
        <Stat label="p50" value={day.p50Ms === null ? "–" : formatDuration(day.p50Ms)} />
        <Stat label="p95" value={day.p95Ms === null ? "–" : formatDuration(day.p95Ms)} />
      </div>
      <HoursChart hours={hours} workflow={name} />
    </div>
  );
}

function Durations({ stats }: { readonly stats: Stats }) {
  const { hours } = stats;
  return (
    <TimeChart
      label="Duration of runs by hour"
      at={hours.map(({ at }) => at)}
      format={formatDuration}
      series={[
        { label: "p50", values: hours.map(({ p50Ms }) => p50Ms) },
        { label: "p95", values: hours.map(({ p95Ms }) => p95Ms) },
      ]}
    />
  );
}

function Now({ name, stats }: { readonly name: string; readonly stats: Stats | undefined }) {
  return (
    <Card title="Now">
      {stats === undefined ? (
        <Skeleton className="h-12 w-full" />
      ) : (
        <KeyValue
          pairs={[
            {
              name: "Unfinished",
              value: (
                <Link
                  to="/runs"
                  search={{ workflow: name, status: ["queued", "running", "waiting", "paused", "undoing"] }}
                  className="text-accent-ink tabular hover:underline"
                >
                  {formatCount(stats.unfinished)} {stats.unfinished === 1 ? "run" : "runs"}
                </Link>
              ),
            },
            { name: "Last run", value: stats.lastRunAt === null ? "Never" : <Time at={stats.lastRunAt} /> },
          ]}
        />
      )}
    </Card>
  );
}

/** Hours and days as people write them: `30 days`. */
function span(ms: number): string {
  const days = ms / 86_400_000;
  return Number.isInteger(days) ? `${formatCount(days)} ${days === 1 ? "day" : "days"}` : formatDuration(ms);
}

function Limits({ workflow }: { readonly workflow: Workflow }) {
  const { timeoutMs, retention, version, validates } = workflow;
  const kept = [
    ...(retention.ageMs === null ? [] : [`for ${span(retention.ageMs)}`]),
    ...(retention.count === null ? [] : [`the last ${formatCount(retention.count)}`]),
  ];
  return (
    <Card title="Limits">
      <KeyValue
        pairs={[
          { name: "Timeout", value: timeoutMs === null ? "None" : span(timeoutMs) },
          {
            name: "Ended runs",
            value: kept.length === 0 ? "Kept as the server's settings say" : `Kept ${kept.join(", ")}`,
          },
          { name: "Input", value: validates ? "Checked before a run starts" : "Not checked" },
          { name: "Version", value: <Mono truncate>{version}</Mono> },
        ]}
      />
    </Card>
  );
}
