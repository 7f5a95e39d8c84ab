// Everything about one step: how it stands, when, what it gave or how it failed, what was logged meanwhile.
import { Link } from "@tanstack/react-router";
import { ChevronDown, ChevronUp, GitFork, X } from "lucide-react";
import { useMay } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { KeyValue } from "../ui/card.tsx";
import { EmptyState, SkeletonRows } from "../ui/states.tsx";
import { Mono, Text } from "../ui/text.tsx";
import { Duration, Elapsed, Time } from "../ui/time.tsx";
import { formatBytes } from "../ui/time-format.ts";
import { ApprovalBox } from "./approval-box.tsx";
import { inCallOrder, undoneBy } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { linesOf } from "./log-lines.ts";
import { LogRow } from "./log-view.tsx";
import { RunError } from "./run-error.tsx";
import { RunValue, Section } from "./run-value.tsx";
import { StateBadge } from "./step-columns.tsx";
import { StepInput } from "./step-input.tsx";
import { beganAt, kindLook, stateOf, undoneSteps } from "./step-state.ts";
import { useChildren, useJournal, useLogs, useRun } from "./use-run.ts";
import type { Run, Step } from "./words.ts";

const linesShownMax = 50;

interface StepPanelProps {
  /** Run whose page it is on. */
  readonly root: Run;
  /** Run whose step it is: the same, or one below it. */
  readonly owner: string;
  /** Of the owner, where the page has it. */
  readonly journal: Journal | undefined;
  readonly step: number;
  /** It has a button that closes it; in a drawer the drawer has one. */
  readonly closes: boolean;
  readonly onSelect: (step: number | undefined, owner?: string) => void;
  readonly onFork: (owner: Run, from: number) => void;
}

export function StepPanel(p: StepPanelProps) {
  const isRoot = p.owner === p.root.id;
  const other = useRun(p.owner);
  const run = isRoot ? p.root : other.data?.run;
  const read = useJournal(p.owner, run?.attempt);
  const journal = p.journal ?? read.journal;
  if (run === undefined || journal === undefined) return <SkeletonRows rows={5} />;
  const steps = inCallOrder(journal);
  const index = steps.findIndex(({ seq }) => seq === p.step);
  const step = steps[index];
  if (step === undefined) {
    return journal.complete ? (
      <EmptyState title="There is no such step" actions={<Button onClick={() => p.onSelect(undefined)}>Close</Button>}>
        A retry takes away what it does again.
      </EmptyState>
    ) : (
      <SkeletonRows rows={5} />
    );
  }
  const go = (to: Step | undefined) => to !== undefined && p.onSelect(to.seq, p.owner);
  return (
    <div className="flex flex-col">
      <header className="sticky top-0 z-10 flex items-start gap-2 border-b border-line bg-panel px-4 py-2.5">
        <div className="min-w-0 grow">
          <h2 className="min-w-0 text-base font-semibold">
            <Text>{step.name}</Text>
          </h2>
          <p className="text-xs text-ink-faint">
            {kindLook(step.kind).label}
            {step.occurrence > 0 && ` · call ${step.occurrence + 1} of this name`}
            {!isRoot && (
              <>
                {" · of "}
                <Link to="/runs/$run" params={{ run: p.owner }} className="text-accent-ink hover:underline">
                  <Mono>{p.owner}</Mono>
                </Link>
              </>
            )}
          </p>
        </div>
        <IconButton
          icon={ChevronUp}
          label="The step before"
          size="sm"
          disabled={index === 0}
          onClick={() => go(steps[index - 1])}
        />
        <IconButton
          icon={ChevronDown}
          label="The next step"
          size="sm"
          disabled={index === steps.length - 1}
          onClick={() => go(steps[index + 1])}
        />
        {p.closes && <IconButton icon={X} label="Close the step" size="sm" onClick={() => p.onSelect(undefined)} />}
      </header>
      <StepBody key={`${p.owner}/${step.seq}`} run={run} step={step} steps={steps} onFork={p.onFork} />
    </div>
  );
}

interface StepBodyProps {
  readonly run: Run;
  readonly step: Step;
  readonly steps: readonly Step[];
  readonly onFork: (owner: Run, from: number) => void;
}

