// What a step was given. Only what the engine hands on is recorded: the input of a child run, what an event has to be like.
// A function of the user closes over what it needs, so what is shown for it is the input that its run was given.
import { useApi } from "../query.ts";
import { useMay } from "../session/session.ts";
import { JsonTree } from "../ui/json-tree.tsx";
import { KeyValue } from "../ui/card.tsx";
import { Mono } from "../ui/text.tsx";
import { RunValue, Section } from "./run-value.tsx";
import { useChildren } from "./use-run.ts";
import type { Run, Step } from "./words.ts";

const waitsReadMax = 200;

interface StepInputProps {
  readonly run: Run;
  readonly step: Step;
}

export function StepInput({ run, step }: StepInputProps) {
  if (step.kind === "call" || step.kind === "start") return <ChildInput run={run} step={step} />;
  if (step.kind === "event" && step.status === "running") return <Awaited run={run} step={step} />;
  return <OwnInput run={run} isFunction={step.kind === "step"} />;
}

function OwnInput({ run, isFunction }: { readonly run: Run; readonly isFunction: boolean }) {
  return (
    <Section title="Input of the run">
      {isFunction && (
        <p className="text-xs text-ink-faint">
          A step is a function without arguments: it was given what the run was given, and the results before it.
        </p>
      )}
      <RunValue
        run={run.id}
        part="input"
        label="Input of the run"
        value={run.input}
        omitted={run.omitted?.includes("input") === true}
        className="max-h-60"
      />
    </Section>
  );
}

/** Of the run that the step started. */
function ChildInput({ run, step }: StepInputProps) {
  const child = useChildren(run.id).findLast(({ parentStep }) => parentStep === step.seq);
  if (child === undefined) return <OwnInput run={run} isFunction={false} />;
  return (
    <Section title="Input">
      <RunValue
        run={child.id}
        part="input"
        label="Input"
        value={child.input}
        omitted={child.omitted?.includes("input") === true}
        className="max-h-60"
      />
    </Section>
  );
}

/** What the event has to be like, while it is waited for. */
function Awaited({ run, step }: StepInputProps) {
  const may = useMay("event:read");
  const waits = useApi("listWaits", { query: { event: step.name, limit: waitsReadMax } }, { enabled: may });
  const wait = waits.data?.waits.find((each) => each.run === run.id && each.event === step.name);
  if (wait === undefined) return <OwnInput run={run} isFunction={false} />;
  return (
    <Section title="Waits for an event">
      <KeyValue
        pairs={[
          { name: "Name", value: <Mono>{wait.event}</Mono> },
          { name: "Key", value: wait.key === null ? "Any" : <Mono>{wait.key}</Mono> },
        ]}
      />
      {wait.match !== null && <JsonTree label="Its payload has" source={{ value: wait.match }} className="max-h-60" />}
    </Section>
  );
}
