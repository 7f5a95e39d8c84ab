// Builds, newest first, and what the cache has and gives.
import { getRouteApi, Link } from "@tanstack/react-router";
import { Hammer } from "lucide-react";
import type { Answer } from "../api.ts";
import { useApi, usePages } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Card, Stat } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { Select } from "../ui/select.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { formatBytes, formatCount } from "../ui/time-format.ts";
import { Duration, Time } from "../ui/time.tsx";
import { BuildBadge } from "./looks.tsx";
import { hitRatio } from "./words.ts";
import type { Build } from "./words.ts";

const route = getRouteApi("/shell/builds/");
const refreshMs = 3_000;
const statuses = ["queued", "running", "completed", "failed", "cancelled"] as const;
const rowsOf = ({ builds }: Answer<"listBuilds">) => builds;

export function BuildsPage() {
  const { status, kind } = route.useSearch();
  const navigate = route.useNavigate();
  const query = { ...(status === undefined ? {} : { status }), ...(kind === undefined ? {} : { kind }) };
  const pages = usePages("listBuilds", { query }, { rowsOf, refetchMs: refreshMs });
  const { rows, error, isPending } = pages;
  return (
    <Page title="Builds">
      <div className="flex flex-col gap-4">
        <Cache builds={rows} />
        <Card
          title="Builds"
          flush
          actions={
            <Select
              label="Status"
              value={status ?? "all"}
              onChange={(value) =>
                void navigate({
                  search: (before) => ({ ...before, status: statuses.find((each) => each === value) }),
                  replace: true,
                })
              }
              options={[
                { value: "all", label: "All" },
                ...statuses.map((value) => ({ value, label: value[0]?.toUpperCase() + value.slice(1) })),
              ]}
            />
          }
        >
          {error !== null && rows.length === 0 ? (
            <ErrorState error={error} onRetry={pages.refetch} />
          ) : isPending ? (
            <SkeletonRows rows={4} />
          ) : (
            <Table
              label="Builds"
              columns={columns}
              rows={rows}
              rowKey={({ id }) => id}
              onOpen={({ id }) => void navigate({ to: "/builds/$build", params: { build: id } })}
              empty={
                <EmptyState icon={Hammer} title="No builds" command="sluice build">
                  A build of a workspace over which this server runs is shown here.
                </EmptyState>
              }
            />
          )}
        </Card>
        {pages.hasMore && (
          <Button className="self-center" busy={pages.isFetching} onClick={pages.more}>
            Older builds
          </Button>
        )}
      </div>
    </Page>
  );
}

const columns: readonly Column<Build>[] = [
  {
    name: "target",
    label: "Build",
    cell: ({ id, target, kind }) => (
      <Link to="/builds/$build" params={{ build: id }} className="flex min-w-0 flex-col py-1 hover:underline">
        <Text truncate className="font-medium text-accent-ink">
          {target}
        </Text>
        <span className="text-xs text-ink-faint">{kind === "workspace" ? "Workspace" : "On a worker"}</span>
      </Link>
    ),
  },
  { name: "status", label: "Status", cell: ({ status }) => <BuildBadge status={status} /> },
  {
    name: "done",
    label: "Tasks",
    align: "end",
    from: "sm",
    cell: ({ done, total }) => (total === null ? "–" : `${formatCount(done ?? 0)} of ${formatCount(total)}`),
  },
  {
    name: "hits",
    label: "From the cache",
    align: "end",
    from: "md",
    cell: (build) => percent(hitRatio(build)),
  },
  {
    name: "where",
    label: "Where",
    from: "lg",
    cell: ({ root, machine, worker }) => (
      <Mono truncate className="max-w-80 text-ink-soft">
        {root === null ? (worker ?? "–") : `${machine ?? ""}:${root}`}
      </Mono>
    ),
  },
  { name: "took", label: "Took", align: "end", from: "sm", cell: ({ durationMs }) => <Duration ms={durationMs} /> },
  { name: "at", label: "Begun", align: "end", cell: ({ createdAt }) => <Time at={createdAt} /> },
];

function percent(ratio: number | null): string {
  return ratio === null ? "–" : `${Math.round(ratio * 100)}%`;
}

/** What the cache has now, and what it gave the last builds. */
function Cache({ builds }: { readonly builds: readonly Build[] }) {
  const mayRead = useMay("blob:read");
  const stats = useApi("getCacheStats", {}, { enabled: mayRead, refetchMs: refreshMs });
  const ratios = builds.flatMap((build) => hitRatio(build) ?? []).toReversed();
  const savedMs = builds.reduce((sum, { cache }) => sum + (cache?.savedMs ?? 0), 0);
  const mean = ratios.length === 0 ? null : ratios.reduce((sum, each) => sum + each, 0) / ratios.length;
  const { data } = stats;
  return (
    <div className="grid grid-cols-2 gap-4 rounded-lg border border-line bg-panel p-4 shadow-card md:grid-cols-4">
      <Stat
        label="Size of the cache"
        value={data === undefined ? "–" : formatBytes(data.bytes)}
        detail={data === undefined || data.bytesMax === 0 ? undefined : `of ${formatBytes(data.bytesMax)}`}
      />
      <Stat label="Results in it" value={data === undefined ? "–" : formatCount(data.entries)} />
      <Stat label="From the cache" value={percent(mean)} detail="of the tasks of these builds">
        {ratios.length > 1 && <Sparkline label="Share of hits, build by build" values={ratios} />}
      </Stat>
      <Stat label="Time it has spared" value={<Duration ms={savedMs} />} detail="by these builds" />
    </div>
  );
}
