// Events: the stored ones as they come, who waits, and a way to publish one.
import { getRouteApi } from "@tanstack/react-router";
import { Radio, Send } from "lucide-react";
import { useMemo, useState } from "react";
import { Page } from "../shell/page.tsx";
import { useActions } from "../shell/use-actions.ts";
import { useMay } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState } from "../ui/states.tsx";
import { Tabs } from "../ui/tabs.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { NewRowsButton, VirtualTable } from "../ui/virtual-table.tsx";
import { EventDrawer } from "./event-drawer.tsx";
import { NameFilter } from "./name-filter.tsx";
import { PublishDialog } from "./publish-dialog.tsx";
import type { Draft } from "./publish-dialog.tsx";
import { useEvents } from "./use-events.ts";
import type { Events, StoredEvent } from "./use-events.ts";
import { Waits } from "./waits.tsx";

const route = getRouteApi("/shell/events");
const previewChars = 160;

export function EventsPage() {
  const { tab, publish } = route.useSearch();
  const navigate = route.useNavigate();
  const may = useMay("event:send");
  const [draft, setDraft] = useState<Draft>();
  const startPublishing = useMemo(
    () => (from?: Draft) => {
      setDraft(from);
      void navigate({ search: (before) => ({ ...before, publish: true, event: undefined }) });
    },
    [navigate],
  );
  useActions(
    useMemo(
      () => [
        {
          id: "events:publish",
          group: "Events",
          label: "Publish an event",
          icon: Send,
          keys: "n",
          needs: "event:send",
          run: () => startPublishing(),
        },
      ],
      [startPublishing],
    ),
  );
  return (
    <Page
      full
      title="Events"
      actions={
        may && (
          <Button tone="primary" size="sm" icon={Send} onClick={() => startPublishing()}>
            Publish
          </Button>
        )
      }
    >
      <div className="flex h-full flex-col [&_[role=tablist]]:px-4 sm:[&_[role=tablist]]:px-6 [&>div]:min-h-0 [&>div]:grow">
        <Tabs
          label="Events"
          tabs={[
            { name: "stored", label: "Published" },
            { name: "waits", label: "Waiting" },
          ]}
          current={tab ?? "stored"}
          onChange={(name) =>
            void navigate({
              search: (before) => ({ ...before, tab: name === "waits" ? name : undefined, event: undefined }),
            })
          }
        >
          {tab === "waits" ? <Waits onPublish={startPublishing} /> : <Stored onPublish={startPublishing} />}
        </Tabs>
      </div>
      {publish === true && (
        <PublishDialog
          draft={draft}
          onClose={() => void navigate({ search: (before) => ({ ...before, publish: undefined }), replace: true })}
        />
      )}
    </Page>
  );
}

function Stored({ onPublish }: { readonly onPublish: (draft?: Draft) => void }) {
  const { name, event } = route.useSearch();
  const events = useEvents(name);
  const navigate = route.useNavigate();
  const open = (id: number | undefined) =>
    void navigate({ search: (before) => ({ ...before, event: id }), replace: event !== undefined });
  return (
    <div className="flex h-full flex-col">
      <NameFilter />
      <div className="relative min-h-0 grow">
        <Rows events={events} onOpen={open} />
      </div>
      <EventDrawer id={event} known={events.rows} onClose={() => open(undefined)} onAgain={onPublish} />
    </div>
  );
}

function Rows({ events, onOpen }: { readonly events: Events; readonly onOpen: (id: number) => void }) {
  const { name } = route.useSearch();
  const { rows, error, isPending, newCount, showNew, more } = events;
  if (error !== null && rows.length === 0) {
    return <ErrorState title="The events could not be read" error={error} onRetry={showNew} />;
  }
  return (
    <>
      <NewRowsButton count={newCount} onShow={showNew} />
      <VirtualTable
        label="Events"
        columns={columns}
        rows={rows}
        rowKey={(row) => String(row.id)}
        isPending={isPending}
        onNearEnd={more}
        rowCount={events.hasMore ? -1 : undefined}
        onOpen={(row) => onOpen(row.id)}
        empty={
          <EmptyState
            icon={Radio}
            title={name === undefined ? "No events yet" : "No event of this name is stored"}
            command="sluice events send payment.received --payload '{}'"
          >
            Events are kept for a while, for those who wait for them later.
          </EmptyState>
        }
      />
    </>
  );
}

/** The beginning of a value on one line. */
function preview(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length > previewChars ? `${text.slice(0, previewChars)}…` : text;
}

const columns: readonly Column<StoredEvent>[] = [
  {
    name: "name",
    label: "Name",
    width: "minmax(0, 1fr)",
    cell: (row) => (
      <Text truncate className="font-medium">
        {row.name}
      </Text>
    ),
  },
  {
    name: "key",
    label: "Key",
    width: "minmax(0, 10rem)",
    from: "sm",
    cell: (row) => (row.key === null ? <span className="text-ink-faint">–</span> : <Mono truncate>{row.key}</Mono>),
  },
  {
    name: "payload",
    label: "Payload",
    width: "minmax(0, 2fr)",
    from: "md",
    cell: (row) => (
      <Mono truncate className="text-ink-faint">
        {preview(row.payload)}
      </Mono>
    ),
  },
  {
    name: "id",
    label: "Number",
    width: "5rem",
    align: "end",
    from: "lg",
    cell: (row) => <span className="text-ink-faint">{row.id}</span>,
  },
  { name: "at", label: "Published", width: "5.5rem", align: "end", cell: (row) => <Time at={row.at} /> },
];
