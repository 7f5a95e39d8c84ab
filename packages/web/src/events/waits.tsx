// Runs that wait for an event, with what it has to be like.
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { Hourglass, Send } from "lucide-react";
import { useMemo } from "react";
import type { Answer } from "../api.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { usePages } from "../query.ts";
import { useMayOf } from "../session/session.ts";
import { IconButton } from "../ui/button.tsx";
import type { Column } from "../ui/columns.ts";
import { writeJson } from "../ui/json-text.ts";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { VirtualTable } from "../ui/virtual-table.tsx";
import { NameFilter } from "./name-filter.tsx";
import type { Draft } from "./publish-dialog.tsx";

const route = getRouteApi("/shell/events");
type Wait = Answer<"listWaits">["waits"][number];
const rowsOf = (page: Answer<"listWaits">): readonly Wait[] => page.waits;
const pageWaits = 100;

export function Waits({ onPublish }: { readonly onPublish: (draft: Draft) => void }) {
  const { name } = route.useSearch();
  const navigate = useNavigate();
  const waits = usePages("listWaits", { query: { event: name, limit: pageWaits } }, { rowsOf, keepPrevious: true });
  useLiveRefresh("events", ["listWaits"]);
  const columns = useColumns(onPublish);
  return (
    <div className="flex h-full flex-col">
      <NameFilter />
      <div className="min-h-0 grow">
        {waits.error !== null && waits.rows.length === 0 ? (
          <ErrorState title="Who waits could not be read" error={waits.error} onRetry={waits.refetch} />
        ) : (
          <VirtualTable
            label="Waiting runs"
            columns={columns}
            rows={waits.rows}
            rowKey={(row) => `${row.run}~${row.event}~${row.key ?? ""}~${row.since}`}
            isPending={waits.isPending}
            onNearEnd={waits.more}
            rowCount={waits.hasMore ? -1 : undefined}
            onOpen={(row) => void navigate({ to: "/runs/$run", params: { run: row.run } })}
            empty={
              <EmptyState
                icon={Hourglass}
                title={name === undefined ? "No run waits for an event" : "No run waits for this event"}
                command='await ctx.waitFor("payment.received", { key: order.id, timeout: "1 day" })'
              />
            }
          />
        )}
      </div>
    </div>
  );
}

const plainColumns: readonly Column<Wait>[] = [
  {
    name: "event",
    label: "Event",
    cell: (row) => (
      <Text truncate className="font-medium">
        {row.event}
      </Text>
    ),
  },
  {
    name: "key",
    label: "Key",
    width: "minmax(0, 9rem)",
    from: "sm",
    cell: (row) => (row.key === null ? <span className="text-ink-faint">Any</span> : <Mono truncate>{row.key}</Mono>),
  },
  {
    name: "match",
    label: "Payload has",
    from: "lg",
    cell: (row) =>
      row.match === null || row.match === undefined ? (
        <span className="text-ink-faint">Anything</span>
      ) : (
        <Mono truncate>{JSON.stringify(row.match)}</Mono>
      ),
  },
  {
    name: "run",
    label: "Run",
    cell: (row) => (
      <div className="flex min-w-0 flex-col leading-4">
        <Text truncate>{row.workflow}</Text>
        <Link to="/runs/$run" params={{ run: row.run }} className="min-w-0 text-xs text-accent-ink hover:underline">
          <Mono truncate>{row.run}</Mono>
        </Link>
      </div>
    ),
  },
  {
    name: "since",
    label: "Since",
    width: "5rem",
    align: "end",
    from: "md",
    cell: (row) => <Time at={row.since} />,
  },
  {
    name: "due",
    label: "Gives up",
    width: "5rem",
    align: "end",
    from: "md",
    cell: (row) => <Time at={row.dueAt} />,
  },
];

function useColumns(onPublish: (draft: Draft) => void): readonly Column<Wait>[] {
  const may = useMayOf();
  return useMemo(
    () => [
      ...plainColumns,
      {
        name: "publish",
        label: "",
        width: "2rem",
        cell: (row) =>
          may("event:send", row.event) && (
            <IconButton
              icon={Send}
              size="sm"
              label="Publish what it waits for"
              onClick={() =>
                onPublish({ name: row.event, key: row.key ?? "", payload: writeJson(row.match ?? undefined) })
              }
            />
          ),
      },
    ],
    [may, onPublish],
  );
}
