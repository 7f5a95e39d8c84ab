// Deciding an approval where one sees what it is about: in the panel of the step that waits for it.
import { Check, X } from "lucide-react";
import { useState } from "react";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input } from "../ui/field.tsx";
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
  const mayRead = useMay("approval:read", workflow);
  const mayDecide = useMay("approval:decide", workflow);
  const [reason, setReason] = useState("");
  const approvals = useApi("listApprovals", { query: { run } }, { enabled: mayRead });
  const decide = useCall("decideApproval", {
    changes: ["listApprovals", "getRun", "listSteps", "overview"],
    done: "Decided",
  });
  const approval = approvals.data?.approvals.find((each) => each.name === name);
  if (approval === undefined) return null;
  const { token } = approval;
  // Those who may only look are not told it.
  const say = (approved: boolean) =>
    token !== null && decide.mutate({ params: { token }, body: { approved, ...(reason === "" ? {} : { reason }) } });
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
      {approval.data !== null && (
        <JsonTree label="What it is about" source={{ value: approval.data }} className="max-h-48" />
      )}
      {mayDecide && token !== null && (
        <>
          <Field label="Reason">
            {(ties) => (
              <Input {...ties} value={reason} maxLength={4_096} onChange={({ target }) => setReason(target.value)} />
            )}
          </Field>
          <div className="flex gap-2">
            <Button tone="primary" size="sm" icon={Check} busy={decide.isPending} onClick={() => say(true)}>
              Approve
            </Button>
            <Button size="sm" icon={X} busy={decide.isPending} onClick={() => say(false)}>
              Deny
            </Button>
          </div>
        </>
      )}
    </div>
  );
}
