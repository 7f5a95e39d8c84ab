// A trigger that watches something: what it does, how far it has got, and why it fails if it does.
import { CirclePlay, FileClock, RadioTower, RefreshCw, Zap } from "lucide-react";
import type { LucideIcon } from "lucide-react";
import { useState } from "react";
import { useMay } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import { JsonTree } from "../ui/json-tree.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { formatDuration } from "../ui/time-format.ts";
import { ManualDialog } from "./manual-dialog.tsx";
import { TriggerButtons } from "./trigger-actions.tsx";
import { waitingPair } from "./waiting.tsx";
import type { TriggerState } from "./words.ts";

interface Look {
  readonly title: string;
  readonly icon: LucideIcon;
}

const looks: Readonly<Record<string, Look>> = {
  poll: { title: "Poll", icon: RefreshCw },
  event: { title: "Event", icon: RadioTower },
  file: { title: "Files", icon: FileClock },
  manual: { title: "By hand", icon: CirclePlay },
};

type Pairs = Parameters<typeof KeyValue>[0]["pairs"];

export function TriggerCard({ trigger }: { readonly trigger: TriggerState }) {
  const { title, icon: Icon } = looks[trigger.kind] ?? { title: trigger.kind, icon: Zap };
  return (
    <Card title={title} detail={<Icon aria-hidden className="size-3.5" />} actions={<TriggerBadge trigger={trigger} />}>
      <div className="flex flex-col gap-3">
        <KeyValue
          pairs={[{ name: "Name", value: <Text>{trigger.name}</Text> }, ...about(trigger), ...progress(trigger)]}
        />
        <TriggerFailure trigger={trigger} />
        {trigger.poll !== null && trigger.poll.cursor !== null && (
          <JsonTree source={{ value: trigger.poll.cursor }} label="Cursor" fileName="cursor" className="max-h-48" />
        )}
        <div className="flex flex-wrap gap-2">
          {trigger.manual !== null && <StartButton trigger={trigger} />}
          <TriggerButtons trigger={trigger} />
        </div>
      </div>
    </Card>
  );
}

export function TriggerBadge({ trigger }: { readonly trigger: TriggerState }) {
  if (trigger.paused) return <Badge tone="warn">paused</Badge>;
  if (trigger.failures > 0) return <Badge tone="bad">failing</Badge>;
  return trigger.waiting === null ? <Badge tone="good">active</Badge> : <Badge tone="warn">held back</Badge>;
}

/** The last failure, or what was passed over last. */
export function TriggerFailure({ trigger }: { readonly trigger: TriggerState }) {
  if (trigger.error === null) return null;
  const times = trigger.failures > 1 ? ` (${trigger.failures} times in a row)` : "";
  return (
    <p role="note" className="rounded-md border border-line bg-inset px-3 py-2 text-xs text-ink-soft">
      <Text>{trigger.error.message}</Text>
      {times}
    </p>
  );
}

function StartButton({ trigger }: { readonly trigger: TriggerState }) {
  const [open, setOpen] = useState(false);
  const may = useMay("trigger:control", trigger.workflow);
  if (!may) return null;
  return (
    <>
      <Button size="sm" tone="primary" icon={CirclePlay} disabled={trigger.paused} onClick={() => setOpen(true)}>
        Fill in
      </Button>
      {open && <ManualDialog trigger={trigger} onClose={() => setOpen(false)} />}
    </>
  );
}

function about({ poll, event, manual, config, debounce }: TriggerState): Pairs {
  const pairs: { name: string; value: React.ReactNode }[] = [];
  const add = (name: string, value: React.ReactNode) => pairs.push({ name, value });
  if (poll !== null) add("Every", formatDuration(poll.everyMs));
  if (event !== null) {
    add("Event", <Mono>{event.name}</Mono>);
    if (event.key !== null) add("Key", <Mono>{event.key}</Mono>);
    if (event.match !== null) add("Contains", <Mono>{JSON.stringify(event.match)}</Mono>);
  }
  if (manual !== null && manual.description !== null) add("For", <Text>{manual.description}</Text>);
  if (typeof config === "object" && config !== null)
    for (const [name, value] of Object.entries(config)) add(name, <Mono>{wordsOf(value)}</Mono>);
  if (debounce !== null) {
    const longest = debounce.maxMs === null ? "" : `, at the latest after ${formatDuration(debounce.maxMs)}`;
    add("Waits for quiet", `${formatDuration(debounce.waitMs)}${longest}`);
  }
  return pairs;
}

function wordsOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function progress(trigger: TriggerState): Pairs {
  if (trigger.manual !== null) return [];
  return [
    { name: "Runs started", value: String(trigger.fired) },
    trigger.firedAt === null ? null : { name: "Last run", value: <Time at={trigger.firedAt} /> },
    trigger.lookedAt === null ? null : { name: "Last look", value: <Time at={trigger.lookedAt} /> },
    trigger.nextAt === null ? null : { name: "Next look", value: <Time at={trigger.nextAt} /> },
    waitingPair(trigger.waiting),
  ];
}
