// Deciding an approval where one sees what it is about: in the panel of the step that waits for it.
import { DecisionForm } from "../approvals/decision-form.tsx";
import { askedOf } from "../approvals/inbox.ts";
import { useToasts } from "../parts.ts";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { JsonTree } from "../ui/json-tree.tsx";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";

interface ApprovalBoxProps {
  readonly run: string;
  readonly workflow: string;
  /** Of the step that waits. */
  readonly name: string;
}

export function ApprovalBox({ run, workflow, name }: ApprovalBoxProps) {
  const toasts = useToasts();
  const mayRead = useMay("approval:read", workflow);
  const mayDecide = useMay("approval:decide", workflow);
  const approvals = useApi("listApprovals", { query: { run } }, { enabled: mayRead });
  // The step of one of several who are asked is named after them as well.
  const approval = approvals.data?.approvals.find(
    (each) => (each.approver === null ? each.name : `${each.name}: ${each.approver}`) === name,
  );
  if (approval === undefined) return null;
  // Those who may only look are not told it.
  const { token } = approval;
  return (
    <div className="flex flex-col gap-3 rounded-md border border-line bg-hold-soft p-3">
      <p className="text-sm text-ink">
        <Text>{approval.description ?? "Somebody has to decide."}</Text>
        {approval.expiresAt !== null && (
          <span className="text-ink-soft">
            {" "}
            Until <Time at={approval.expiresAt} />.
          </span>
        )}
      </p>
      {approval.approver !== null && (
        <p className="text-xs text-ink-soft">
          Asked of <Text>{askedOf(approval)}</Text>; {approval.need} of {approval.of} needed.
        </p>
      )}
      {approval.data !== null && (
        <JsonTree label="What it is about" source={{ value: approval.data }} className="max-h-48" />
      )}
      {mayDecide && token !== null && (
        <DecisionForm
          key={token}
          token={token}
          form={approval.form}
          problem={approval.problem}
          onDecided={() => toasts.show({ tone: "good", title: "Decided" })}
          onStale={() => void approvals.refetch()}
        />
      )}
    </div>
  );
}
