// One schedule: when it fires next, what it starts, how it deals with what it missed.
import { Link } from "@tanstack/react-router";
import { useApi } from "../query.ts";
import { Badge } from "../ui/badge.tsx";
import { KeyValue } from "../ui/card.tsx";
import { Drawer } from "../ui/dialog.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { ErrorState, Skeleton } from "../ui/states.tsx";
import { Heading, Mono, Text } from "../ui/text.tsx";
import { Duration, Time } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { waitingPair } from "../workflows/waiting.tsx";
import { ScheduleButtons } from "./schedule-actions.tsx";
import { catchUpWords, overlapWords } from "./words.ts";
import type { Schedule } from "./words.ts";

const nextShown = 5;

export function ScheduleDrawer({ id, onClose }: { readonly id: string | undefined; readonly onClose: () => void }) {
  const asked = useApi(
    "getSchedule",
    { params: { schedule: id ?? "" }, query: { next: nextShown } },
    { enabled: id !== undefined },
  );
  return (
    <Drawer open={id !== undefined} onClose={onClose} title={visibleText(id ?? "")}>
      {asked.data !== undefined ? (
        <Detail schedule={asked.data.schedule} next={asked.data.next} />
      ) : asked.error !== null ? (
        <ErrorState error={asked.error} onRetry={() => void asked.refetch()} />
      ) : (
        <div role="status" aria-label="Loading" className="flex flex-col gap-3 p-4">
          <Skeleton className="w-1/2" />
          <Skeleton className="h-40" />
        </div>
      )}
    </Drawer>
  );
}

function Detail({ schedule, next }: { readonly schedule: Schedule; readonly next: readonly number[] }) {
  return (
    <div className="flex flex-col gap-5 p-4">
      <ScheduleButtons schedule={schedule} />
      <KeyValue
        pairs={[
          {
            name: "Workflow",
            value: (
              <Link
                to="/workflows/$name"
                params={{ name: schedule.workflow }}
                className="text-accent-ink hover:underline"
              >
                <Text>{schedule.workflow}</Text>
              </Link>
            ),
          },
          { name: "Expression", value: <Mono>{schedule.cron}</Mono> },
          { name: "Time zone", value: <Text>{schedule.timezone}</Text> },
          { name: "While one runs", value: overlapWords[schedule.overlap] },
          { name: "After an outage", value: catchUpWords(schedule.catchUp, schedule.catchUpMax) },
          schedule.jitterMs === 0
            ? null
            : {
                name: "Spread",
                value: (
                  <>
                    up to <Duration ms={schedule.jitterMs} />
                  </>
                ),
              },
          { name: "Since", value: <Time at={schedule.createdAt} /> },
          waitingPair(schedule.waiting),
        ]}
      />
      <section className="flex flex-col gap-2">
        <Heading>Next times</Heading>
        {schedule.paused ? (
          <div className="flex items-center gap-2 text-sm text-ink-soft">
            <Badge tone="warn">Paused</Badge> It starts nothing until it is resumed.
          </div>
        ) : next.length === 0 ? (
          <p className="text-sm text-ink-soft">Its expression names no time to come.</p>
        ) : (
          <ol className="flex flex-col gap-1 text-sm">
            {next.map((at) => (
              <li key={at} className="tabular flex justify-between gap-4">
                <Time at={at} form="moment" />
                <span className="text-ink-faint">
                  <Time at={at} />
                </span>
              </li>
            ))}
          </ol>
        )}
      </section>
      <section className="flex flex-col gap-2">
        <Heading>Input</Heading>
        <JsonTree source={{ value: schedule.input }} label="Input" />
      </section>
    </div>
  );
}
