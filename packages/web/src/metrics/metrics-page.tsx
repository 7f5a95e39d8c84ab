// Metrics: what the server has counted since it started, how long things took, what it holds.
import { getRouteApi } from "@tanstack/react-router";
import { TimerOff } from "lucide-react";
import { useEffect, useState } from "react";
import type { Answer } from "../api.ts";
import { useApi } from "../query.ts";
import { Page } from "../shell/page.tsx";
import { Card, Stat } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import type { Column } from "../ui/columns.ts";
import { Select } from "../ui/select.tsx";
import { Sparkline } from "../ui/sparkline.tsx";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { TimeChart } from "../ui/time-chart.tsx";
import { Mono } from "../ui/text.tsx";
import { formatBytes, formatCount, formatDuration } from "../ui/time-format.ts";
import { ratesOf, withSample } from "./history.ts";
import type { Sample } from "./history.ts";
import { durationFigures } from "./screen.ts";

const route = getRouteApi("/shell/metrics");
type Report = Exclude<Answer<"metrics">, string>;
type Durations = Report["durationsMs"]["runs"];

const refreshMs = 5_000;

export function MetricsPage() {
  const metrics = useApi("metrics", { query: { format: "json" } }, { refetchMs: refreshMs });
  const { data, dataUpdatedAt } = metrics;
  const history = useHistory(data, dataUpdatedAt);
  return (
    <Page title="Metrics" detail={<span className="text-sm text-ink-faint">since the server started</span>}>
      {data !== undefined ? (
        <Shown report={data} history={history} />
      ) : metrics.error !== null ? (
        <ErrorState
          title="The figures could not be read"
          error={metrics.error}
          onRetry={() => void metrics.refetch()}
        />
      ) : (
        <div role="status" aria-label="Loading" className="flex flex-col gap-4">
          <Skeleton className="h-28" />
          <Skeleton className="h-72" />
        </div>
      )}
    </Page>
  );
}

/** What was seen since the page was opened. */
function useHistory(report: Report | undefined, at: number): readonly Sample[] {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (report === undefined) return;
    const { memory, runs, counters, store } = report;
    const values = { ...counters, rss: memory.rssBytes, hot: runs["hot"] ?? 0, ready: runs["ready"] ?? 0, ...store };
    setSamples((before) => withSample(before, { at, values }));
  }, [report, at]);
  return samples;
}

function Shown({ report, history }: { readonly report: Report; readonly history: readonly Sample[] }) {
  const { memory, store, runs, workers, uptimeMs } = report;
  const line = (name: string, label: string) =>
    history.length > 1 && (
      <Sparkline form="line" values={history.map(({ values }) => values[name] ?? null)} label={label} />
    );
  return (
    <div className="flex flex-col gap-4">
      <Card title="Server">
        <div className="grid grid-cols-2 gap-x-6 gap-y-5 md:grid-cols-4">
          <Stat
            label="Memory"
            value={formatBytes(memory.rssBytes)}
            detail={`${formatBytes(memory.heapUsedBytes)} of it objects`}
          >
            {line("rss", "Memory since this page was opened")}
          </Stat>
          <Stat label="Store" value={formatBytes(store.bytes)} detail={`${formatCount(store.events)} events kept`}>
            {line("bytes", "Size of the store since this page was opened")}
          </Stat>
          <Stat label="Runs in memory" value={formatCount(runs["hot"] ?? 0)}>
            {line("hot", "Runs in memory since this page was opened")}
          </Stat>
          <Stat label="Ready to run" value={formatCount(runs["ready"] ?? 0)}>
            {line("ready", "Runs ready since this page was opened")}
          </Stat>
          <Stat label="Timers" value={formatCount(store.timers)} />
          <Stat label="Workers" value={formatCount(workers)} />
          <Stat label="Up for" value={formatDuration(uptimeMs)} />
        </div>
      </Card>
      <Trends history={history} />
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,2fr)_minmax(0,3fr)]">
        <Counters report={report} history={history} />
        <DurationTable report={report} />
      </div>
      <Card title="For collectors" detail="Prometheus text">
        <CodeBlock
          label="How collectors ask"
          text={`curl -H "Authorization: Bearer $SLUICE_TOKEN" ${location.origin}/metrics`}
        />
      </Card>
    </div>
  );
}

