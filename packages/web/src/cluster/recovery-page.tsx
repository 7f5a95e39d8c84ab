// The board of disaster recovery: each failover plan with what is in the way of it, what the last drill measured, and its failovers. The
// button that begins one is on the failover's own page, behind the approval.
import { Link, useNavigate } from "@tanstack/react-router";
import { CircleCheck, LifeBuoy, TriangleAlert } from "lucide-react";
import { useState } from "react";
import type { Answer } from "../api.ts";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, Stat } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Switch } from "../ui/field.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { formatDuration } from "../ui/time-format.ts";
import { Time } from "../ui/time.tsx";
import { FailoverBadge } from "./failover-looks.tsx";
import type { Failover } from "./failover-looks.tsx";

type Recovery = Answer<"listRecoveries">["recoveries"][number];
const refreshMs = 5_000;

export function RecoveryPage() {
  const recoveries = useApi("listRecoveries", {}, { refetchMs: refreshMs });
  return (
    <Page title="Disaster recovery">
      {recoveries.data === undefined ? (
        recoveries.error === null ? (
          <SkeletonRows rows={4} />
        ) : (
          <ErrorState error={recoveries.error} onRetry={() => void recoveries.refetch()} />
        )
      ) : recoveries.data.recoveries.length === 0 ? (
        <EmptyState
          icon={LifeBuoy}
          title="No failover plan has been added"
          command="sluice cluster recovery add recovery/shop.yaml"
        >
          A failover plan declares two sites, what is at both, and how one takes the other's place.
        </EmptyState>
      ) : (
        <div className="flex flex-col gap-4">
          {recoveries.data.recoveries.map((recovery) => (
            <Board key={recovery.name} recovery={recovery} />
          ))}
        </div>
      )}
    </Page>
  );
}

const measuredWords = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? "–" : formatDuration(ms);

function Board({ recovery }: { readonly recovery: Recovery }) {
  const [planning, setPlanning] = useState<"failover" | "drill" | undefined>();
  const check = useCall("checkRecovery", { done: "Looked at", changes: ["listRecoveries"] });
  const may = useMay("recovery:begin");
  const { name, readiness, lastDrill } = recovery;
  const measured = lastDrill?.measured;
  return (
    <Card
      title={name}
      detail={readiness === null ? "not looked at yet" : `epoch ${readiness.epoch ?? "unknown"}`}
      actions={
        may && (
          <>
            <Button busy={check.isPending} onClick={() => check.mutate({ params: { name }, body: {} })}>
              Check now
            </Button>
            <Button onClick={() => setPlanning("drill")}>Plan a drill</Button>
            <Button tone="danger" onClick={() => setPlanning("failover")}>
              Plan a failover
            </Button>
          </>
        )
      }
    >
      <div className="flex flex-col gap-4">
        <div className="grid grid-cols-2 gap-3 sm:grid-cols-4">
          <Stat label="Active site" value={readiness?.active ?? "–"} />
          <Stat label="Last drill" value={lastDrill === null ? "never" : <Time at={lastDrill.at} />} />
          <Stat label="RPO measured" value={measuredWords(measured?.rpoMs)} />
          <Stat label="RTO measured" value={measuredWords(measured?.rtoMs)} />
        </div>
        <Readiness readiness={readiness} />
        <Failovers recovery={name} />
      </div>
      {planning !== undefined && (
        <PlanDialog recovery={recovery} kind={planning} onClose={() => setPlanning(undefined)} />
      )}
    </Card>
  );
}

function Readiness({ readiness }: Pick<Recovery, "readiness">) {
  if (readiness === null) return null;
  if (readiness.ready) {
    return (
      <Badge tone="good" icon={CircleCheck}>
        Ready
      </Badge>
    );
  }
  return (
    <ul aria-label="What is in the way" className="flex flex-col gap-1.5">
      {readiness.findings.map(({ rule, site, message }) => (
        <li key={`${rule} ${site ?? ""} ${message}`} className="flex flex-wrap items-center gap-2">
          <Badge tone="warn" icon={TriangleAlert}>
            {rule}
          </Badge>
          <Text className="text-ink-soft">{message}</Text>
        </li>
      ))}
    </ul>
  );
}

function Failovers({ recovery }: { readonly recovery: string }) {
  const failovers = useApi("listFailovers", { params: { name: recovery } }, { refetchMs: refreshMs });
  const rows = failovers.data?.failovers ?? [];
  if (rows.length === 0) return null;
  return <Table label={`Failovers of ${recovery}`} columns={columns} rows={rows} rowKey={({ id }) => id} />;
}

const columns: readonly Column<Failover>[] = [
  {
    name: "failover",
    label: "Failover",
    cell: ({ id }) => (
      <Link to="/clusters/failovers/$failover" params={{ failover: id }} className="text-accent-ink hover:underline">
        <Mono>{id}</Mono>
      </Link>
    ),
  },
  { name: "status", label: "Status", cell: ({ status }) => <FailoverBadge status={status} /> },
  { name: "kind", label: "Kind", from: "sm", cell: ({ kind, mode }) => `${kind}, ${mode}` },
  { name: "way", label: "Way", from: "md", cell: ({ from, to }) => <Text>{`${from} → ${to}`}</Text> },
  { name: "rto", label: "RTO", align: "end", from: "lg", cell: ({ measured }) => measuredWords(measured?.rtoMs) },
  { name: "made", label: "Made", align: "end", from: "sm", cell: ({ createdAt }) => <Time at={createdAt} /> },
];

interface PlanProps {
  readonly recovery: Recovery;
  readonly kind: "failover" | "drill";
  readonly onClose: () => void;
}

function PlanDialog({ recovery, kind, onClose }: PlanProps) {
  const navigate = useNavigate();
  const [failed, setFailed] = useState(false);
  const to = recovery.sites.find(({ name }) => name !== recovery.readiness?.active)?.name ?? "";
  const plan = useCall("createFailover", {
    changes: ["listFailovers"],
    onDone: ({ failover }) => {
      onClose();
      void navigate({ to: "/clusters/failovers/$failover", params: { failover: failover.id } });
    },
  });
  const mode = failed ? "ungraceful" : "graceful";
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Plan a ${kind} to ${to}?`}
      detail="Nothing is touched yet: what is planned is approved and begun on its own page."
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button
            tone="primary"
            busy={plan.isPending}
            onClick={() => plan.mutate({ params: { name: recovery.name }, body: { to, kind, mode } })}
          >
            Plan it
          </Button>
        </>
      }
    >
      {kind === "failover" && <Switch checked={failed} onChange={setFailed} label="The other site has failed" />}
    </Dialog>
  );
}
