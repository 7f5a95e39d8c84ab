// One approval: what is asked, what there is to judge it by, and the decision.
import { Link } from "@tanstack/react-router";
import { Link2 } from "lucide-react";
import type { RefObject } from "react";
import { apiUrl } from "../api.ts";
import { useToasts } from "../parts.ts";
import { Button } from "../ui/button.tsx";
import { KeyValue } from "../ui/card.tsx";
import { copyText } from "../ui/code-block.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { ApprovalTalk } from "./approval-talk.tsx";
import { DecisionForm } from "./decision-form.tsx";
import { askedOf } from "./inbox.ts";
import type { ListedApproval } from "./inbox.ts";

interface ApprovalDetailProps {
  readonly approval: ListedApproval;
  readonly onDecided: (approved: boolean) => void;
  readonly onStale: () => void;
  readonly approveButton: RefObject<HTMLButtonElement | null>;
  readonly denyButton: RefObject<HTMLButtonElement | null>;
}

export function ApprovalDetail({ approval, onDecided, onStale, approveButton, denyButton }: ApprovalDetailProps) {
  const { token, omitted } = approval;
  return (
    <div className="flex flex-col gap-5 p-4 sm:p-6">
      <div className="flex flex-col gap-1">
        <h2 className="text-lg font-semibold tracking-tight">
          <Text>{approval.name}</Text>
        </h2>
        {approval.description !== null && (
          <p className="whitespace-pre-line text-ink-soft">
            <Text>{approval.description}</Text>
          </p>
        )}
      </div>
      <KeyValue
        pairs={[
          { name: "Workflow", value: <WorkflowLink name={approval.workflow} /> },
          {
            name: "Run",
            value: (
              <Link to="/runs/$run" params={{ run: approval.run }} className="text-accent-ink hover:underline">
                <Mono>{approval.run}</Mono>
              </Link>
            ),
          },
          { name: "Asked of", value: <AskedOf approval={approval} /> },
          approval.of > 1 ? { name: "Needed", value: `${approval.need} of ${approval.of}` } : null,
          { name: "Asked", value: <Time at={approval.createdAt} /> },
          { name: "Expires", value: approval.expiresAt === null ? "Never" : <Time at={approval.expiresAt} /> },
        ]}
      />
      {omitted !== undefined && token !== null ? (
        <JsonTree source={{ url: apiUrl("getApproval", { params: { token } }) }} label="What is asked" />
      ) : (
        approval.data !== null &&
        approval.data !== undefined && <JsonTree source={{ value: approval.data }} label="What is asked" />
      )}
      {token === null ? (
        <p className="text-sm text-ink-soft">
          {approval.approver === null ? (
            <>
              Deciding needs the permission <code className="font-mono">approval:decide</code>.
            </>
          ) : (
            "Only whoever is asked can decide this one."
          )}
        </p>
      ) : (
        <>
          <DecisionForm
            key={token}
            token={token}
            form={approval.form}
            problem={approval.problem}
            onDecided={onDecided}
            onStale={onStale}
            approveButton={approveButton}
            denyButton={denyButton}
          />
          <CopyLink token={token} />
          <ApprovalTalk key={`talk ${token}`} token={token} delegable={approval.delegable} onDelegated={onStale} />
        </>
      )}
    </div>
  );
}

function AskedOf({ approval }: { readonly approval: ListedApproval }) {
  const { delegatedBy, escalated } = approval;
  return (
    <>
      <Text>{askedOf(approval)}</Text>
      {delegatedBy !== null && (
        <span className="text-ink-soft">
          {" "}
          (handed on by <Text>{delegatedBy}</Text>)
        </span>
      )}
      {escalated && <span className="text-ink-soft"> (nobody answered in time)</span>}
    </>
  );
}

function WorkflowLink({ name }: { readonly name: string }) {
  return (
    <Link to="/workflows/$name" params={{ name }} className="text-accent-ink hover:underline">
      <Text>{name}</Text>
    </Link>
  );
}

function CopyLink({ token }: { readonly token: string }) {
  const toasts = useToasts();
  const copy = async () => {
    await copyText(`${location.origin}/approve/${encodeURIComponent(token)}`);
    toasts.show({ title: "Link copied", detail: "Whoever has it can decide, without signing in." });
  };
  return (
    <Button size="sm" tone="quiet" icon={Link2} className="self-start" onClick={() => void copy()}>
      Copy the link for somebody else
    </Button>
  );
}