/** What went on while the page was open. */
function Trends({ history }: { readonly history: readonly Sample[] }) {
  const rates = (label: string, name: string) => ({ label, values: [null, ...ratesOf(history, name)] });
  const at = history.map((sample) => sample.at);
  if (history.length < 2) {
    return (
      <Card title="Trends">
        <p className="text-sm text-ink-soft">Drawn from the second reading on, in a few seconds.</p>
      </Card>
    );
  }
  return (
    <div className="grid gap-4 lg:grid-cols-2">
      <Card title="A second" detail="since this page was opened">
        <TimeChart
          label="Runs and steps a second since this page was opened"
          at={at}
          format={rateWords}
          series={[rates("Runs started", "runs_started"), rates("Steps", "steps"), rates("Events", "events")]}
        />
      </Card>
      <Card title="Memory" detail="since this page was opened">
        <TimeChart
          label="Memory since this page was opened"
          at={at}
          format={formatBytes}
          series={[{ label: "Server", values: history.map(({ values }) => values["rss"] ?? null) }]}
        />
      </Card>
    </div>
  );
}

interface Counter {
  readonly name: string;
  readonly count: number;
  readonly rates: readonly (number | null)[];
}

/** `runs_started` is "Runs started". */
function wordsOf(name: string): string {
  const words = name.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

const counterColumns: readonly Column<Counter>[] = [
  { name: "name", label: "Counter", cell: (row) => <span className="whitespace-nowrap">{wordsOf(row.name)}</span> },
  {
    name: "rate",
    label: "Trend",
    width: "6rem",
    from: "sm",
    cell: (row) =>
      row.rates.length > 1 && (
        <Sparkline form="line" values={row.rates} label={`${wordsOf(row.name)} a second`} className="h-5 w-full" />
      ),
  },
  { name: "now", label: "A second", align: "end", cell: (row) => rateWords(row.rates.at(-1)) },
  { name: "count", label: "Total", align: "end", cell: (row) => formatCount(row.count) },
];

function rateWords(rate: number | null | undefined): string {
  if (rate === null || rate === undefined) return "–";
  return rate < 10 ? String(Math.round(rate * 10) / 10) : formatCount(Math.round(rate));
}

function Counters({ report, history }: { readonly report: Report; readonly history: readonly Sample[] }) {
  const rows = Object.entries(report.counters)
    .map(([name, count]) => ({ name, count, rates: ratesOf(history, name) }))
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <Card title="Counters" flush>
      <Table
        label="Counters"
        columns={counterColumns}
        rows={rows}
        rowKey={(row) => row.name}
        empty={<EmptyState title="Nothing has been counted yet">Counters appear with the first run.</EmptyState>}
      />
    </Card>
  );
}

interface DurationRow extends Durations {
  readonly name: string;
}

function DurationTable({ report }: { readonly report: Report }) {
  const { sort = "count" } = route.useSearch();
  const navigate = route.useNavigate();
  const { runs, requests } = report.durationsMs;
  const rows: readonly DurationRow[] = Object.entries(requests)
    .map(([name, durations]) => ({ name, ...durations }))
    .toSorted((a, b) => b[sort] - a[sort] || a.name.localeCompare(b.name));
  return (
    <div className="flex min-w-0 flex-col gap-4">
      <Card title="Runs" detail="from their creation to their end">
        {runs.count === 0 ? (
          <p className="text-sm text-ink-soft">No run has ended since the server started.</p>
        ) : (
          <div className="grid grid-cols-3 gap-4 md:grid-cols-6">
            {durationFigures.map((figure) => (
              <Stat
                key={figure}
                label={figureWords[figure]}
                value={figure === "count" ? formatCount(runs.count) : formatDuration(runs[figure])}
              />
            ))}
          </div>
        )}
      </Card>
      <Card
        title="Requests"
        detail="time to the first byte, by route"
        flush
        actions={
          <Select
            label="Sort by"
            className="h-7 text-xs"
            value={sort}
            options={durationFigures.map((value) => ({ value, label: figureWords[value] }))}
            onChange={(next) => void navigate({ search: { sort: next === "count" ? undefined : next }, replace: true })}
          />
        }
      >
        <Table
          label="Requests"
          columns={requestColumns}
          rows={rows}
          rowKey={(row) => row.name}
          empty={<EmptyState icon={TimerOff} title="No request yet" />}
        />
      </Card>
    </div>
  );
}

const figureWords: Readonly<Record<(typeof durationFigures)[number], string>> = {
  count: "Count",
  average: "Average",
  p50: "p50",
  p95: "p95",
  p99: "p99",
  max: "Longest",
};

const requestColumns: readonly Column<DurationRow>[] = [
  { name: "name", label: "Route", cell: (row) => <Mono>{row.name}</Mono> },
  ...durationFigures.map((figure): Column<DurationRow> => ({
    name: figure,
    label: figureWords[figure],
    align: "end",
    ...(figure === "average" || figure === "p99" ? { from: "md" as const } : {}),
    ...(figure === "max" ? { from: "sm" as const } : {}),
    cell: (row) => (figure === "count" ? formatCount(row.count) : formatDuration(row[figure])),
  })),
];
