// What starts a workflow by itself: webhooks with the line that calls them, schedules with the times that come next.
import { Link } from "@tanstack/react-router";
import { CalendarClock, Zap } from "lucide-react";
import type { Answer } from "../api.ts";
import { useLiveRefresh } from "../live/use-live.ts";
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { formatDuration } from "../ui/time-format.ts";
import { DeliveriesCard } from "./deliveries-card.tsx";
import { TriggerCard } from "./trigger-card.tsx";
import { waitingPair } from "./waiting.tsx";
import { WebhookCard } from "./webhook-card.tsx";
import type { WebhookTrigger } from "./webhook-card.tsx";
import type { Workflow } from "./words.ts";
import { catchUpWords, overlapWords } from "../schedules/words.ts";

type Schedule = Answer<"listSchedules">["schedules"][number];

const timesShown = 5;

export function TriggersTab({ workflow }: { readonly workflow: Workflow }) {
  const may = useMay("trigger:read", workflow.name);
  const schedules = useApi("listSchedules", {});
  const triggers = useApi("listTriggers", { query: { workflow: workflow.name } }, { enabled: may });
  useLiveRefresh("schedules", ["listSchedules", "getSchedule"]);
  useLiveRefresh("triggers", ["listTriggers", "listDeliveries"]);
  const webhooks = workflow.triggers.filter((each): each is WebhookTrigger => each.type === "webhook");
  const own = (schedules.data?.schedules ?? []).filter((each) => each.workflow === workflow.name);
  const states = triggers.data?.triggers ?? [];
  const others = states.filter(({ webhook }) => webhook === null);
  if (schedules.error !== null && schedules.data === undefined) {
    return (
      <ErrorState
        title="The schedules could not be read"
        error={schedules.error}
        onRetry={() => void schedules.refetch()}
      />
    );
  }
  if (workflow.triggers.length === 0 && own.length === 0 && !schedules.isPending) {
    return (
      <EmptyState icon={Zap} title="Nothing starts it by itself">
        Give it triggers in its code:{" "}
        <code className="font-mono text-xs">{'triggers: [webhook("/orders"), schedule("0 2 * * *")]'}</code>
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <div className="grid items-start gap-4 lg:grid-cols-2">
        {webhooks.map((trigger) => (
          <WebhookCard
            key={trigger.name}
            trigger={trigger}
            workflow={workflow}
            state={states.find((each) => each.name === trigger.name)}
          />
        ))}
        {(schedules.isPending || (may && triggers.isPending)) && <Skeleton className="h-48 w-full rounded-lg" />}
        {others.map((trigger) => (
          <TriggerCard key={trigger.id} trigger={trigger} />
        ))}
        {own.map((schedule) => (
          <ScheduleCard key={schedule.id} schedule={schedule} />
        ))}
      </div>
      {may && webhooks.length > 0 && <DeliveriesCard workflow={workflow.name} />}
    </div>
  );
}

function ScheduleCard({ schedule }: { readonly schedule: Schedule }) {
  const next = useApi("getSchedule", { params: { schedule: schedule.id }, query: { next: timesShown } });
  return (
    <Card
      title="Schedule"
      detail={<CalendarClock aria-hidden className="size-3.5" />}
      actions={<ScheduleBadge schedule={schedule} />}
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
            waitingPair(schedule.waiting),
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

function ScheduleBadge({ schedule }: { readonly schedule: Schedule }) {
  if (schedule.paused) return <Badge tone="warn">Paused</Badge>;
  return schedule.waiting === null ? <Badge tone="good">Active</Badge> : <Badge tone="warn">Held back</Badge>;
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
