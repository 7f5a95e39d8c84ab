// The head of a run's page: its status and id beside the title, and the facts below it.
import { isFinalStatus } from "@sluice/protocol";
import { Link } from "@tanstack/react-router";
import { Eraser, LockKeyhole } from "lucide-react";
import type { ReactNode } from "react";
import { componentOf } from "../cluster/words.ts";
import { Badge, StatusBadge } from "../ui/badge.tsx";
import { CopyButton } from "../ui/code-block.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Elapsed, Time } from "../ui/time.tsx";
import { RunTags } from "./run-tags.tsx";
import type { Run } from "./words.ts";

export function RunDetail({ run }: { readonly run: Run }) {
  return (
    <div className="flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1">
      <StatusBadge status={run.status} reason={run.statusReason} />
      <span className="flex min-w-0 items-center gap-0.5 text-xs text-ink-soft">
        <Mono truncate>{run.id}</Mono>
        <CopyButton text={run.id} label="Copy its id" />
      </span>
      {run.payload !== "plain" && (
        <Badge icon={run.payload === "erased" ? Eraser : LockKeyhole}>
          {run.payload === "erased" ? "Erased" : "Encrypted"}
        </Badge>
      )}
      {run.attempt > 1 && <Badge tone="warn">Attempt {run.attempt}</Badge>}
      {run.crashes > 0 && (
        <Badge tone="bad">
          {run.crashes} {run.crashes === 1 ? "crash" : "crashes"}
        </Badge>
      )}
    </div>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className="flex min-w-0 items-baseline gap-1.5">
      <dt className="shrink-0 text-ink-faint">{name}</dt>
      <dd className="flex min-w-0 items-center">{children}</dd>
    </div>
  );
}

function RunLink({ run }: { readonly run: string }) {
  return (
    <Link to="/runs/$run" params={{ run }} className="block min-w-0 max-w-44 text-accent-ink hover:underline">
      <Mono truncate>{run}</Mono>
    </Link>
  );
}

/** What an operation in a cluster is about. */
function ComponentFact({ run }: { readonly run: Run }) {
  const component = componentOf(run);
  if (component === undefined) return null;
  return (
    <Fact name="Component">
      <Link
        to="/clusters/components/$component"
        params={{ component }}
        search={{ tab: "operations" }}
        className="text-accent-ink hover:underline"
      >
        <Text>{component}</Text>
      </Link>
    </Fact>
  );
}

export function RunFacts({ run }: { readonly run: Run }) {
  const waits = !isFinalStatus(run.status) && run.dueAt !== null && run.startedAt === null;
  return (
    <dl className="flex flex-wrap gap-x-5 gap-y-1 px-4 pb-3 text-xs text-ink sm:px-6">
      <Fact name="Created">
        <Time at={run.createdAt} />
      </Fact>
      {waits && (
        <Fact name="Due">
          <Time at={run.dueAt} />
        </Fact>
      )}
      {run.startedAt !== null && (
        <Fact name={run.endedAt === null ? "Running for" : "Took"}>
          <Elapsed from={run.startedAt} to={run.endedAt} />
        </Fact>
      )}
      {run.hold !== null && (
        <Fact name="Held back by">
          <RunHold hold={run.hold} workflow={run.workflow} />
        </Fact>
      )}
      <Fact name="By">
        <Text>{run.by}</Text>
      </Fact>
      {run.version !== "" && (
        <Fact name="Version">
          <Link to="/runs" search={{ version: run.version }} className="text-accent-ink hover:underline">
            <Mono>{run.version.slice(0, 12)}</Mono>
          </Link>
        </Fact>
      )}
      {run.parent !== null && (
        <Fact name="Parent">
          <RunLink run={run.parent} />
        </Fact>
      )}
      {run.forkedFrom !== null && (
        <Fact name="Forked from">
          <RunLink run={run.forkedFrom} />
          <Link
            to="/runs/compare"
            search={{ a: run.forkedFrom, b: run.id }}
            className="ml-1.5 shrink-0 text-accent-ink hover:underline"
          >
            compare
          </Link>
        </Fact>
      )}
      <ChainFacts run={run} />
      <ComponentFact run={run} />
      {run.schedule !== null && (
        <Fact name="Schedule">
          <Text truncate>{run.schedule}</Text>
        </Fact>
      )}
      {Object.keys(run.attributes).length > 0 && (
        <Fact name="Attributes">
          <RunAttributes run={run} />
        </Fact>
      )}
      {run.tags.length > 0 && (
        <Fact name="Tags">
          <RunTags tags={run.tags} whole />
        </Fact>
      )}
    </dl>
  );
}

/** What flow control waits for, and whose turn it is: a queue, or the value of a key. */
function RunHold({ hold, workflow }: { readonly hold: NonNullable<Run["hold"]>; readonly workflow: string }) {
  const { by, path, key } = hold;
  if (by === "queue")
    return (
      <Link to="/workflows/$name" params={{ name: workflow }} className="text-accent-ink hover:underline">
        paused queue <Mono>{key ?? ""}</Mono>
      </Link>
    );
  return (
    <span className="min-w-0 truncate">
      {holdWords[by]}
      {path !== null && (
        <>
          {" of "}
          <Mono>{path}</Mono>
          {" = "}
          <Mono>{key ?? ""}</Mono>
        </>
      )}
    </span>
  );
}

const holdWords: Readonly<Record<NonNullable<Run["hold"]>["by"], string>> = {
  queue: "its queue",
  throttle: "the throttle",
  concurrency: "the concurrency limit",
  singleton: "the one run there may be",
  fairness: "the fair share",
};

/** The runs before and after it, where runs go on as one another. */
function ChainFacts({ run }: { readonly run: Run }) {
  return (
    <>
      {run.continuedFrom !== null && (
        <Fact name="Goes on from">
          <RunLink run={run.continuedFrom} />
        </Fact>
      )}
      {run.continuedTo !== null && (
        <Fact name="Went on as">
          <RunLink run={run.continuedTo} />
        </Fact>
      )}
      {run.chain !== null && (
        <Fact name="Chain">
          <Link to="/runs" search={{ chain: run.chain }} className="text-accent-ink hover:underline">
            all its runs
          </Link>
        </Fact>
      )}
    </>
  );
}

/** Each leads to the runs that have it too. */
function RunAttributes({ run: { attributes, attributeTypes } }: { readonly run: Run }) {
  const text = (name: string, value: string | number | boolean): string =>
    attributeTypes[name] === "time" ? new Date(Number(value)).toISOString() : String(value);
  return (
    <span className="flex flex-wrap gap-x-2">
      {Object.entries(attributes).map(([name, value]) => (
        <Link
          key={name}
          to="/runs"
          search={{ attr: `${name}=${JSON.stringify(value)}` }}
          className="text-accent-ink hover:underline"
        >
          <Text truncate>{`${name} ${text(name, value)}`}</Text>
        </Link>
      ))}
    </span>
  );
}
