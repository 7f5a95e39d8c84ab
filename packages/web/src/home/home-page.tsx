// Home: how the server is, in figures.
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { Card, Stat } from "../ui/card.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { formatBytes, formatCount, formatDuration } from "../ui/time-format.ts";
import type { Answer } from "../api.ts";

export function HomePage() {
  const overview = useApi("overview", {});
  useLiveRefresh("overview", ["overview"]);
  return (
    <Page title="Home">
      {overview.data !== undefined ? (
        <Figures overview={overview.data} />
      ) : overview.error === null ? (
        <SkeletonRows rows={3} />
      ) : (
        <ErrorState error={overview.error} onRetry={() => void overview.refetch()} />
      )}
    </Page>
  );
}

function Figures({ overview }: { readonly overview: Answer<"overview"> }) {
  const { needs, day, queue, workers, disk } = overview;
  const ended = day.completed + day.failed;
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title="Needs somebody">
        <div className="grid grid-cols-2 gap-4 sm:grid-cols-3">
          <Stat label="Approvals" value={formatCount(needs.approvals)} />
          <Stat label="Failed in a day" value={formatCount(needs.failed)} tone={needs.failed > 0 ? "bad" : undefined} />
          <Stat label="Poison" value={formatCount(needs.poison)} tone={needs.poison > 0 ? "bad" : undefined} />
          <Stat label="Non-deterministic" value={formatCount(needs.nonDeterminism)} />
          <Stat label="Waiting for a version" value={formatCount(needs.waitingForVersion)} />
        </div>
      </Card>
      <Card title="Last day">
        <div className="grid grid-cols-2 gap-4 sm:grid-cols-3">
          <Stat label="Completed" value={formatCount(day.completed)} />
          <Stat label="Success" value={ended === 0 ? "–" : `${((100 * day.completed) / ended).toFixed(1)}%`} />
          <Stat label="p50" value={day.p50Ms === null ? "–" : formatDuration(day.p50Ms)} />
          <Stat label="p95" value={day.p95Ms === null ? "–" : formatDuration(day.p95Ms)} />
          <Stat label="Queue" value={formatCount(queue.ready)} />
          <Stat label="Workers" value={formatCount(workers.serving)} />
          {disk !== null && <Stat label="Disk free" value={formatBytes(disk.freeBytes)} />}
        </div>
      </Card>
    </div>
  );
}
