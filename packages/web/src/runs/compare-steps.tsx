// The steps of two runs, matched by name: how each stood and how long it took, with what they gave where that differs.
import { getRouteApi, Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { cx } from "../ui/cx.ts";
import { Switch } from "../ui/field.tsx";
import { Text } from "../ui/text.tsx";
import { Duration, Elapsed } from "../ui/time.tsx";
import { formatCount } from "../ui/time-format.ts";
import { stepPairs } from "./compare.ts";
import type { StepDifference, StepPair } from "./compare.ts";
import { Alike, Differences } from "./compare-values.tsx";
import { jsonDiff } from "./json-diff.ts";
import type { Journal } from "./journal.ts";
import { StateBadge, StepName } from "./step-columns.tsx";
import { beganAt, stateOf } from "./step-state.ts";
import type { Run, Step } from "./words.ts";

const route = getRouteApi("/shell/runs/compare");
const pairsShown = 200;
const words: Readonly<Record<StepDifference, string>> = {
  only_a: "Only first",
  only_b: "Only second",
  status: "State differs",
  result: "Result differs",
  attempts: "Attempts differ",
};

interface CompareStepsProps {
  readonly runs: readonly [Run, Run];
  readonly journals: readonly [Journal, Journal];
}

export function CompareSteps({ runs, journals }: CompareStepsProps) {
  const { all } = route.useSearch();
  const navigate = route.useNavigate();
  const [more, setMore] = useState(pairsShown);
  const pairs = useMemo(() => stepPairs(journals[0], journals[1]), [journals]);
  const differing = pairs.filter(({ difference }) => difference !== undefined);
  const shown = all === true ? pairs : differing;
  return (
    <Card
      flush={shown.length > 0}
      title="Steps"
      detail={`${formatCount(differing.length)} of ${formatCount(pairs.length)} differ`}
      actions={
        <Switch
          label="All steps"
          checked={all === true}
          onChange={(on) =>
            void navigate({ search: (before) => ({ ...before, all: on ? true : undefined }), replace: true })
          }
        />
      }
    >
      {shown.length === 0 ? (
        <Alike />
      ) : (
        <ul>
          {shown.slice(0, more).map((pair) => (
            <PairRow key={pair.key} pair={pair} runs={runs} />
          ))}
        </ul>
      )}
      {shown.length > more && (
        <div className="flex justify-center py-3">
          <Button size="sm" onClick={() => setMore(more + pairsShown)}>
            {formatCount(shown.length - more)} more
          </Button>
        </div>
      )}
    </Card>
  );
}

function PairRow({ pair, runs }: { readonly pair: StepPair; readonly runs: readonly [Run, Run] }) {
  const { a, b, difference } = pair;
  const step = a ?? b;
  const [open, setOpen] = useState(false);
  if (step === undefined) return null;
  const telling = a !== undefined && b !== undefined && difference === "result" && a.error === null && b.error === null;
  return (
    <li className="border-b border-line px-4 py-2 last:border-b-0">
      <div className="grid items-center gap-x-4 gap-y-1 md:grid-cols-[minmax(0,1.3fr)_minmax(0,1fr)_minmax(0,1fr)]">
        <div className="flex min-w-0 items-center gap-2">
          <StepName step={step} />
          {difference !== undefined && (
            <Badge tone={difference === "attempts" ? "neutral" : "warn"} className="shrink-0">
              {words[difference]}
            </Badge>
          )}
          {telling && (
            <Button size="sm" tone="quiet" aria-expanded={open} onClick={() => setOpen(!open)}>
              {open ? "Hide" : "Show"}
            </Button>
          )}
        </div>
        <Side step={a} run={runs[0]} />
        <Side step={b} run={runs[1]} than={a} />
      </div>
      {open && telling && (
        <div className="mt-2 rounded-md border border-line">
          <Differences differences={jsonDiff(a.output, b.output)} />
        </div>
      )}
    </li>
  );
}

interface SideProps {
  readonly step: Step | undefined;
  readonly run: Run;
  /** What it is measured against. */
  readonly than?: Step | undefined;
}

function Side({ step, run, than }: SideProps) {
  if (step === undefined) return <span className="text-sm text-ink-faint">–</span>;
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      <span className="flex items-center gap-2 text-sm">
        <Link to="/runs/$run" params={{ run: run.id }} search={{ step: step.seq }} className="rounded-sm">
          <StateBadge state={stateOf(step)} />
        </Link>
        <Elapsed from={beganAt(step)} to={step.endedAt} />
        <Slower step={step} than={than} />
      </span>
      {step.error !== null && (
        <Text truncate className="text-xs text-bad">
          {step.error.message}
        </Text>
      )}
    </div>
  );
}

const noticedMs = 5;

function Slower({ step, than }: { readonly step: Step; readonly than: Step | undefined }) {
  if (than?.endedAt === undefined || than.endedAt === null || step.endedAt === null) return null;
  const by = step.endedAt - beganAt(step) - (than.endedAt - beganAt(than));
  if (Math.abs(by) < noticedMs) return null;
  return (
    <span className={cx("text-xs whitespace-nowrap", by > 0 ? "text-warn" : "text-good")}>
      <Duration ms={Math.abs(by)} /> {by > 0 ? "longer" : "shorter"}
    </span>
  );
}
