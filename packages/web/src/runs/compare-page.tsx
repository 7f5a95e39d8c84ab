// Two runs side by side: what went in, what came out, and step by step where they part.
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeftRight, GitCompareArrows } from "lucide-react";
import { useMemo } from "react";
import { Page } from "../shell/page.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Combobox } from "../ui/combobox.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../ui/states.tsx";
import { StatusBadge, runStatusLooks } from "../ui/badge.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Elapsed, Time } from "../ui/time.tsx";
import { useApi } from "../query.ts";
import { formatMoment } from "../ui/time-format.ts";
import { usePreferences } from "../parts.ts";
import { CompareSteps } from "./compare-steps.tsx";
import { ValueDifferences } from "./compare-values.tsx";
import type { Journal } from "./journal.ts";
import { RunError } from "./run-error.tsx";
import { useJournal, useRun } from "./use-run.ts";
import type { Run } from "./words.ts";

const route = getRouteApi("/shell/runs/compare");

export function ComparePage() {
  const { a, b } = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <Page
      title="Compare runs"
      actions={
        a !== undefined &&
        b !== undefined && (
          <Button
            size="sm"
            icon={ArrowLeftRight}
            onClick={() => void navigate({ search: (before) => ({ ...before, a: b, b: a }) })}
          >
            Swap
          </Button>
        )
      }
    >
      <div className="mb-4 grid gap-3 sm:grid-cols-2">
        <div className="min-w-0">
          <RunPicker side="a" value={a} other={b} />
        </div>
        <div className="min-w-0">
          <RunPicker side="b" value={b} other={a} />
        </div>
      </div>
      {a === undefined || b === undefined ? (
        <EmptyState icon={GitCompareArrows} title="Choose two runs" command="sluice runs list --workflow NAME">
          A run and the one it was forked from, or the last good one and the first bad one.
        </EmptyState>
      ) : (
        <Compared a={a} b={b} />
      )}
    </Page>
  );
}

/** The latest runs, of the other one's workflow where there is one; any id can be typed. */
function RunPicker(p: {
  readonly side: "a" | "b";
  readonly value: string | undefined;
  readonly other: string | undefined;
}) {
  const navigate = route.useNavigate();
  const { timeZone } = usePreferences();
  const known = useApi(
    "getRun",
    { params: { run: p.other ?? "" }, query: { small: true, stacks: true } },
    { enabled: p.other !== undefined },
  );
  const workflow = known.data?.run.workflow;
  const recent = useApi("listRuns", { query: { limit: 50, workflow } }, { keepPrevious: true });
  const options = (recent.data?.runs ?? [])
    .filter(({ id }) => id !== p.other)
    .map((run) => ({
      value: run.id,
      label: `${run.workflow} · ${runStatusLooks[run.status].label} · ${formatMoment(run.createdAt, timeZone)} · ${run.id}`,
    }));
  return (
    <Combobox
      free
      label={p.side === "a" ? "First run" : "Second run"}
      placeholder={p.side === "a" ? "First run" : "Second run"}
      value={p.value ?? ""}
      options={options}
      onChange={(run) => void navigate({ search: (before) => ({ ...before, [p.side]: run }) })}
      className="w-full"
    />
  );
}

function Compared({ a, b }: { readonly a: string; readonly b: string }) {
  const first = useRun(a);
  const second = useRun(b);
  const firstJournal = useJournal(a, first.data?.run.attempt);
  const secondJournal = useJournal(b, second.data?.run.attempt);
  const error = first.error ?? second.error ?? firstJournal.error ?? secondJournal.error;
  const runs = useMemo(
    () =>
      first.data === undefined || second.data === undefined ? undefined : ([first.data.run, second.data.run] as const),
    [first.data, second.data],
  );
  if (error !== null && runs === undefined) return <ErrorState title="A run could not be read" error={error} />;
  if (runs === undefined || firstJournal.journal === undefined || secondJournal.journal === undefined)
    return <SkeletonRows />;
  return <Both runs={runs} journals={[firstJournal.journal, secondJournal.journal]} />;
}

interface BothProps {
  readonly runs: readonly [Run, Run];
  readonly journals: readonly [Journal, Journal];
}

function Both({ runs, journals }: BothProps) {
  const [a, b] = runs;
  const omitted = (name: "input" | "output") =>
    a.omitted?.includes(name) === true || b.omitted?.includes(name) === true;
  return (
    <div className="flex flex-col gap-4">
      <div className="grid gap-4 sm:grid-cols-2">
        <RunCard run={a} />
        <RunCard run={b} />
      </div>
      {a.workflow !== b.workflow && (
        <p role="status" className="text-sm text-warn">
          These are runs of different workflows.
        </p>
      )}
      <ValueDifferences
        title="Input"
        runs={[a.id, b.id]}
        part="input"
        values={[a.input, b.input]}
        omitted={omitted("input")}
      />
      <ValueDifferences
        title="Output"
        runs={[a.id, b.id]}
        part="output"
        values={[a.output, b.output]}
        omitted={omitted("output")}
      />
      <CompareSteps runs={runs} journals={journals} />
    </div>
  );
}

function RunCard({ run }: { readonly run: Run }) {
  return (
    <Card>
      <div className="flex flex-col gap-2">
        <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Link to="/runs/$run" params={{ run: run.id }} className="min-w-0 font-medium hover:underline">
            <Text>{run.workflow}</Text>
          </Link>
          <StatusBadge status={run.status} reason={run.statusReason} />
        </div>
        <Mono truncate className="text-ink-soft">
          {run.id}
        </Mono>
        <p className="flex flex-wrap gap-x-4 text-xs text-ink-soft">
          <span>
            Created <Time at={run.createdAt} />
          </span>
          {run.startedAt !== null && (
            <span>
              Took <Elapsed from={run.startedAt} to={run.endedAt} />
            </span>
          )}
          {run.version !== "" && (
            <span>
              Version <Mono>{run.version.slice(0, 12)}</Mono>
            </span>
          )}
        </p>
        {run.error !== null && <RunError short error={run.error} />}
      </div>
    </Card>
  );
}
