// Makes up a request to a webhook: tried out without a run, or delivered.
import { useNavigate } from "@tanstack/react-router";
import { FlaskConical, Send } from "lucide-react";
import { useState } from "react";
import { useToasts } from "../parts.ts";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { readJson, writeJson } from "../ui/json-text.ts";
import { Text } from "../ui/text.tsx";
import { visibleText } from "../ui/visible-text.ts";
import type { Json } from "./json-value.ts";
import type { TriggerState } from "./words.ts";

interface TestDeliveryProps {
  readonly trigger: TriggerState;
  /** What the body begins with. */
  readonly first: Json;
  readonly onClose: () => void;
}

export function TestDelivery({ trigger, first, onClose }: TestDeliveryProps) {
  const names = (trigger.webhook?.path ?? "").split("/").filter((part) => part.startsWith(":"));
  const [text, setText] = useState(() => writeJson(first));
  const [params, setParams] = useState<Readonly<Record<string, string>>>({});
  const navigate = useNavigate();
  const toasts = useToasts();
  const read = readJson(text);
  const call = useCall("testTrigger", {
    failures: "inline",
    changes: ["listDeliveries", "listRuns"],
    onDone: ({ runId, delivery, status }) => {
      if (delivery === null) return;
      onClose();
      if (runId === null) toasts.show({ title: `The delivery was ${status}`, tone: "neutral" });
      else void navigate({ to: "/runs/$run", params: { run: runId } });
    },
  });
  const send = (dryRun: boolean) =>
    call.mutate({
      params: { trigger: trigger.id },
      body: { ...(read.ok ? { body: read.value } : {}), params, dryRun },
    });
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`Test ${visibleText(trigger.name)}`}
      detail="As its senders would, without the signature. The run gets the tag test."
      footer={
        <>
          <Button icon={FlaskConical} busy={call.isPending} disabled={!read.ok} onClick={() => send(true)}>
            Try without a run
          </Button>
          <Button tone="primary" icon={Send} busy={call.isPending} disabled={!read.ok} onClick={() => send(false)}>
            Deliver
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-3">
        {names
          .map((part) => part.slice(1))
          .map((name) => (
            <Field key={name} label={`Parameter ${name}`}>
              {(ties) => (
                <Input
                  {...ties}
                  value={params[name] ?? ""}
                  onChange={({ target }) => setParams((before) => ({ ...before, [name]: target.value }))}
                />
              )}
            </Field>
          ))}
        <JsonField label="Body" text={text} onChange={setText} />
        {call.error !== null && (
          <p role="alert" className="text-sm text-bad">
            <Text>{call.error.message}</Text>
          </p>
        )}
        {call.data !== undefined && call.data.delivery === null && <DryRun said={call.data} />}
      </div>
    </Dialog>
  );
}

function DryRun({
  said,
}: {
  readonly said: { readonly status: string; readonly reason: string | null; readonly input: unknown };
}) {
  if (said.status !== "started") {
    return (
      <p
        role="status"
        className="text-sm text-ink-soft"
      >{`No run: it would be ${said.status}${said.reason === null ? "" : `, since ${said.reason}`}.`}</p>
    );
  }
  return (
    <div role="status">
      <p className="mb-1 text-sm text-ink-soft">A run would be started with:</p>
      <JsonTree source={{ value: said.input }} label="Input" fileName="input" className="max-h-60" />
    </div>
  );
}
