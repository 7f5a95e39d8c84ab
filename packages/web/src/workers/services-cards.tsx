// What workflows talk to: the services that workers have started, and the circuit breakers in front of them.
import { CircleCheck, CircleDashed, CircleSlash, Plug, Power, ShieldCheck, TriangleAlert, Zap } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import type { Answer, ApiError } from "../api.ts";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import type { Tone } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";

type Service = Answer<"listServices">["services"][number];
type Breaker = Answer<"listBreakers">["breakers"][number];

const refreshMs = 5_000;

const serviceLooks: Readonly<Record<Service["status"], { label: string; tone: Tone; icon: LucideIcon }>> = {
  starting: { label: "Starting", tone: "info", icon: CircleDashed },
  running: { label: "Running", tone: "good", icon: CircleCheck },
  unhealthy: { label: "Unhealthy", tone: "bad", icon: TriangleAlert },
  failed: { label: "Did not start", tone: "bad", icon: TriangleAlert },
  stopped: { label: "Stopped", tone: "neutral", icon: Power },
};

const breakerLooks: Readonly<Record<Breaker["state"], { label: string; tone: Tone; icon: LucideIcon }>> = {
  closed: { label: "Closed", tone: "good", icon: ShieldCheck },
  open: { label: "Open", tone: "bad", icon: CircleSlash },
  half_open: { label: "Half-open", tone: "warn", icon: CircleDashed },
};

const serviceColumns: readonly Column<Service>[] = [
  {
    name: "status",
    label: "Status",
    cell: ({ status, message }) => {
      const { label, tone, icon } = serviceLooks[status];
      return (
        <div className="flex min-w-0 flex-wrap items-center gap-1.5 py-1.5">
          <Badge tone={tone} icon={icon}>
            {label}
          </Badge>
          {message !== null && (
            <Text truncate className="max-w-96 text-xs text-ink-soft max-sm:max-w-40">
              {message}
            </Text>
          )}
        </div>
      );
    },
  },
  {
    name: "service",
    label: "Service",
    cell: ({ name, version }) => (
      <span className="inline-flex items-center gap-1.5">
        <Text truncate className="max-w-48 font-medium">
          {name}
        </Text>
        <Text className="text-xs text-ink-faint">{version}</Text>
      </span>
    ),
  },
  { name: "worker", label: "Worker", from: "lg", cell: ({ worker }) => <Mono>{worker}</Mono> },
  { name: "calls", label: "Calls", align: "end", from: "md", cell: ({ calls }) => calls },
  { name: "failures", label: "Failures", align: "end", from: "md", cell: ({ failures }) => failures },
  { name: "since", label: "Since", align: "end", from: "sm", cell: ({ since }) => <Time at={since} /> },
];

/** Both cards; they read again by themselves. */
export function ServicesCards() {
  const services = useApi("listServices", {}, { refetchMs: refreshMs });
  const breakers = useApi("listBreakers", {}, { refetchMs: refreshMs });
  return (
    <>
      <Card title="Services" detail="started by workers when a step first uses them" flush>
        {services.data === undefined ? (
          <Unread error={services.error} onRetry={() => void services.refetch()} />
        ) : (
          <Table
            label="Services"
            columns={serviceColumns}
            rows={services.data.services}
            rowKey={({ worker, id }) => `${worker} ${id}`}
            empty={
              <EmptyState icon={Plug} title="No service is in use">
                A workflow names its services, and calls them as ctx.services.
              </EmptyState>
            }
          />
        )}
      </Card>
      <Card title="Circuit breakers" detail="shared by all workers" flush>
        {breakers.data === undefined ? (
          <Unread error={breakers.error} onRetry={() => void breakers.refetch()} />
        ) : (
          <BreakerTable breakers={breakers.data.breakers} />
        )}
      </Card>
    </>
  );
}

interface UnreadProps {
  readonly error: ApiError | null;
  readonly onRetry: () => void;
}

function Unread({ error, onRetry }: UnreadProps) {
  return error === null ? <SkeletonRows rows={2} /> : <ErrorState error={error} onRetry={onRetry} />;
}

function breakerColumns(close: (row: Breaker) => ReactNode): readonly Column<Breaker>[] {
  return [
    { name: "state", label: "State", cell: (row) => <BreakerStatus breaker={row} /> },
    {
      name: "name",
      label: "Name",
      cell: ({ name }) => (
        <Text truncate className="max-w-60 font-medium">
          {name}
        </Text>
      ),
    },
    {
      name: "failures",
      label: "Failures in a row",
      align: "end",
      from: "md",
      cell: ({ failures, failureThreshold }) => `${failures} of ${failureThreshold}`,
    },
    {
      name: "until",
      label: "Open until",
      align: "end",
      from: "sm",
      cell: ({ openUntil }) => (openUntil === null ? "–" : <Time at={openUntil} />),
    },
    { name: "actions", label: "", align: "end", cell: close },
  ];
}

function BreakerStatus({ breaker: { state, error } }: { readonly breaker: Breaker }) {
  const { label, tone, icon } = breakerLooks[state];
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-1.5 py-1.5">
      <Badge tone={tone} icon={icon}>
        {label}
      </Badge>
      {error !== null && (
        <Text truncate className="max-w-80 text-xs text-ink-soft max-sm:max-w-40">
          {error}
        </Text>
      )}
    </div>
  );
}

function BreakerTable({ breakers }: { readonly breakers: readonly Breaker[] }) {
  const mayReset = useMay("breaker:reset");
  const reset = useCall("resetBreaker", { done: "Closed: the next attempt is let in", changes: ["listBreakers"] });
  const close = ({ name, state, failures }: Breaker) =>
    mayReset &&
    (state !== "closed" || failures > 0) && (
      <Button
        size="sm"
        tone="quiet"
        busy={reset.isPending}
        onClick={() => reset.mutate({ params: { name }, body: {} })}
      >
        Close
      </Button>
    );
  return (
    <Table
      label="Circuit breakers"
      columns={breakerColumns(close)}
      rows={breakers}
      rowKey={({ name }) => name}
      empty={
        <EmptyState icon={Zap} title="No circuit breaker has been met">
          A step names one in its options; it opens after so many failures in a row.
        </EmptyState>
      }
    />
  );
}
