// Home: what needs somebody now, how the last day went, and how the server is.
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { Card } from "../ui/card.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import type { Answer } from "../api.ts";
import { DayFigures, ServerCard } from "./figures.tsx";
import { FirstRun } from "./first-run.tsx";
import { HoursChart } from "./hours-chart.tsx";
import { LatestRuns } from "./latest-runs.tsx";
import { NeedsCard } from "./needs.tsx";

/** Figures that change without anybody being told, as the free disk. */
const refreshMs = 30_000;

export function HomePage() {
  const overview = useApi("overview", {}, { refetchMs: refreshMs });
  useLiveRefresh("overview", ["overview"]);
  return (
    <Page title="Home">
      {overview.data !== undefined ? (
        <Overview overview={overview.data} />
      ) : overview.error === null ? (
        <Pending />
      ) : (
        <ErrorState
          title="The overview could not be read"
          error={overview.error}
          onRetry={() => void overview.refetch()}
        />
      )}
    </Page>
  );
}

function Overview({ overview }: { readonly overview: Answer<"overview"> }) {
  const none = Object.values(overview.runs).every((count) => count === 0);
  return (
    <div className="flex flex-col gap-4">
      {none ? <FirstRun /> : <DayFigures overview={overview} />}
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(18rem,1fr)]">
        <div className="flex min-w-0 flex-col gap-4">
          <Card title="Runs by hour" detail="Last 24 hours">
            <HoursChart hours={overview.hours} />
          </Card>
          {!none && <LatestRuns empty={<p className="p-4 text-sm text-ink-soft">None that you may see.</p>} />}
        </div>
        <div className="flex min-w-0 flex-col gap-4 max-lg:contents">
          {!none && (
            <div className="min-w-0 max-lg:order-first">
              <NeedsCard needs={overview.needs} />
            </div>
          )}
          <ServerCard overview={overview} />
        </div>
      </div>
    </div>
  );
}

function Pending() {
  return (
    <div role="status" aria-label="Loading" className="flex flex-col gap-4">
      <Skeleton className="h-20 w-full rounded-lg" />
      <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(18rem,1fr)]">
        <Skeleton className="h-64 w-full rounded-lg" />
        <Skeleton className="h-64 w-full rounded-lg" />
      </div>
    </div>
  );
}
