// The questions before a plan is approved and before it is applied: exactly what was looked at, by its hash.
import { useNavigate } from "@tanstack/react-router";
import { useId } from "react";
import type { SubmitEvent } from "react";
import { FailureNote } from "../account/failure-note.tsx";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { ConfirmDialog, Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { visibleText } from "../ui/visible-text.ts";
import { weigh } from "./words.ts";
import type { Plan } from "./words.ts";

const hashChars = 12;

interface DecisionProps {
  readonly plan: Plan;
  readonly onClose: () => void;
}

/** Asks for a code of one's second factor when the server does. */
export function ApproveDialog({ plan, onClose }: DecisionProps) {
  const form = useId();
  const approve = useCall("approvePlan", {
    done: "Approved",
    changes: ["getPlan", "listPlans"],
    failures: "inline",
    onDone: onClose,
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = formText(new FormData(event.currentTarget), "code").replaceAll(/\s/g, "");
    approve.mutate({ params: { id: plan.id }, body: { hash: plan.hash, ...(code === "" ? {} : { code }) } });
  };
  const failure = approve.error;
  const asksForCode = failure?.code === "second_factor_required" || failure?.code === "sign_in_failed";
  return (
    <Dialog
      open
      onClose={onClose}
      title="Approve this plan?"
      detail={`You approve exactly what is shown here, with the hash ${plan.hash.slice(0, hashChars)}. When the cluster has changed before it is applied, it is refused.`}
      footer={
        <>
          <Button onClick={onClose}>Keep as it is</Button>
          <Button tone="primary" type="submit" form={form} busy={approve.isPending}>
            Approve it
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3">
        {asksForCode && (
          <Field label="Code of your second factor">
            {(ties) => (
              <Input {...ties} name="code" inputMode="numeric" autoComplete="one-time-code" required autoFocus />
            )}
          </Field>
        )}
        {failure?.code !== "second_factor_required" && <FailureNote error={failure} />}
      </form>
    </Dialog>
  );
}

export function ApplyDialog({ plan, onClose }: DecisionProps) {
  const navigate = useNavigate();
  const { irreversible, prune } = weigh(plan.changes, plan.prune.length);
  const apply = useCall("applyPlan", {
    changes: ["getPlan", "listPlans", "listOperations", "getComponent"],
    onDone: ({ operation }) => {
      onClose();
      void navigate({ to: "/runs/$run", params: { run: operation.run } });
    },
  });
  return (
    <ConfirmDialog
      open
      onClose={onClose}
      title={`Apply it to ${visibleText(plan.cluster)}?`}
      confirm="Apply it"
      danger={irreversible > 0 || prune > 0}
      busy={apply.isPending}
      onConfirm={() => apply.mutate({ params: { id: plan.id }, body: { hash: plan.hash } })}
    >
      It runs as an operation: wave by wave, and taken back when something fails.
      {irreversible > 0 && ` ${irreversible === 1 ? "One change" : `${irreversible} changes`} cannot be taken back.`}
      {prune > 0 && ` ${prune === 1 ? "One object" : `${prune} objects`} will be removed.`}
    </ConfirmDialog>
  );
}
