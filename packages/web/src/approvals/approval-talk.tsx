// Around a decision: what others wrote, a word of one's own, and handing the decision on.
import { MessageSquare, UserRoundPlus } from "lucide-react";
import { useState } from "react";
import type { SubmitEvent } from "react";
import type { Answer } from "../api.ts";
import { useApi, useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { FailureLine } from "../ui/failure-line.tsx";
import { Field, Input } from "../ui/field.tsx";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";

const textCharsMax = 4_096;
const approverCharsMax = 256;

type Comments = Answer<"getApproval">["approval"]["comments"];

interface ApprovalTalkProps {
  readonly token: string;
  readonly delegable: boolean;
  readonly onDelegated: () => void;
}

export function ApprovalTalk({ token, delegable, onDelegated }: ApprovalTalkProps) {
  const asked = useApi("getApproval", { params: { token } }, { keepPrevious: true });
  return (
    <section aria-label="Comments" className="flex flex-col gap-3 border-t border-line pt-4">
      <CommentList comments={asked.data?.approval.comments ?? []} />
      <CommentForm token={token} />
      {delegable && <Delegate token={token} onDelegated={onDelegated} />}
    </section>
  );
}

function CommentList({ comments }: { readonly comments: Comments }) {
  if (comments.length === 0) return null;
  return (
    <ol className="flex flex-col gap-2.5">
      {comments.map(({ no, by, at, text }) => (
        <li key={no} className="flex flex-col gap-0.5">
          <span className="flex items-baseline gap-2 text-xs text-ink-soft">
            <Text className="font-medium text-ink">{by}</Text>
            <Time at={at} />
          </span>
          <p className="text-sm whitespace-pre-line">
            <Text>{text}</Text>
          </p>
        </li>
      ))}
    </ol>
  );
}

function CommentForm({ token }: { readonly token: string }) {
  const [text, setText] = useState("");
  const write = useCall("commentApproval", { changes: ["getApproval"], failures: "inline" });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (text.trim() === "" || write.isPending) return;
    write.mutate({ params: { token }, body: { text: text.trim() } }, { onSuccess: () => setText("") });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <div className="flex items-end gap-2">
        <div className="min-w-0 grow">
          <Field label="Comment">
            {(ties) => (
              <Input {...ties} value={text} maxLength={textCharsMax} onChange={({ target }) => setText(target.value)} />
            )}
          </Field>
        </div>
        <Button type="submit" icon={MessageSquare} busy={write.isPending} disabled={text.trim() === ""}>
          Write
        </Button>
      </div>
      <FailureLine error={write.error} />
    </form>
  );
}

function Delegate({ token, onDelegated }: { readonly token: string; readonly onDelegated: () => void }) {
  const [open, setOpen] = useState(false);
  const [to, setTo] = useState("");
  const delegate = useCall("delegateApproval", { changes: ["listApprovals"], failures: "inline", done: "Handed on" });
  if (!open) {
    return (
      <Button size="sm" tone="quiet" icon={UserRoundPlus} className="self-start" onClick={() => setOpen(true)}>
        Let somebody else decide
      </Button>
    );
  }
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (to.trim() === "" || delegate.isPending) return;
    delegate.mutate({ params: { token }, body: { to: to.trim() } }, { onSuccess: onDelegated });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <Field label="Who decides instead" help="user:NAME, role:NAME or an address">
        {(ties) => (
          <Input
            {...ties}
            value={to}
            maxLength={approverCharsMax}
            autoFocus
            spellCheck={false}
            onChange={({ target }) => setTo(target.value)}
          />
        )}
      </Field>
      <Button type="submit" className="self-start" busy={delegate.isPending} disabled={to.trim() === ""}>
        Hand on
      </Button>
      <FailureLine error={delegate.error} />
    </form>
  );
}
