// The requests that came to a workflow's webhooks: what became of each, the request itself, and the same once more.
import { Link, useNavigate } from "@tanstack/react-router";
import { Inbox, Repeat } from "lucide-react";
import { useState } from "react";
import type { Answer } from "../api.ts";
import { useToasts } from "../parts.ts";
import { useApi, useCall, usePages } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import type { Column } from "../ui/columns.ts";
import { Drawer } from "../ui/dialog.tsx";
import { EmptyState, ErrorState, Skeleton, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";

type Delivery = Answer<"listDeliveries">["deliveries"][number];

const rowsOf = (page: Answer<"listDeliveries">): readonly Delivery[] => page.deliveries;
const tones: Readonly<Record<Delivery["status"], Tone>> = {
  started: "good",
  duplicate: "neutral",
  ignored: "neutral",
  answered: "info",
  refused: "warn",
  failed: "bad",
};

const columns: readonly Column<Delivery>[] = [
  { name: "at", label: "At", width: "9rem", cell: (row) => <Time at={row.at} className="tabular" /> },
  {
    name: "status",
    label: "Became",
    width: "7rem",
    cell: (row) => <Badge tone={tones[row.status]}>{row.status}</Badge>,
  },
  { name: "code", label: "Answer", width: "4rem", align: "end", from: "sm", cell: (row) => row.code },
  { name: "request", label: "Request", from: "md", cell: (row) => <Mono>{`${row.method} ${row.path}`}</Mono> },
  {
    name: "kind",
    label: "Kind",
    width: "6rem",
    from: "lg",
    cell: (row) => <span className="text-ink-soft">{row.kind}</span>,
  },
  { name: "run", label: "Run", cell: (row) => <RunOf delivery={row} /> },
];

function RunOf({ delivery }: { readonly delivery: Delivery }) {
  if (delivery.run === null) return <Text className="text-ink-faint">{delivery.error?.message ?? "–"}</Text>;
  return (
    <Link to="/runs/$run" params={{ run: delivery.run }} className="text-accent-ink hover:underline">
      <Mono>{delivery.run}</Mono>
    </Link>
  );
}

export function DeliveriesCard({ workflow }: { readonly workflow: string }) {
  const [open, setOpen] = useState<string | undefined>(undefined);
  const pages = usePages("listDeliveries", { query: { workflow, limit: 25 } }, { rowsOf });
  return (
    <Card title="Deliveries" detail="Newest first, kept for some days" flush>
      {pages.error !== null && pages.rows.length === 0 ? (
        <ErrorState error={pages.error} onRetry={pages.refetch} />
      ) : pages.isPending ? (
        <SkeletonRows rows={3} />
      ) : (
        <Table
          label="Deliveries"
          columns={columns}
          rows={pages.rows}
          rowKey={(row) => row.id}
          onOpen={(row) => setOpen(row.id)}
          empty={<EmptyState icon={Inbox} title="Nothing was delivered yet" />}
        />
      )}
      {pages.hasMore && (
        <div className="border-t border-line p-2 text-center">
          <Button size="sm" tone="quiet" busy={pages.isFetching} onClick={pages.more}>
            Older
          </Button>
        </div>
      )}
      <Drawer open={open !== undefined} onClose={() => setOpen(undefined)} title="Delivery">
        {open !== undefined && <DeliveryDetail id={open} onClose={() => setOpen(undefined)} />}
      </Drawer>
    </Card>
  );
}

function DeliveryDetail({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  const asked = useApi("getDelivery", { params: { delivery: id } }, { staleMs: 60_000 });
  if (asked.error !== null) return <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />;
  if (asked.data === undefined) return <Skeleton className="m-4 h-40" />;
  const { delivery } = asked.data;
  const headers = Object.entries(delivery.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <div className="flex flex-col gap-4 overflow-y-auto p-4">
      <KeyValue
        pairs={[
          { name: "Id", value: <Mono>{delivery.id}</Mono> },
          { name: "At", value: <Time at={delivery.at} form="moment" withMs /> },
          { name: "Became", value: <Badge tone={tones[delivery.status]}>{delivery.status}</Badge> },
          { name: "Answer", value: `${delivery.code} after ${Math.round(delivery.tookMs)} ms` },
          { name: "Run", value: <RunOf delivery={delivery} /> },
          delivery.of === null ? null : { name: "Repeats", value: <Mono>{delivery.of}</Mono> },
          delivery.address === null ? null : { name: "From", value: <Mono>{delivery.address}</Mono> },
        ]}
      />
      {delivery.error !== null && <Text className="text-sm text-bad">{delivery.error.message}</Text>}
      <CodeBlock wrap label="headers" text={headers.join("\n")} />
      {delivery.body === null ? (
        <p className="text-sm text-ink-soft">{delivery.bodyKept ? "The body is no text." : "The body was not kept."}</p>
      ) : (
        <CodeBlock wrap label="body" text={delivery.body} />
      )}
      <Redeliver delivery={delivery} kept={delivery.bodyKept} onClose={onClose} />
    </div>
  );
}

function Redeliver(props: { readonly delivery: Delivery; readonly kept: boolean; readonly onClose: () => void }) {
  const { delivery, kept, onClose } = props;
  const may = useMay("trigger:control", delivery.workflow);
  const navigate = useNavigate();
  const toasts = useToasts();
  const call = useCall("redeliver", {
    changes: ["listDeliveries", "listRuns"],
    onDone: ({ runId, status }) => {
      onClose();
      if (runId === null) {
        toasts.show({ title: `The delivery was ${status}`, tone: "neutral" });
        return;
      }
      const open = { label: "Open", run: () => void navigate({ to: "/runs/$run", params: { run: runId } }) };
      toasts.show({ title: `Started ${visibleText(runId)}`, tone: "good", action: open });
    },
  });
  if (!may || !kept) return null;
  return (
    <div>
      <Button
        size="sm"
        icon={Repeat}
        busy={call.isPending}
        onClick={() => call.mutate({ params: { delivery: delivery.id }, body: {} })}
      >
        Deliver again
      </Button>
    </div>
  );
}
