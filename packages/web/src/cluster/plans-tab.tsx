// The last plans of a component, newest first.
import { Link } from "@tanstack/react-router";
import { ClipboardList } from "lucide-react";
import { useApi } from "../query.ts";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Mono } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { PlanBadge, RiskBadge } from "./looks.tsx";
import { weigh, worstRisk } from "./words.ts";
import type { Plan } from "./words.ts";

const refreshMs = 5_000;

export function PlansTab({ component }: { readonly component: string }) {
  const plans = useApi("listPlans", { params: { name: component } }, { refetchMs: refreshMs });
  return (
    <Card flush>
      {plans.data !== undefined ? (
        <Table
          label="Plans"
          columns={columns}
          rows={plans.data.plans}
          rowKey={({ id }) => id}
          empty={
            <EmptyState icon={ClipboardList} title="No plan yet" command={`sluice cluster plan ${component}`}>
              A plan says what applying the component would change, field by field.
            </EmptyState>
          }
        />
      ) : plans.error === null ? (
        <SkeletonRows rows={3} />
      ) : (
        <ErrorState error={plans.error} onRetry={() => void plans.refetch()} />
      )}
    </Card>
  );
}

/** As `2 created, 1 changed`. */
function countWords(plan: Plan): string {
  const { create, update, prune, unknown } = weigh(plan.changes, plan.prune.length);
  const words = [
    [create, "created"],
    [update, "changed"],
    [prune, "removed"],
    [unknown, "unknown"],
  ] as const;
  const said = words.flatMap(([count, word]) => (count === 0 ? [] : [`${count} ${word}`]));
  return said.length === 0 ? "Nothing would change" : said.join(", ");
}

function WorstRisk({ plan }: { readonly plan: Plan }) {
  const risk = worstRisk(weigh(plan.changes, plan.prune.length));
  return risk === undefined ? <span className="text-ink-faint">–</span> : <RiskBadge risk={risk} />;
}

const columns: readonly Column<Plan>[] = [
  {
    name: "plan",
    label: "Plan",
    cell: ({ id }) => (
      <Link to="/clusters/plans/$plan" params={{ plan: id }} className="text-accent-ink hover:underline">
        <Mono>{id}</Mono>
      </Link>
    ),
  },
  {
    name: "status",
    label: "Status",
    cell: ({ status, violations }) => <PlanBadge status={status} refused={violations.length > 0} />,
  },
  { name: "risk", label: "Risk", from: "sm", cell: (plan) => <WorstRisk plan={plan} /> },
  {
    name: "changes",
    label: "Changes",
    from: "md",
    cell: (plan) => (plan.kind === "apply" ? countWords(plan) : `${countWords(plan)} (${plan.kind})`),
  },
  { name: "made", label: "Made", align: "end", from: "sm", cell: ({ createdAt }) => <Time at={createdAt} /> },
];
