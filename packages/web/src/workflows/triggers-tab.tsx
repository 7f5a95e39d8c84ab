// What starts a workflow by itself: webhooks with the line that calls them, schedules with the times that come next.
import { Link } from "@tanstack/react-router";
import { CalendarClock, Webhook, Zap } from "lucide-react";
import type { Answer } from "../api.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { Badge } from "../ui/badge.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { formatDuration } from "../ui/time-format.ts";
import { catchUpWords, overlapWords } from "../schedules/words.ts";
import { apiUrlOf } from "./api-address.ts";
import { curlLine } from "./command-lines.ts";
import { startValue } from "./schema-form.ts";
import { schemaOf } from "./words.ts";
import type { Trigger, Workflow } from "./words.ts";

type Schedule = Answer<"listSchedules">["schedules"][number];
type WebhookTrigger = Extract<Trigger, { type: "webhook" }>;

const timesShown = 5;

export function TriggersTab({ workflow }: { readonly workflow: Workflow }) {
  const schedules = useApi("listSchedules", {});
  useLiveRefresh("schedules", ["listSchedules", "getSchedule"]);
  const webhooks = workflow.triggers.filter((each): each is WebhookTrigger => each.type === "webhook");
  const own = (schedules.data?.schedules ?? []).filter((each) => each.workflow === workflow.name);
  if (schedules.error !== null && schedules.data === undefined) {
    return (
      <ErrorState
        title="The schedules could not be read"
        error={schedules.error}
        onRetry={() => void schedules.refetch()}
      />
    );
  }
  if (webhooks.length === 0 && own.length === 0 && !schedules.isPending) {
    return (
      <EmptyState icon={Zap} title="Nothing starts it by itself">
        Give it triggers in its code:{" "}
        <code className="font-mono text-xs">{'triggers: [webhook("/orders"), schedule("0 2 * * *")]'}</code>
      </EmptyState>
    );
  }
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      {webhooks.map((trigger) => (
        <WebhookCard key={`${trigger.method} ${trigger.path}`} trigger={trigger} workflow={workflow} />
      ))}
      {schedules.isPending && <Skeleton className="h-48 w-full rounded-lg" />}
      {own.map((schedule) => (
        <ScheduleCard key={schedule.id} schedule={schedule} />
      ))}
    </div>
  );
}

function WebhookCard({ trigger, workflow }: { readonly trigger: WebhookTrigger; readonly workflow: Workflow }) {
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
      actions={trigger.signed ? <Badge tone="good">signed</Badge> : <Badge tone="warn">not signed</Badge>}
    >
      <div className="flex flex-col gap-3">
        <KeyValue
          pairs={[
            { name: "Method", value: <Mono>{trigger.method}</Mono> },
            { name: "URL", value: <Mono>{url}</Mono> },
            { name: "Input", value: "The body of the request" },
          ]}
        />
        <CodeBlock wrap label="curl line" text={line} />
        <p className="text-xs text-ink-faint">
          {trigger.signed
            ? "Calls have to carry a signature made with its secret: this line alone is refused."
            : "Whoever knows the URL can call it: give the trigger a secret to have calls signed."}
        </p>
      </div>
    </Card>
  );
}

function ScheduleCard({ schedule }: { readonly schedule: Schedule }) {
  const next = useApi("getSchedule", { params: { schedule: schedule.id }, query: { next: timesShown } });
  return (
    <Card
      title="Schedule"
      detail={<CalendarClock aria-hidden className="size-3.5" />}
      actions={schedule.paused ? <Badge tone="warn">Paused</Badge> : <Badge tone="good">Active</Badge>}
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <KeyValue
          pairs={[
            { name: "Id", value: <Mono>{schedule.id}</Mono> },
            { name: "Expression", value: <Mono>{schedule.cron}</Mono> },
            { name: "Time zone", value: <Text>{schedule.timezone}</Text> },
            { name: "After an outage", value: catchUpWords(schedule.catchUp, schedule.catchUpMax) },
            { name: "While one runs", value: overlapWords[schedule.overlap] },
            schedule.jitterMs > 0 ? { name: "Spread", value: `up to ${formatDuration(schedule.jitterMs)}` } : null,
          ]}
        />
        <NextTimes times={next.data?.next} paused={schedule.paused} />
      </div>
      <Link to="/schedules" className="mt-3 inline-block text-xs text-accent-ink hover:underline">
        All schedules
      </Link>
    </Card>
  );
}

function NextTimes({ times, paused }: { readonly times: readonly number[] | undefined; readonly paused: boolean }) {
  return (
    <div>
      <h3 className="mb-1.5 text-xs font-medium text-ink-soft">{paused ? "Would come next" : "Next"}</h3>
      {times === undefined ? (
        <Skeleton className="h-24 w-full" />
      ) : times.length === 0 ? (
        <p className="text-sm text-ink-soft">Never again.</p>
      ) : (
        <ol className="flex flex-col gap-1 text-sm">
          {times.map((at) => (
            <li key={at} className="flex flex-wrap justify-between gap-x-3">
              <Time at={at} form="moment" className="tabular" />
              <Time at={at} className="text-xs text-ink-faint tabular" />
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