function StepBody({ run, step, steps, onFork }: StepBodyProps) {
  const mayFork = useMay("run:fork", run.workflow);
  const omitted = step.omitted?.includes("output") === true;
  const state = stateOf(step, undoneSteps(steps));
  return (
    <div className="flex flex-col gap-4 p-4">
      <div className="flex flex-wrap items-center gap-2">
        <StateBadge state={state} />
        {mayFork && step.seq >= 0 && (
          <Button size="sm" tone="quiet" icon={GitFork} className="ml-auto" onClick={() => onFork(run, step.seq)}>
            Fork from this step
          </Button>
        )}
      </div>
      {step.kind === "approval" && step.status === "running" && (
        <ApprovalBox run={run.id} workflow={run.workflow} name={step.name} />
      )}
      {step.error !== null && <RunError error={step.error} />}
      <StepFacts step={step} retrying={state === "retrying"} />
      <Attempts step={step} />
      <ChildLink run={run.id} step={step} />
      <Section title={step.kind === "event" || step.kind === "approval" ? "What came" : "Output"}>
        {step.output === null && !omitted ? (
          <p className="text-sm text-ink-soft">{step.status === "running" ? "Nothing yet." : "None."}</p>
        ) : (
          <RunValue run={run.id} part={String(step.seq)} label="Output" value={step.output} omitted={omitted} />
        )}
      </Section>
      <StepInput run={run} step={step} />
      <StepLogs run={run.id} step={step} />
    </div>
  );
}

function StepFacts({ step, retrying }: { readonly step: Step; readonly retrying: boolean }) {
  const undone = undoneBy(step);
  return (
    <KeyValue
      pairs={[
        {
          name: step.endedAt === null ? (kindLook(step.kind).waits === true ? "Waiting for" : "Running for") : "Took",
          value: <Elapsed from={beganAt(step)} to={step.endedAt} />,
        },
        { name: "Attempts", value: String(step.attempt) },
        retrying ? { name: "Next attempt", value: <Time at={step.dueAt} /> } : null,
        !retrying && step.endedAt === null && step.dueAt !== null
          ? { name: "Until", value: <Time at={step.dueAt} /> }
          : null,
        { name: "Started", value: <Time at={beganAt(step)} form="moment" withMs /> },
        step.endedAt === null ? null : { name: "Settled", value: <Time at={step.endedAt} form="moment" withMs /> },
        { name: "Call", value: undone === undefined ? String(step.seq) : `Undo of call ${undone}` },
        step.outputBytes === null ? null : { name: "Size of the output", value: formatBytes(step.outputBytes) },
        step.order === null ? null : { name: "Settled as", value: `number ${step.order}` },
      ]}
    />
  );
}

/** Those before the last one, with what went wrong. */
function Attempts({ step }: { readonly step: Step }) {
  if (step.attempts.length === 0) return null;
  return (
    <Section title="Attempts before">
      <ol className="flex flex-col gap-2">
        {step.attempts.map(({ attempt, startedAt, endedAt, error }) => (
          <li key={attempt} className="flex flex-col gap-1">
            <p className="flex items-baseline gap-2 text-sm">
              <span className="font-medium">Attempt {attempt}</span>
              <Duration ms={endedAt - startedAt} />
              <Time at={startedAt} className="text-xs text-ink-faint" />
            </p>
            <RunError short error={error} />
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** To the run that the step started. */
function ChildLink({ run, step }: { readonly run: string; readonly step: Step }) {
  const children = useChildren(run);
  const child = children.findLast(({ parentStep }) => parentStep === step.seq);
  if (child === undefined) return null;
  return (
    <Section title="Child run">
      <Link to="/runs/$run" params={{ run: child.id }} className="text-sm text-accent-ink hover:underline">
        <Mono>{child.id}</Mono>
      </Link>
    </Section>
  );
}

function StepLogs({ run, step }: { readonly run: string; readonly step: Step }) {
  const logs = useLogs(run);
  const lines = linesOf(step, logs.data ?? []);
  if (lines.length === 0) return null;
  return (
    <Section title={`Logged while it ran (${lines.length})`}>
      <div className="-mx-3 rounded-md border border-line py-1">
        {lines.slice(0, linesShownMax).map((line) => (
          <LogRow key={line.line} line={line} />
        ))}
      </div>
      {lines.length > linesShownMax && (
        <Link
          from="/runs/$run"
          to="."
          search={(before) => ({ ...before, tab: "logs" as const, step: undefined })}
          className="text-xs text-accent-ink hover:underline"
        >
          All of them
        </Link>
      )}
    </Section>
  );
}
