// One failover: what is to happen, who approved it, how far it has come, and what came of it. Beginning it takes the approval of another
// person, unless its plan says otherwise.
import { getRouteApi, Link } from "@tanstack/react-router";
import { useId, useState } from "react";
import type { ReactNode, SubmitEvent } from "react";
import { FailureNote } from "../account/failure-note.tsx";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { ConfirmDialog, Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { formatDuration } from "../ui/time-format.ts";
import { Time } from "../ui/time.tsx";
import { FailoverBadge } from "./failover-looks.tsx";
import type { Failover } from "./failover-looks.tsx";

type Named = readonly [string, ReactNode];

const route = getRouteApi("/shell/clusters/failovers/$failover");
const refreshMs = 1_000;
const hashChars = 12;

export function FailoverPage() {
  const { failover: id } = route.useParams();
  const shown = useApi("getFailover", { params: { id } }, { refetchMs: refreshMs });
  if (shown.data === undefined) {
    return (
      <Page title="Failover">
        {shown.error === null ? <SkeletonRows rows={6} /> : <ErrorState error={shown.error} />}
      </Page>
    );
  }
  const { failover } = shown.data;
  const { kind, recovery, from, to } = failover;
  return (
    <Page
      title={`${kind === "drill" ? "Drill" : "Failover"} of ${recovery}`}
      detail={`${from} → ${to}`}
      actions={<Decisions failover={failover} />}
    >
      <div className="flex flex-col gap-4">
        <Facts failover={failover} />
        <Outcome failover={failover} />
      </div>
    </Page>
  );
}

function Facts({ failover }: { readonly failover: Failover }) {
  const { status, mode, phase, epoch, requestedBy, approvedBy, breakGlass, reviewedBy, overrides, hash, run } =
    failover;
  const pairs: Named[] = [
    ["Status", <FailoverBadge key="status" status={status} />],
    ["Mode", mode],
    ["Phase", phase ?? "not begun"],
    ["Epoch", epoch ?? "–"],
    ["Planned by", <Text key="by">{requestedBy}</Text>],
    [
      "Approved by",
      <Text key="approved">{approvedBy ?? (failover.approval === "none" ? "needs none" : "nobody yet")}</Text>,
    ],
    ["Hash", <Mono key="hash">{hash.slice(0, hashChars)}</Mono>],
    ["Planned", <Time key="at" at={failover.createdAt} />],
  ];
  if (overrides.length > 0) pairs.push(["Not to stop it", overrides.join(", ")]);
  if (breakGlass !== null)
    pairs.push([
      "Glass broken",
      <Text key="glass">{`${breakGlass} (${reviewedBy === null ? "not reviewed" : "reviewed"})`}</Text>,
    ]);
  if (run !== null)
    pairs.push([
      "Run",
      <Link key="run" to="/runs/$run" params={{ run }} className="text-accent-ink hover:underline">
        <Mono>{run}</Mono>
      </Link>,
    ]);
  return (
    <Card title="What is to happen">
      <KeyValue pairs={pairs.map(([name, value]) => ({ name, value }))} />
    </Card>
  );
}

function Outcome({ failover }: { readonly failover: Failover }) {
  const { broken, exceptions, loss, proofs, measured } = failover;
  const pairs: Named[] = [];
  if (broken !== null) pairs.push([broken.rule, <Text key="broken">{broken.reason}</Text>]);
  for (const { rule, reason } of exceptions) pairs.push([`${rule}, overridden`, <Text key={rule}>{reason}</Text>]);
  for (const [data, proof] of Object.entries(proofs)) pairs.push([`${data} at ${failover.from}`, proof]);
  for (const { data, bytes } of loss) pairs.push([`${data} lost`, `${bytes ?? "an unknown number of"} bytes`]);
  if (measured !== null) {
    const shown = (ms: number | null): string => (ms === null ? "–" : formatDuration(ms));
    pairs.push(["RPO measured", shown(measured.rpoMs)], ["RTO measured", shown(measured.rtoMs)]);
    pairs.push(["Acknowledged writes lost", `${measured.lost} of ${measured.acknowledged}`]);
  }
  if (pairs.length === 0) return null;
  return (
    <Card title="What came of it">
      <KeyValue pairs={pairs.map(([name, value]) => ({ name, value }))} />
    </Card>
  );
}

function Decisions({ failover }: { readonly failover: Failover }) {
  const [asking, setAsking] = useState<"approve" | "begin" | undefined>();
  const [mayApprove, mayBegin] = [useMay("recovery:approve"), useMay("recovery:begin")];
  const { id, status, hash } = failover;
  const begin = useCall("beginFailover", { changes: ["getFailover"], onDone: () => setAsking(undefined) });
  return (
    <>
      {status === "open" && mayApprove && <Button onClick={() => setAsking("approve")}>Approve</Button>}
      {(status === "open" || status === "approved") && mayBegin && (
        <Button tone="danger" disabled={status === "open"} onClick={() => setAsking("begin")}>
          Begin
        </Button>
      )}
      {asking === "approve" && <ApproveDialog failover={failover} onClose={() => setAsking(undefined)} />}
      {asking === "begin" && (
        <ConfirmDialog
          open
          danger
          onClose={() => setAsking(undefined)}
          title={`Make ${failover.to} the active site?`}
          confirm="Begin it"
          busy={begin.isPending}
          onConfirm={() => begin.mutate({ params: { id }, body: { hash } })}
        >
          Clients are cut off from {failover.from} until {failover.to} has been opened. From the promotion on, another
          failover leads back.
        </ConfirmDialog>
      )}
    </>
  );
}

interface ApproveProps {
  readonly failover: Failover;
  readonly onClose: () => void;
}

/** Asks for a code of one's second factor when the server does. */
function ApproveDialog({ failover: { id, hash }, onClose }: ApproveProps) {
  const form = useId();
  const approve = useCall("approveFailover", {
    done: "Approved",
    changes: ["getFailover"],
    failures: "inline",
    onDone: onClose,
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = formText(new FormData(event.currentTarget), "code").replaceAll(/\s/g, "");
    approve.mutate({ params: { id }, body: { hash, ...(code === "" ? {} : { code }) } });
  };
  const failure = approve.error;
  const asksForCode = failure?.code === "second_factor_required" || failure?.code === "sign_in_failed";
  return (
    <Dialog
      open
      onClose={onClose}
      title="Approve this failover?"
      detail={`You approve exactly what is shown here, with the hash ${hash.slice(0, hashChars)}.`}
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
