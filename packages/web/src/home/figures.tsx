// The figures of the last day and of the server now.
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Answer } from "../api.ts";
import { Card, KeyValue, Stat } from "../ui/card.tsx";
import { formatBytes, formatCount, formatDuration } from "../ui/time-format.ts";
import { Mono } from "../ui/text.tsx";
import { percent, successOf } from "../workflows/success.ts";

type Overview = Answer<"overview">;
/** With less than this part of its disk left, somebody should look. */
const lowDiskBytes = 2_000_000_000;
const successBad = 0.9;

export function DayFigures({ overview }: { readonly overview: Overview }) {
  const { day, runs, queue } = overview;
  const success = successOf(day);
  const unfinished = (["queued", "running", "waiting", "paused", "undoing"] as const).reduce(
    (sum, status) => sum + (runs[status] ?? 0),
    0,
  );
  return (
    <section
      aria-label="Last 24 hours"
      className="grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line shadow-card sm:grid-cols-3 xl:grid-cols-6"
    >
      <Cell>
        <Stat label="Completed" value={formatCount(day.completed)} detail="last 24 hours" />
      </Cell>
      <Cell>
        <Stat
          label="Success"
          value={success === undefined ? "–" : percent(success)}
          tone={success !== undefined && success < successBad ? "bad" : undefined}
          detail={`${formatCount(day.failed)} failed`}
        />
      </Cell>
      <Cell>
        <Stat label="Duration p50" value={duration(day.p50Ms)} detail="half are faster" />
      </Cell>
      <Cell>
        <Stat label="Duration p95" value={duration(day.p95Ms)} detail="1 in 20 is slower" />
      </Cell>
      <Cell>
        <Stat label="Queue" value={formatCount(queue.ready)} detail="ready to run" />
      </Cell>
      <Cell>
        <Stat
          label="Unfinished"
          value={
            <Link
              to="/runs"
              search={{ status: ["queued", "running", "waiting", "paused", "undoing"] }}
              className="hover:underline"
            >
              {formatCount(unfinished)}
            </Link>
          }
          detail={`${formatCount(runs.running ?? 0)} running, ${formatCount(queue.waiting)} waiting`}
        />
      </Cell>
    </section>
  );
}

function Cell({ children }: { readonly children: ReactNode }) {
  return <div className="min-w-0 bg-panel px-4 py-3">{children}</div>;
}

function duration(ms: number | null): string {
  return ms === null ? "–" : formatDuration(ms);
}

export function ServerCard({ overview }: { readonly overview: Overview }) {
  const { workers, disk, queue, uptimeMs, version } = overview;
  const words = [
    `${formatCount(workers.serving)} serving`,
    ...(workers.starting > 0 ? [`${formatCount(workers.starting)} starting`] : []),
  ].join(", ");
  return (
    <Card title="Server">
      <KeyValue
        pairs={[
          {
            name: "Workers",
            value: (
              <>
                <span className={workers.serving === 0 ? "text-bad" : ""}>{words}</span>
                {workers.stalled > 0 && <span className="text-bad">, {formatCount(workers.stalled)} stalled</span>}
              </>
            ),
          },
          { name: "Timers", value: formatCount(queue.timers) },
          disk === null
            ? null
            : {
                name: "Data",
                value: `${formatBytes(disk.databaseBytes + disk.blobBytes)} (${formatBytes(disk.blobBytes)} of it large values)`,
              },
          disk === null
            ? null
            : {
                name: "Disk",
                value: (
                  <span className={disk.freeBytes < lowDiskBytes ? "text-bad" : ""}>
                    {formatBytes(disk.freeBytes)} free
                  </span>
                ),
              },
          { name: "Up for", value: formatDuration(uptimeMs) },
          { name: "Version", value: <Mono>{version}</Mono> },
        ]}
      />
    </Card>
  );
}
