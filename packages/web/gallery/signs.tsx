// Gallery: buttons, badges, figures, times, states.
import { runStatuses } from "@sluice/protocol";
import { Inbox, Play, RotateCw, Trash2 } from "lucide-react";
import { useToasts } from "../src/parts.ts";
import { Badge, reasonWords, StatusBadge, StatusIcon } from "../src/ui/badge.tsx";
import type { Tone } from "../src/ui/badge.tsx";
import { Button, IconButton } from "../src/ui/button.tsx";
import { Card, KeyValue, Stat } from "../src/ui/card.tsx";
import { Sparkline } from "../src/ui/sparkline.tsx";
import { EmptyState, ErrorState, Skeleton } from "../src/ui/states.tsx";
import { Heading, Mono, Text } from "../src/ui/text.tsx";
import { Duration, Elapsed, Time } from "../src/ui/time.tsx";
import { evil } from "./samples.ts";

const tones: readonly Tone[] = ["neutral", "accent", "good", "bad", "warn", "info", "hold", "undo"];
const runs = [4, 8, 15, 16, 23, 42, 38, 30, 22, 18, 12, 9, 14, 20, 31, 44, 47, 40, 33, 28, 19, 11, 7, 5];

export function Signs() {
  const toasts = useToasts();
  return (
    <>
      <Card title="Buttons and badges">
        <div className="flex flex-col gap-4">
          <div className="flex flex-wrap items-center gap-2">
            <Button tone="primary" icon={Play}>
              Start run
            </Button>
            <Button icon={RotateCw}>Retry</Button>
            <Button tone="quiet">Cancel</Button>
            <Button tone="danger" icon={Trash2}>
              Delete
            </Button>
            <Button busy>Saving</Button>
            <Button disabled>Not allowed</Button>
            <Button size="sm">Small</Button>
            <IconButton icon={RotateCw} label="Retry" />
            <Button onClick={() => toasts.show({ title: "Schedule paused", undo: () => {} })}>Toast with undo</Button>
            <Button onClick={() => toasts.fail(new Error("The run has ended already."))}>Toast of a failure</Button>
          </div>
          <div className="flex flex-wrap items-center gap-2">
            {runStatuses.map((status) => (
              <StatusBadge key={status} status={status} />
            ))}
            <StatusBadge status="waiting" reason="waiting_for_approval" />
            <StatusIcon status="running" />
            <StatusIcon status="failed" />
          </div>
          <div className="flex flex-wrap items-center gap-2">
            {tones.map((tone) => (
              <Badge key={tone} tone={tone}>
                {reasonWords(tone)}
              </Badge>
            ))}
          </div>
        </div>
      </Card>
      <Figures />
      <Card title="States">
        <EmptyState icon={Inbox} title="No runs yet" command="sluice run charge-card --input '{}'">
          Start one here or from a terminal.
        </EmptyState>
        <ErrorState
          error={new Error("The server does not answer.")}
          title="The runs could not be read"
          onRetry={() => {}}
        />
      </Card>
    </>
  );
}

function Figures() {
  return (
    <div className="grid gap-4 lg:grid-cols-3">
      <Card title="Figures" detail="The last day">
        <div className="grid grid-cols-2 gap-4">
          <Stat label="Runs" value="12,480" detail="540 an hour">
            <Sparkline values={runs} marked={runs.map((count) => count / 8)} label="Runs an hour: 4 to 47" />
          </Stat>
          <Stat label="p95" value="2.4" unit="s" tone="warn" detail="was 1.8 s">
            <Sparkline values={[...runs.slice(0, 9), null, ...runs.slice(10)]} form="line" label="Durations" />
          </Stat>
        </div>
      </Card>
      <Card title="Names and values">
        <KeyValue
          pairs={[
            { name: "Run", value: <Mono>run_01JCXW3D9M2T7N8QK4</Mono> },
            { name: "Started", value: <Time at={Date.now() - 75_000} /> },
            { name: "Moment", value: <Time at={Date.UTC(2026, 0, 9, 14, 5, 33, 120)} form="moment" withMs /> },
            { name: "Took", value: <Duration ms={125_400} /> },
            { name: "Going on", value: <Elapsed from={Date.now() - 3_000} to={null} /> },
            { name: "Name", value: <Text>{evil}</Text> },
          ]}
        />
      </Card>
      <Card title="On its way">
        <div className="flex flex-col gap-3">
          <Heading detail="not yet">Heading</Heading>
          <Skeleton className="w-1/2" />
          <Skeleton className="w-3/4" />
          <Skeleton />
        </div>
      </Card>
    </div>
  );
}
