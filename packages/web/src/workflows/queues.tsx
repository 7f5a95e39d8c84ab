// Queues of workflows: what they hold back, and the button that pauses them and lets them go on.
import { Layers, Pause, Play } from "lucide-react";
import type { Answer } from "../api.ts";
import { useApi, useCall } from "../query.ts";
import { useMayOf } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card, KeyValue } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { formatCount } from "../ui/time-format.ts";

type Queue = Answer<"listQueues">["queues"][number];

const refreshMs = 5_000;

const columns: readonly Column<Queue>[] = [
  { name: "state", label: "State", cell: (queue) => <QueueBadge queue={queue} /> },
  {
    name: "name",
    label: "Name",
    cell: ({ name }) => (
      <Text truncate className="max-w-60 font-medium">
        {name}
      </Text>
    ),
  },
  {
    name: "workflows",
    label: "Workflows",
    from: "md",
    cell: ({ workflows }) => (
      <Text truncate className="max-w-80 text-ink-soft">
        {workflows.join(", ")}
      </Text>
    ),
  },
  { name: "held", label: "Held back", align: "end", from: "sm", cell: ({ held }) => formatCount(held) },
  { name: "actions", label: "", align: "end", cell: (queue) => <QueueButton queue={queue} /> },
];

/** All queues; reads again by itself. */
export function QueuesCard() {
  const queues = useApi("listQueues", {}, { refetchMs: refreshMs });
  return (
    <Card title="Queues" detail="nothing of a paused one begins" flush>
      {queues.data !== undefined ? (
        <Table
          label="Queues"
          columns={columns}
          rows={queues.data.queues}
          rowKey={({ name }) => name}
          empty={
            <EmptyState icon={Layers} title="No workflow names a queue">
              Workflows that name one can be paused together.
            </EmptyState>
          }
        />
      ) : queues.error === null ? (
        <SkeletonRows rows={2} />
      ) : (
        <ErrorState error={queues.error} onRetry={() => void queues.refetch()} />
      )}
    </Card>
  );
}

/** The queue of one workflow. */
export function WorkflowQueue({ name }: { readonly name: string }) {
  const queues = useApi("listQueues", {}, { refetchMs: refreshMs });
  const queue = queues.data?.queues.find((each) => each.name === name);
  if (queue === undefined) return null;
  return (
    <Card title="Queue" actions={<QueueBadge queue={queue} />}>
      <div className="flex flex-col gap-3">
        <KeyValue
          pairs={[
            { name: "Name", value: <Text>{queue.name}</Text> },
            { name: "Held back", value: formatCount(queue.held) },
            { name: "Workflows", value: <Text>{queue.workflows.join(", ")}</Text> },
          ]}
        />
        <div className="flex">
          <QueueButton queue={queue} />
        </div>
      </div>
    </Card>
  );
}

function QueueBadge({ queue }: { readonly queue: Queue }) {
  return queue.paused ? <Badge tone="warn">paused</Badge> : <Badge tone="good">open</Badge>;
}

/** Whoever presses it needs the say over every workflow that names the queue. */
function QueueButton({ queue }: { readonly queue: Queue }) {
  const may = useMayOf();
  const changes = ["listQueues", "listRuns"] as const;
  const pause = useCall("pauseQueue", { done: "Paused: nothing of it begins", changes: [...changes] });
  const resume = useCall("resumeQueue", { done: "Its runs begin again", changes: [...changes] });
  if (!queue.workflows.every((workflow) => may("queue:control", workflow))) return null;
  const call = queue.paused ? resume : pause;
  return (
    <Button
      size="sm"
      tone="plain"
      icon={queue.paused ? Play : Pause}
      busy={call.isPending}
      onClick={() => call.mutate({ params: { queue: queue.name }, body: {} })}
    >
      {queue.paused ? "Resume" : "Pause"}
    </Button>
  );
}
