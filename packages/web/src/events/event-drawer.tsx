// One event: its payload whole, and the same once more.
import { Link } from "@tanstack/react-router";
import { Hourglass, Repeat } from "lucide-react";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { KeyValue } from "../ui/card.tsx";
import { Drawer } from "../ui/dialog.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { writeJson } from "../ui/json-text.ts";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import type { Draft } from "./publish-dialog.tsx";
import type { StoredEvent } from "./use-events.ts";

interface EventDrawerProps {
  /** Number of the event; undefined: closed. */
  readonly id: number | undefined;
  /** What has been read already. */
  readonly known: readonly StoredEvent[];
  readonly onClose: () => void;
  readonly onAgain: (draft: Draft) => void;
}

export function EventDrawer({ id, known, onClose, onAgain }: EventDrawerProps) {
  const here = known.find((event) => event.id === id);
  // From a link: the event may be far down in the list.
  const asked = useApi(
    "listEvents",
    { query: { after: Math.max(0, (id ?? 1) - 1), limit: 1 } },
    { enabled: id !== undefined && here === undefined },
  );
  const event = here ?? asked.data?.events.find((each) => each.id === id);
  return (
    <Drawer open={id !== undefined} onClose={onClose} title={`Event ${id ?? ""}`}>
      {event !== undefined ? (
        <EventDetail event={event} onAgain={onAgain} />
      ) : asked.error !== null ? (
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      ) : asked.isPending ? (
        <div role="status" aria-label="Loading" className="flex flex-col gap-3 p-4">
          <Skeleton className="w-1/2" />
          <Skeleton className="h-40" />
        </div>
      ) : (
        <EmptyState title="This event is no longer kept">Events are deleted once nobody can wait for them.</EmptyState>
      )}
    </Drawer>
  );
}

function EventDetail({ event, onAgain }: { event: StoredEvent; onAgain: (draft: Draft) => void }) {
  const may = useMay("event:send", event.name);
  return (
    <div className="flex flex-col gap-4 p-4">
      <KeyValue
        pairs={[
          { name: "Name", value: <Text className="font-medium">{event.name}</Text> },
          { name: "Key", value: event.key === null ? "–" : <Mono>{event.key}</Mono> },
          { name: "Published", value: <Time at={event.at} form="moment" withMs /> },
        ]}
      />
      <JsonTree
        source={{ value: event.payload }}
        label="Payload"
        fileName={`event-${event.id}`}
        className="max-h-[60dvh]"
      />
      <div className="flex flex-wrap gap-2">
        {may && (
          <Button
            size="sm"
            icon={Repeat}
            onClick={() =>
              onAgain({ name: event.name, key: event.key ?? "", payload: writeJson(event.payload ?? undefined) })
            }
          >
            Publish one like it
          </Button>
        )}
        <Button size="sm" tone="quiet" asChild>
          <Link to="/events" search={{ tab: "waits", name: event.name }}>
            <Hourglass aria-hidden className="size-3.5" /> Who waits for it
          </Link>
        </Button>
      </div>
    </div>
  );
}
