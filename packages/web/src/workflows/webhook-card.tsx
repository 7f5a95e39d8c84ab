// A webhook: the line that calls it, who is let in, and a request made up to try it.
import { FlaskConical, Webhook } from "lucide-react";
import { useState } from "react";
import { useMay } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Mono } from "../ui/text.tsx";
import { formatDuration } from "../ui/time-format.ts";
import { apiUrlOf } from "./api-address.ts";
import { curlLine } from "./command-lines.ts";
import { startValue } from "./schema-form.ts";
import { TestDelivery } from "./test-delivery.tsx";
import { TriggerButtons } from "./trigger-actions.tsx";
import { TriggerBadge, TriggerFailure } from "./trigger-card.tsx";
import { schemaOf } from "./words.ts";
import type { Trigger, TriggerState, Workflow } from "./words.ts";

export type WebhookTrigger = Extract<Trigger, { type: "webhook" }>;

interface WebhookCardProps {
  readonly trigger: WebhookTrigger;
  readonly workflow: Workflow;
  /** Undefined while it is not known, and for those who may not see it. */
  readonly state: TriggerState | undefined;
}

const inputs = {
  body: "The body of the request",
  raw: "The bytes of the body",
  request: "The request with its parameters and headers",
  made: "Made by its code",
} as const;

export function WebhookCard({ trigger, workflow, state }: WebhookCardProps) {
  const [testing, setTesting] = useState(false);
  const may = useMay("trigger:control", workflow.name);
  const schema = schemaOf(workflow);
  const url = apiUrlOf(trigger.path);
  const body = schema === undefined ? {} : (startValue(schema, schema) ?? null);
  const line = curlLine({
    url,
    method: trigger.method,
    body: trigger.method === "GET" ? undefined : body,
    authentication: false,
  });
  return (
    <Card
      title="Webhook"
      detail={<Webhook aria-hidden className="size-3.5" />}
      actions={
        <span className="flex gap-1.5">
          {trigger.signed ? <Badge tone="good">signed</Badge> : <Badge tone="warn">not signed</Badge>}
          {state !== undefined && <TriggerBadge trigger={state} />}
        </span>
      }
    >
      <div className="flex flex-col gap-3">
        <KeyValue
          pairs={[
            { name: "Method", value: <Mono>{trigger.method}</Mono> },
            { name: "URL", value: <Mono>{url}</Mono> },
            { name: "Input", value: inputs[state?.webhook?.input ?? "body"] },
            ...details(state),
          ]}
        />
        {state !== undefined && <TriggerFailure trigger={state} />}
        <CodeBlock wrap label="curl line" text={line} />
        <p className="text-xs text-ink-faint">
          {trigger.signed
            ? "Calls have to carry a signature made with its secret: this line alone is refused."
            : "Whoever knows the URL can call it: give the trigger a secret to have calls signed."}
        </p>
        {state !== undefined && (
          <div className="flex flex-wrap gap-2">
            {may && (
              <Button size="sm" icon={FlaskConical} onClick={() => setTesting(true)}>
                Test
              </Button>
            )}
            <TriggerButtons trigger={state} />
          </div>
        )}
      </div>
      {testing && state !== undefined && (
        <TestDelivery trigger={state} first={body} onClose={() => setTesting(false)} />
      )}
    </Card>
  );
}

function details(state: TriggerState | undefined): Parameters<typeof KeyValue>[0]["pairs"] {
  const hook = state?.webhook ?? null;
  if (hook === null) return [];
  return [
    hook.scheme === null ? null : { name: "Signed as", value: hook.scheme },
    hook.secret === null ? null : { name: "Secret in", value: <Mono>{hook.secret}</Mono> },
    hook.waitMs === null ? null : { name: "Answer", value: `The result, waited for ${formatDuration(hook.waitMs)}` },
    hook.rate === null ? null : { name: "At most", value: `${hook.rate.count} in ${formatDuration(hook.rate.perMs)}` },
  ];
}
