// Each object of a component: reconciled? healthy? why? The cluster is asked while somebody looks.
import { useApi } from "../query.ts";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { HealthBadge, ReconcileBadge } from "./looks.tsx";
import type { ObjectHealth } from "./words.ts";

const refreshMs = 5_000;

export function HealthTab({ component }: { readonly component: string }) {
  const health = useApi("getComponentHealth", { params: { name: component } }, { refetchMs: refreshMs });
  if (health.data === undefined) {
    return (
      <Card flush>
        {health.error === null ? (
          <SkeletonRows rows={4} />
        ) : (
          <ErrorState
            title="The cluster could not be asked"
            error={health.error}
            onRetry={() => void health.refetch()}
          />
        )}
      </Card>
    );
  }
  const { reason, at, objects } = health.data.health;
  return (
    <Card
      title="Objects"
      detail={<Text truncate>{reason}</Text>}
      actions={
        <span className="text-xs text-ink-faint">
          Seen <Time at={at} />
        </span>
      }
      flush
    >
      <Table label="Objects" columns={columns} rows={objects} rowKey={({ key }) => key} />
    </Card>
  );
}

/** Health says more where there are rules for the kind. */
function whyOf({ health, healthReason, reconciled, reconciledReason }: ObjectHealth): string {
  if (health === null) return reconciledReason;
  return reconciled === "Current" || healthReason === reconciledReason
    ? healthReason
    : `${reconciledReason} ${healthReason}`.trim();
}

const columns: readonly Column<ObjectHealth>[] = [
  {
    name: "object",
    label: "Object",
    cell: (row) => (
      <div className="flex flex-col py-1.5">
        <Mono>{row.key}</Mono>
        <Text className="text-xs text-ink-soft sm:hidden">{whyOf(row)}</Text>
      </div>
    ),
  },
  {
    name: "health",
    label: "Health",
    cell: ({ health, reconciled }) => (
      <span className="flex flex-wrap gap-1.5 py-1.5">
        {health !== null && <HealthBadge state={health} />}
        <ReconcileBadge state={reconciled} />
      </span>
    ),
  },
  {
    name: "why",
    label: "Why",
    from: "sm",
    cell: (row) => (
      <div className="flex flex-col py-1.5">
        <Text>{whyOf(row)}</Text>
        {row.evidence.length > 0 && <Mono className="text-xs text-ink-soft">{row.evidence.join(" · ")}</Mono>}
      </div>
    ),
  },
  { name: "since", label: "Since", align: "end", from: "md", cell: ({ since }) => <Time at={since} /> },
];
