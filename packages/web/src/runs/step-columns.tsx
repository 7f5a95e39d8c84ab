// What a row of the journal shows, by the room there is.
import { Badge } from "../ui/badge.tsx";
import type { Column } from "../ui/columns.ts";
import { Mono, Text } from "../ui/text.tsx";
import { Elapsed, Time } from "../ui/time.tsx";
import { firstLine } from "./run-columns.tsx";
import { beganAt, kindLook, stateLooks } from "./step-state.ts";
import type { EntryState, Step } from "./words.ts";

const previewCharsMax = 160;

/** A value on one line; undefined where there is nothing to say. */
function previewOf(step: Step): string | undefined {
  if (step.error !== null) return firstLine(step.error.message);
  if (step.omitted?.includes("output") === true) return "large value";
  if (step.output === null) return undefined;
  return (JSON.stringify(step.output) ?? "").slice(0, previewCharsMax);
}

export function StateBadge({ state }: { readonly state: EntryState }) {
  const { label, tone, icon } = stateLooks[state];
  return (
    <Badge tone={tone} icon={icon}>
      {label}
    </Badge>
  );
}

export function StepName({ step }: { readonly step: Step }) {
  const { icon: Icon, label } = kindLook(step.kind);
  return (
    <span className="flex min-w-0 items-center gap-2">
      <span title={label} className="shrink-0 text-ink-faint">
        <Icon aria-hidden className="size-3.5" />
        <span className="sr-only">{label}</span>
      </span>
      <Text truncate className="font-medium">
        {step.name}
      </Text>
      {step.attempt > 1 && <Badge tone="warn">{step.attempt} attempts</Badge>}
    </span>
  );
}

/** `stateOf` answers how a step of this journal stands. */
export function stepColumns(stateOf: (step: Step) => EntryState): readonly Column<Step>[] {
  return [
    {
      name: "order",
      label: "#",
      width: "2.5rem",
      align: "end",
      from: "sm",
      cell: ({ order }) => <span className="text-ink-faint">{order ?? "–"}</span>,
    },
    { name: "step", label: "Step", width: "minmax(0, 1.3fr)", cell: (step) => <StepName step={step} /> },
    {
      name: "state",
      label: "State",
      width: "8.5rem",
      cell: (step) => (
        <span className="flex items-center">
          <StateBadge state={stateOf(step)} />
        </span>
      ),
    },
    { name: "seq", label: "Call", width: "3rem", align: "end", from: "lg", cell: ({ seq }) => seq },
    {
      name: "started",
      label: "Started",
      width: "5rem",
      from: "md",
      cell: (step) => <Time at={beganAt(step)} className="whitespace-nowrap text-ink-soft" />,
    },
    {
      name: "took",
      label: "Took",
      width: "4.5rem",
      align: "end",
      cell: (step) => <Elapsed from={beganAt(step)} to={step.endedAt} />,
    },
    { name: "value", label: "Result", width: "minmax(0, 1.5fr)", from: "lg", cell: (step) => <Preview step={step} /> },
  ];
}

function Preview({ step }: { readonly step: Step }) {
  const text = previewOf(step);
  if (text === undefined) return null;
  if (step.error !== null) {
    return (
      <Text truncate className="text-bad">
        {text}
      </Text>
    );
  }
  return (
    <Mono truncate className="text-ink-soft">
      {text}
    </Mono>
  );
}
