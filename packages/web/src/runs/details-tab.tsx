// Input, output and everything else that is known of a run.
import { Link } from "@tanstack/react-router";
import { Card, KeyValue } from "../ui/card.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { reasonWords, runStatusLooks } from "../ui/badge.tsx";
import { RunTags } from "./run-tags.tsx";
import { RunError } from "./run-error.tsx";
import { RunValue } from "./run-value.tsx";
import type { Run } from "./words.ts";

export function DetailsTab({ run }: { readonly run: Run }) {
  const omits = (name: "input" | "output" | "progress") => run.omitted?.includes(name) === true;
  return (
    <div className="grid h-full content-start gap-4 overflow-y-auto pb-8 xl:grid-cols-2">
      <Card title="Input">
        <RunValue run={run.id} part="input" label="Input" value={run.input} omitted={omits("input")} />
      </Card>
      <Card title="Output">
        {run.status === "completed" ? (
          <RunValue run={run.id} part="output" label="Output" value={run.output} omitted={omits("output")} />
        ) : run.error !== null ? (
          <RunError error={run.error} />
        ) : (
          <p className="text-sm text-ink-soft">There is none until it has completed.</p>
        )}
      </Card>
      {run.progress !== null && !omits("progress") && (
        <Card title="Progress">
          <RunValue run={run.id} part="progress" label="Progress" value={run.progress} omitted={false} />
        </Card>
      )}
      <Card title="Run">
        <Facts run={run} />
      </Card>
    </div>
  );
}

function Facts({ run }: { readonly run: Run }) {
  const moment = (at: number | null) => (at === null ? "–" : <Time at={at} form="moment" withMs />);
  return (
    <KeyValue
      pairs={[
        { name: "Id", value: <Mono>{run.id}</Mono> },
        {
          name: "Workflow",
          value: (
            <Link to="/runs" search={{ workflow: run.workflow }} className="text-accent-ink hover:underline">
              <Text>{run.workflow}</Text>
            </Link>
          ),
        },
        { name: "Version", value: <Mono>{run.version === "" ? "–" : run.version}</Mono> },
        {
          name: "Status",
          value: `${runStatusLooks[run.status].label}${run.statusReason === null ? "" : ` (${reasonWords(run.statusReason)})`}`,
        },
        { name: "Created", value: moment(run.createdAt) },
        run.dueAt === null ? null : { name: "Not before", value: moment(run.dueAt) },
        { name: "Started", value: moment(run.startedAt) },
        { name: "Ended", value: moment(run.endedAt) },
        run.timeoutAt === null ? null : { name: "Times out", value: moment(run.timeoutAt) },
        { name: "Attempt", value: String(run.attempt) },
        { name: "Crashes", value: String(run.crashes) },
        { name: "Priority", value: String(run.priority) },
        { name: "Started by", value: <Text>{run.by}</Text> },
        run.idempotencyKey === null ? null : { name: "Idempotency key", value: <Mono>{run.idempotencyKey}</Mono> },
        run.schedule === null ? null : { name: "Schedule", value: <Mono>{run.schedule}</Mono> },
        run.tags.length === 0 ? null : { name: "Tags", value: <RunTags tags={run.tags} whole /> },
      ]}
    />
  );
}
