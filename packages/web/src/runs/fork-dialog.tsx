// Forking a run: from which step on it is executed again, and with which input.
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api } from "../api.ts";
import { useToasts } from "../parts.ts";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Switch, TextArea } from "../ui/field.tsx";
import { Combobox } from "../ui/combobox.tsx";
import { Skeleton } from "../ui/states.tsx";
import { Text } from "../ui/text.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { fromBeginning } from "./fork-point.ts";
import { inCallOrder } from "./journal.ts";
import type { Journal } from "./journal.ts";
import { jsonText, parseJsonText } from "./json-text.ts";
import { kindLook } from "./step-state.ts";
import type { Run, Step } from "./words.ts";

interface ForkDialogProps {
  readonly run: Run;
  readonly journal: Journal | undefined;
  /** Number of the step to begin with; undefined is the beginning. */
  readonly from: number | undefined;
  readonly onClose: () => void;
}

const beginning = "start";
const stepsOfferedMax = 500;

function stepLabel({ seq, kind, name }: Step): string {
  return `${seq} · ${visibleText(name)}${kind === "step" ? "" : ` (${kindLook(kind).label.toLowerCase()})`}`;
}

export function ForkDialog({ run, journal, from, onClose }: ForkDialogProps) {
  const navigate = useNavigate();
  const toasts = useToasts();
  const [start, setStart] = useState(from === undefined ? beginning : String(from));
  const [edits, setEdits] = useState(false);
  const [text, setText] = useState<string>();
  const whole = useWholeInput(run, edits);
  const given = text ?? (whole.data === undefined ? undefined : jsonText(whole.data));
  const read = edits ? parseJsonText(given ?? "") : undefined;
  const fork = useCall("forkRun", {
    done: "Forked",
    changes: ["listRuns"],
    onDone: ({ run: made }) => {
      onClose();
      void navigate({ to: "/runs/$run", params: { run: made.id } });
    },
  });
  const steps = journal === undefined ? [] : inCallOrder(journal).filter(({ seq }) => seq >= 0);
  const submit = async () => {
    const begin = start === beginning ? await fromBeginning(run.id) : { from: Number(start) };
    fork.mutate({ params: { run: run.id }, body: { ...begin, ...(read?.ok === true ? { input: read.value } : {}) } });
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="Fork this run"
      detail="A new run on the current code. This one stays as it is."
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button
            tone="primary"
            busy={fork.isPending}
            disabled={read?.ok === false || (edits && given === undefined)}
            onClick={() => void submit().catch((error: unknown) => toasts.fail(error))}
          >
            Fork
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <BeginWith steps={steps} value={start} onChange={setStart} />
        <Switch label="Edit the input" checked={edits} onChange={setEdits} />
        {edits && (
          <InputEditor
            text={given}
            onChange={setText}
            error={read?.ok === false ? read.message : undefined}
            keepsSteps={start !== beginning}
          />
        )}
      </div>
    </Dialog>
  );
}

interface BeginWithProps {
  readonly steps: readonly Step[];
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function BeginWith({ steps, value, onChange }: BeginWithProps) {
  const chosen = steps.find(({ seq }) => String(seq) === value);
  const options = offered(steps, chosen).map((step) => ({ value: String(step.seq), label: stepLabel(step) }));
  return (
    <Field label="Begin with" help={<Kept chosen={chosen} />}>
      {(ties) => (
        <Combobox
          {...ties}
          value={value}
          onChange={onChange}
          placeholder="Find a step"
          options={[{ value: beginning, label: "The beginning" }, ...options]}
          className="w-full"
        />
      )}
    </Field>
  );
}

interface InputEditorProps {
  /** Undefined while it is being read. */
  readonly text: string | undefined;
  readonly onChange: (text: string) => void;
  readonly error: string | undefined;
  readonly keepsSteps: boolean;
}

function InputEditor({ text, onChange, error, keepsSteps }: InputEditorProps) {
  if (text === undefined) return <Skeleton className="h-40" />;
  return (
    <Field
      label="Input as JSON"
      error={error}
      help={keepsSteps ? "What is kept of the journal was made with the input before." : undefined}
    >
      {(ties) => (
        <TextArea
          {...ties}
          value={text}
          onChange={({ target }) => onChange(target.value)}
          rows={Math.min(18, Math.max(6, text.split("\n").length))}
          className="font-mono"
        />
      )}
    </Field>
  );
}

/** A long journal has more steps than one can choose from by eye; the chosen one is always there. */
function offered(steps: readonly Step[], chosen: Step | undefined): readonly Step[] {
  const shown = steps.slice(0, stepsOfferedMax);
  return chosen === undefined || shown.includes(chosen) ? shown : [chosen, ...shown];
}

function Kept({ chosen }: { readonly chosen: Step | undefined }) {
  if (chosen === undefined) return "Every step is executed again.";
  return (
    <>
      What had settled before <Text className="font-medium text-ink">{chosen.name}</Text> is kept; it and what came
      after are executed again.
    </>
  );
}

/** The input, read whole where the page has left it out. */
function useWholeInput(run: Run, wanted: boolean) {
  const omitted = run.omitted?.includes("input") === true;
  return useQuery({
    queryKey: ["getRunValue", run.id, "input"],
    enabled: wanted,
    initialData: omitted ? undefined : () => run.input,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => api("getRunValue", { params: { run: run.id, part: "input" } }),
  });
}
