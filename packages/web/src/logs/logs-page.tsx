// Logs: a query on top, how much there is over time, and the entries; or the entries as they come.
import { getRouteApi } from "@tanstack/react-router";
import { Radio, ScrollText, Search } from "lucide-react";
import { useMemo, useState } from "react";
import type { ApiError } from "../api.ts";
import { useMayOf } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Input } from "../ui/field.tsx";
import { Select } from "../ui/select.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Mono } from "../ui/text.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { EntryDrawer, EntryRow } from "./entry-row.tsx";
import { Histogram } from "./histogram.tsx";
import { filterOf, useHistogram, useLiveLogs, useLogQuery } from "./use-logs.ts";
import type { LogAnswer, LogEntry, LogSpan, LogTenant } from "./use-logs.ts";

const route = getRouteApi("/shell/logs");
const spans = { "15m": 15, "1h": 60, "6h": 360, "24h": 1_440, "7d": 10_080 } as const;
type Since = keyof typeof spans;
const usual: Since = "1h";
const minuteMs = 60_000;
const rowPx = 29;
/** The product's own lines, and what one has to be allowed to see for them. */
const ownLines = [
  { value: "sluice", label: "Runs", needs: "run:read" },
  { value: "sluice-builds", label: "Builds", needs: "build:read" },
  { value: "sluice-audit", label: "Audit trail", needs: "audit:read" },
] as const;
const labels: Readonly<Record<Since, string>> = {
  "15m": "15 minutes",
  "1h": "1 hour",
  "6h": "6 hours",
  "24h": "24 hours",
  "7d": "7 days",
};

export function LogsPage() {
  const { q = "", since = usual, from, to, live = false, entry, of: tenant } = route.useSearch();
  const navigate = route.useNavigate();
  const [askedAt, setAskedAt] = useState(() => Date.now());
  const span = useMemo((): LogSpan => {
    const chosen = from !== undefined && to !== undefined ? { fromMs: from, toMs: to } : undefined;
    return chosen ?? { fromMs: askedAt - spans[since] * minuteMs, toMs: askedAt + minuteMs };
  }, [from, to, since, askedAt]);
  const found = useLogQuery({ query: q, tenant }, span, !live);
  const following = useLiveLogs({ query: filterOf(q), tenant }, live);
  const search = (change: Partial<ReturnType<typeof route.useSearch>>): void => {
    setAskedAt(Date.now());
    void navigate({ search: (before) => ({ ...before, entry: undefined, ...change }) });
  };
  const open = (seq: number | undefined): void =>
    void navigate({ search: (before) => ({ ...before, entry: seq }), replace: entry !== undefined });
  const entries = live ? following.entries : (found.data?.entries ?? []);
  return (
    <Page
      full
      title="Logs"
      actions={<Controls live={live} since={since} zoomed={from !== undefined} of={tenant} onSearch={search} />}
    >
      <div className="flex h-full flex-col">
        <QueryBar key={q} query={q} error={live ? null : found.error} onQuery={(next) => search({ q: next })} />
        {!live && (
          <Bars
            asked={{ query: filterOf(q), tenant }}
            span={span}
            onZoom={({ fromMs, toMs }) => search({ from: fromMs, to: toMs })}
          />
        )}
        <Notes answer={live ? undefined : found.data} missed={live ? following.missed : 0} />
        <div className="min-h-0 grow border-t border-line">
          {live ? <Entries entries={entries} live onOpen={open} /> : <Found found={found} onOpen={open} />}
        </div>
      </div>
      <EntryDrawer
        entry={entries.find(({ seq }) => seq === entry)}
        onClose={() => open(undefined)}
        onNarrow={(condition) => search({ q: narrowed(q, condition) })}
      />
    </Page>
  );
}

/** A condition more, before the pipes. */
function narrowed(query: string, condition: string): string {
  const filter = filterOf(query);
  const pipes = query.slice(query.indexOf(filter) + filter.length);
  return `${filter === "" ? "" : `${filter} `}${condition}${pipes === "" ? "" : ` ${pipes.trim()}`}`;
}

interface ControlsProps {
  readonly live: boolean;
  readonly since: Since;
  readonly zoomed: boolean;
  readonly of: LogTenant;
  readonly onSearch: (change: {
    since?: Since;
    from?: undefined;
    to?: undefined;
    live?: true | undefined;
    of?: LogTenant;
  }) => void;
}

function Controls({ live, since, zoomed, of, onSearch }: ControlsProps) {
  const mayOf = useMayOf();
  const own = ownLines.filter(({ needs }) => mayOf(needs));
  return (
    <>
      {own.length > 0 && (
        <Select
          label="Logs of"
          value={of ?? "programs"}
          options={[{ value: "programs", label: "Programs" }, ...own]}
          onChange={(next) => onSearch({ of: own.find(({ value }) => value === next)?.value })}
        />
      )}
      {!live && zoomed && (
        <Button size="sm" onClick={() => onSearch({ from: undefined, to: undefined })}>
          Whole span
        </Button>
      )}
      {!live && (
        <Select
          label="Span of time"
          value={since}
          options={(Object.keys(spans) as Since[]).map((value) => ({ value, label: labels[value] }))}
          onChange={(next) => onSearch({ since: next, from: undefined, to: undefined })}
        />
      )}
      <Button
        size="sm"
        icon={Radio}
        aria-pressed={live}
        tone={live ? "primary" : "plain"}
        onClick={() => onSearch({ live: live ? undefined : true })}
      >
        Live
      </Button>
    </>
  );
}

