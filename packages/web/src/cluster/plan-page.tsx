// The review of a plan: what can go wrong on top, then each change field by field; approved and applied as it was looked at.
import { getRouteApi, Link } from "@tanstack/react-router";
import { Play, Stamp } from "lucide-react";
import { useState } from "react";
import { useApi } from "../query.ts";
import { useMay, useMe } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time, useNow } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { ApplyDialog, ApproveDialog } from "./plan-dialogs.tsx";
import { OperationBadge, PlanBadge } from "./looks.tsx";
import { PlanChanges } from "./plan-changes.tsx";
import { PlanRisks } from "./plan-risks.tsx";
import { applyProblem, approvalProblem } from "./words.ts";
import type { Plan } from "./words.ts";

const route = getRouteApi("/shell/clusters/plans/$plan");
const refreshMs = 3_000;
const hashChars = 12;
const titles = { apply: "Plan for ", undo: "Undo of ", known: "Now known of " } as const;

export function PlanPage() {
  const { plan: id } = route.useParams();
  const plan = useApi("getPlan", { params: { id } }, { refetchMs: refreshMs });
  if (plan.data === undefined) {
    return (
      <Page title={visibleText(id)}>
        {plan.error === null ? <SkeletonRows /> : <ErrorState error={plan.error} onRetry={() => void plan.refetch()} />}
      </Page>
    );
  }
  return <Shown plan={plan.data.plan} />;
}

function Shown({ plan }: { readonly plan: Plan }) {
  return (
    <Page
      title={
        <>
          {titles[plan.kind]}
          <Text>{plan.component}</Text>
        </>
      }
      detail={<PlanBadge status={plan.status} refused={plan.violations.length > 0} />}
      actions={<Decisions plan={plan} />}
    >
      <div className="flex flex-col gap-4">
        <PlanRisks plan={plan} />
        <Card>
          <Facts plan={plan} />
        </Card>
        <PlanChanges plan={plan} />
      </div>
    </Page>
  );
}

function Facts({ plan }: { readonly plan: Plan }) {
  const { component, cluster, hash, requestedBy, approvedBy, createdAt, expiresAt } = plan;
  return (
    <KeyValue
      pairs={[
        {
          name: "Component",
          value: (
            <Link
              to="/clusters/components/$component"
              params={{ component }}
              className="text-accent-ink hover:underline"
            >
              <Text>{component}</Text>
            </Link>
          ),
        },
        { name: "Cluster", value: <Text>{cluster}</Text> },
        { name: "Asked for by", value: <Mono>{requestedBy}</Mono> },
        approvedBy === null ? null : { name: "Approved by", value: <Mono>{approvedBy}</Mono> },
        { name: "Made", value: <Time at={createdAt} /> },
        plan.status === "applied" ? null : { name: "Good until", value: <Time at={expiresAt} form="moment" /> },
        {
          name: "Hash",
          value: (
            <span className="flex items-center gap-0.5">
              <Mono>{hash.slice(0, hashChars)}</Mono>
              <CopyButton text={hash} label="Copy the whole hash" />
            </span>
          ),
        },
        plan.status === "applied" ? { name: "Operation", value: <Applied plan={plan} /> } : null,
      ]}
    />
  );
}

/** The operation that carried it out, and its run. */
function Applied({ plan }: { readonly plan: Plan }) {
  const operations = useApi("listOperations", { params: { name: plan.component } }, { refetchMs: refreshMs });
  const operation = operations.data?.operations.find((each) => each.plan === plan.id);
  if (operation === undefined) return <span className="text-ink-faint">–</span>;
  return (
    <span className="flex flex-wrap items-center gap-x-2 gap-y-1">
      <OperationBadge status={operation.status} />
      <Link to="/runs/$run" params={{ run: operation.run }} className="text-accent-ink hover:underline">
        <Mono>{operation.run}</Mono>
      </Link>
      {operation.reason !== null && <Text className="text-ink-soft">{operation.reason}</Text>}
    </span>
  );
}

type Asked = "approve" | "apply" | undefined;

function Decisions({ plan }: { readonly plan: Plan }) {
  const me = useMe()?.user?.id;
  const now = useNow(60_000);
  const mayApprove = useMay("cluster:approve", plan.cluster);
  const mayApply = useMay("cluster:apply", plan.cluster);
  const [asked, setAsked] = useState<Asked>();
  const cannotApprove = approvalProblem(plan, { me, now });
  const cannotApply = applyProblem(plan, now);
  if (plan.status === "applied") return null;
  const why = plan.status === "open" ? cannotApprove : cannotApply;
  const goesOn = plan.kind === "known" && plan.status === "approved";
  if (goesOn) return <span className="text-xs text-ink-soft">Its operation goes on.</span>;
  return (
    <>
      {why !== undefined && <span className="text-xs text-ink-soft">{why}</span>}
      {mayApprove && plan.status === "open" && (
        <Button tone="primary" icon={Stamp} disabled={cannotApprove !== undefined} onClick={() => setAsked("approve")}>
          Approve
        </Button>
      )}
      {mayApply && plan.status === "approved" && (
        <Button tone="primary" icon={Play} disabled={cannotApply !== undefined} onClick={() => setAsked("apply")}>
          Apply
        </Button>
      )}
      {asked === "approve" && <ApproveDialog plan={plan} onClose={() => setAsked(undefined)} />}
      {asked === "apply" && <ApplyDialog plan={plan} onClose={() => setAsked(undefined)} />}
    </>
  );
}
