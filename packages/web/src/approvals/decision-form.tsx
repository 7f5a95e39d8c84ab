// The decision itself: a reason, a payload for the program, yes or no. The same in the inbox and behind a link.
import { Check, X } from "lucide-react";
import { useRef, useState } from "react";
import type { RefObject } from "react";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { Field, TextArea } from "../ui/field.tsx";
import { FailureLine } from "../ui/failure-line.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { readJson } from "../ui/json-text.ts";

const reasonCharsMax = 4_096;

interface DecisionFormProps {
  readonly token: string;
  readonly onDecided: (approved: boolean) => void;
  /** Somebody else was first, or it has expired. */
  readonly onStale: () => void;
  /** Large enough for a thumb. */
  readonly large?: boolean | undefined;
  readonly approveButton?: RefObject<HTMLButtonElement | null> | undefined;
  readonly denyButton?: RefObject<HTMLButtonElement | null> | undefined;
}

export function DecisionForm(props: DecisionFormProps) {
  const { token, onDecided, onStale, large = false, approveButton, denyButton } = props;
  const [reason, setReason] = useState("");
  const [payload, setPayload] = useState<string>();
  const pressed = useRef<boolean>(undefined);
  const decide = useCall("decideApproval", { changes: ["listApprovals", "overview"], failures: "inline" });
  const read = readJson(payload ?? "");
  const send = (approved: boolean) => {
    if (!read.ok || decide.isPending) return;
    pressed.current = approved;
    const body = {
      approved,
      ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      ...(read.value === undefined ? {} : { payload: read.value }),
    };
    decide.mutate(
      { params: { token }, body },
      {
        onSuccess: () => onDecided(approved),
        onError: ({ status }) => status >= 400 && status < 500 && status !== 429 && onStale(),
      },
    );
  };
  const size = cx(large && "h-11 grow text-base");
  return (
    <div className="flex flex-col gap-3">
      <Reason text={reason} onChange={setReason} />
      {payload === undefined ? (
        <Button size="sm" tone="quiet" className="self-start" onClick={() => setPayload("")}>
          Add a payload
        </Button>
      ) : (
        <JsonField label="Payload (JSON)" rows={5} text={payload} onChange={setPayload} autoFocus />
      )}
      <FailureLine error={decide.error} />
      <div className="flex gap-2">
        <Button
          ref={approveButton}
          tone="primary"
          icon={Check}
          className={size}
          disabled={!read.ok || decide.isPending}
          busy={decide.isPending && pressed.current === true}
          onClick={() => send(true)}
        >
          Approve
        </Button>
        <Button
          ref={denyButton}
          icon={X}
          className={size}
          disabled={!read.ok || decide.isPending}
          busy={decide.isPending && pressed.current === false}
          onClick={() => send(false)}
        >
          Deny
        </Button>
      </div>
    </div>
  );
}

function Reason({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  return (
    <Field label="Reason (optional)">
      {(ties) => (
        <TextArea
          {...ties}
          rows={2}
          className="min-h-14"
          value={text}
          maxLength={reasonCharsMax}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
}