interface QueryBarProps {
  readonly query: string;
  readonly error: ApiError | null;
  readonly onQuery: (query: string | undefined) => void;
}

function QueryBar({ query, error, onQuery }: QueryBarProps) {
  const wrong = error?.code === "invalid_filter" ? error.message : undefined;
  return (
    <form
      role="search"
      className="shrink-0 px-4 pb-2 sm:px-6"
      onSubmit={(event) => {
        event.preventDefault();
        const text = new FormData(event.currentTarget).get("q");
        onQuery(typeof text === "string" && text.trim() !== "" ? text.trim() : undefined);
      }}
    >
      <div className="flex gap-2">
        <Input
          name="q"
          aria-label="Query"
          aria-invalid={wrong === undefined ? undefined : true}
          defaultValue={query}
          spellCheck={false}
          className="font-mono"
          placeholder={'level:error "timed out" service:=api | stats by (route) count()'}
        />
        <Button type="submit" icon={Search}>
          Search
        </Button>
      </div>
      {wrong !== undefined && (
        <p role="alert" className="pt-1 text-xs text-bad">
          {wrong}
        </p>
      )}
    </form>
  );
}

interface BarsProps {
  readonly asked: { readonly query: string; readonly tenant: LogTenant };
  readonly span: LogSpan;
  readonly onZoom: (span: LogSpan) => void;
}

function Bars(p: BarsProps) {
  const { data } = useHistogram(p.asked, p.span);
  return data === undefined ? (
    <div className="h-22 shrink-0" />
  ) : (
    <Histogram bars={data} span={p.span} onZoom={p.onZoom} />
  );
}

function Notes({ answer, missed }: { readonly answer: LogAnswer | undefined; readonly missed: number }) {
  const notes = [
    typeof answer?.partial === "string" && `This is not all: the query was ended early (${answer.partial}).`,
    answer !== undefined && answer.damaged.length > 0 && `${answer.damaged.length} damaged pieces were left out.`,
    missed > 0 && `${missed} entries came too fast and are not shown.`,
  ].filter((note) => note !== false);
  return notes.map((note) => (
    <p key={note} role="status" className="shrink-0 px-4 pb-1 text-xs text-warn sm:px-6">
      {note}
    </p>
  ));
}

function Found({
  found,
  onOpen,
}: {
  readonly found: ReturnType<typeof useLogQuery>;
  readonly onOpen: (seq: number) => void;
}) {
  const { data, error, isPending, refetch } = found;
  if (isPending) return <SkeletonRows />;
  if (data === undefined || error !== null) {
    return <ErrorState title="The logs could not be searched" error={error} onRetry={() => void refetch()} />;
  }
  if (data.entries === null) return <Made answer={data} />;
  return <Entries entries={data.entries} onOpen={onOpen} />;
}

function Entries(p: {
  readonly entries: readonly LogEntry[];
  readonly live?: boolean;
  readonly onOpen: (seq: number) => void;
}) {
  const { entries, live = false, onOpen } = p;
  if (entries.length === 0) {
    return (
      <EmptyState
        icon={ScrollText}
        title={live ? "Nothing has come yet" : "Nothing fits"}
        command="sluice logs ship app.log --label service=api"
      >
        {live ? "What fits is shown as it comes." : "Look at another span of time, or at fewer conditions."}
      </EmptyState>
    );
  }
  return (
    <VirtualList label="Entries" entries={entries} entryKey={({ seq }) => seq} heightPx={rowPx} follow={live}>
      {(entry) => <EntryRow entry={entry} onOpen={() => onOpen(entry.seq)} />}
    </VirtualList>
  );
}

/** What pipes have made. */
function Made({ answer }: { readonly answer: LogAnswer }) {
  const columns = answer.columns ?? [];
  return (
    <div className="h-full overflow-auto px-4 sm:px-6" tabIndex={0} role="region" aria-label="Rows">
      <table className="w-full text-left text-sm">
        <thead>
          <tr className="border-b border-line text-xs text-ink-soft">
            {columns.map((name) => (
              <th key={name} scope="col" className="py-2 pr-4 font-medium">
                <Mono>{name}</Mono>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {(answer.rows ?? []).map((row, index) => (
            <tr key={index} className="border-b border-line">
              {columns.map((name, column) => (
                <td key={name} className="tabular py-1.5 pr-4">
                  <Mono>{String(row[column] ?? "")}</Mono>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
