// The page behind an emailed link: one question, two buttons, on any phone and without signing in.
import { getRouteApi } from "@tanstack/react-router";
import { CircleCheck, CircleX, Clock, Link2Off } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { useState } from "react";
import type { ReactNode } from "react";
import type { Answer } from "../api.ts";
import { useApi } from "../query.ts";
import { useDocumentTitle } from "../shell/breadcrumbs.tsx";
import { Logo } from "../shell/logo.tsx";
import { KeyValue } from "../ui/card.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { ApprovalTalk } from "./approval-talk.tsx";
import { DecisionForm } from "./decision-form.tsx";
import { askedOf } from "./inbox.ts";

const route = getRouteApi("/approve/$token");

export function ApprovePage() {
  useDocumentTitle();
  const { token } = route.useParams();
  const asked = useApi("getApproval", { params: { token } });
  const [decided, setDecided] = useState<boolean>();
  return (
    <main className="flex min-h-dvh flex-col items-center bg-canvas px-4 py-6 sm:justify-center sm:py-10">
      <div className="flex w-full max-w-xl flex-col gap-4">
        <Logo size={28} />
        <div className="rounded-xl border border-line bg-panel p-5 shadow-card sm:p-6">
          {decided !== undefined ? (
            <Decided approved={decided} />
          ) : asked.data !== undefined ? (
            <Question approval={asked.data.approval} onDecided={setDecided} onStale={() => void asked.refetch()} />
          ) : asked.error !== null ? (
            <Failed error={asked.error} onRetry={() => void asked.refetch()} />
          ) : (
            <div role="status" aria-label="Loading" className="flex flex-col gap-3">
              <Skeleton className="h-6 w-1/2" />
              <Skeleton className="w-3/4" />
              <Skeleton className="h-11" />
            </div>
          )}
        </div>
      </div>
    </main>
  );
}

interface QuestionProps {
  readonly approval: Answer<"getApproval">["approval"];
  readonly onDecided: (approved: boolean) => void;
  readonly onStale: () => void;
}

function Question({ approval, onDecided, onStale }: QuestionProps) {
  if (approval.status === "used") {
    return (
      <Outcome icon={CircleCheck} title="This is decided already">
        Each question is answered once. The run went on with that answer.
      </Outcome>
    );
  }
  if (approval.status === "expired") {
    return (
      <Outcome icon={Clock} title="This has expired">
        Nobody answered in time, or the run has ended. There is nothing to decide any more.
      </Outcome>
    );
  }
  return (
    <div className="flex flex-col gap-5">
      <div className="flex flex-col gap-1">
        <h1 className="text-xl font-semibold tracking-tight">
          <Text>{approval.name}</Text>
        </h1>
        {approval.description !== null && (
          <p className="text-base whitespace-pre-line text-ink-soft">
            <Text>{approval.description}</Text>
          </p>
        )}
      </div>
      <KeyValue
        pairs={[
          { name: "Workflow", value: <Text>{approval.workflow}</Text> },
          { name: "Run", value: <Mono>{approval.run}</Mono> },
          approval.approver === null ? null : { name: "Asked of", value: <Text>{askedOf(approval)}</Text> },
          approval.of > 1 ? { name: "Needed", value: `${approval.need} of ${approval.of}` } : null,
          { name: "Asked", value: <Time at={approval.createdAt} form="moment" /> },
          approval.expiresAt === null
            ? null
            : { name: "Expires", value: <Time at={approval.expiresAt} form="moment" /> },
        ]}
      />
      {approval.data !== null && approval.data !== undefined && (
        <JsonTree source={{ value: approval.data }} label="What is asked" className="max-h-72" />
      )}
      <DecisionForm
        token={approval.token}
        form={approval.form}
        problem={approval.problem}
        onDecided={onDecided}
        onStale={onStale}
        large
      />
      <ApprovalTalk token={approval.token} delegable={approval.delegable} onDelegated={onStale} />
    </div>
  );
}

function Decided({ approved }: { readonly approved: boolean }) {
  return approved ? (
    <Outcome icon={CircleCheck} title="Approved" tone="text-good">
      The run goes on. You can close this page.
    </Outcome>
  ) : (
    <Outcome icon={CircleX} title="Denied" tone="text-bad">
      The run has been told. You can close this page.
    </Outcome>
  );
}

function Failed({ error, onRetry }: { readonly error: { readonly code: string }; readonly onRetry: () => void }) {
  if (error.code !== "token_unknown") return <ErrorState error={error} onRetry={onRetry} />;
  return (
    <Outcome icon={Link2Off} title="This link leads to nothing">
      It may have been cut off on its way, or its run has been deleted. Open the whole link from the message.
    </Outcome>
  );
}

interface OutcomeProps {
  readonly icon: LucideIcon;
  readonly title: string;
  readonly tone?: string | undefined;
  readonly children: ReactNode;
}

function Outcome({ icon: Icon, title, tone = "text-ink-soft", children }: OutcomeProps) {
  return (
    <div role="status" className="flex flex-col items-center gap-2 py-4 text-center">
      <Icon aria-hidden className={`size-8 ${tone}`} />
      <h1 className="text-lg font-semibold">{title}</h1>
      <p className="text-sm text-balance text-ink-soft">{children}</p>
    </div>
  );
}
