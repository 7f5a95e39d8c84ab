// The decision itself: the form that the workflow asks for or a payload, a reason, yes or no. The same wherever one decides.
import { Check, X } from "lucide-react";
import { useMemo, useRef, useState } from "react";
import type { RefObject } from "react";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { cx } from "../ui/cx.ts";
import { Field, TextArea } from "../ui/field.tsx";
import { FailureLine } from "../ui/failure-line.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { readJson } from "../ui/json-text.ts";
import { Text } from "../ui/text.tsx";
import { isObject } from "../workflows/json-value.ts";
import type { Json } from "../workflows/json-value.ts";
import { SchemaField } from "../workflows/schema-field.tsx";
import { startValue } from "../workflows/schema-form.ts";
import type { Schema } from "../workflows/schema-form.ts";
import { issuesIn, issuesThatHold } from "../workflows/schema-issues.ts";

const reasonCharsMax = 4_096;

interface DecisionFormProps {
  readonly token: string;
  /** JSON Schema of what an approval carries; null for whatever one likes. */
  readonly form: unknown;
  /** Why what was filled in before was not good. */
  readonly problem: string | null;
  readonly onDecided: (approved: boolean) => void;
  /** Somebody else was first, or it has expired. */
  readonly onStale: () => void;
  /** Large enough for a thumb. */
  readonly large?: boolean | undefined;
  readonly approveButton?: RefObject<HTMLButtonElement | null> | undefined;
  readonly denyButton?: RefObject<HTMLButtonElement | null> | undefined;
}

export function DecisionForm(props: DecisionFormProps) {
  const { token, onDecided, onStale, large = false, approveButton, denyButton, problem } = props;
  const schema = schemaIn(props.form as Json);
  const [reason, setReason] = useState("");
  const carried = useCarried(schema);
  const pressed = useRef<boolean>(undefined);
  const decide = useCall("decideApproval", {
    changes: ["listApprovals", "overview", "getRun", "listSteps"],
    failures: "inline",
  });
  const send = (approved: boolean) => {
    if (!carried.ok || decide.isPending) return;
    pressed.current = approved;
    // A form says what an approval carries: a denial needs none of it.
    const payload = approved || schema === undefined ? carried.value : undefined;
    const body = {
      approved,
      ...(reason.trim() === "" ? {} : { reason: reason.trim() }),
      ...(payload === undefined ? {} : { payload }),
    };
    decide.mutate(
      { params: { token }, body },
      {
        onSuccess: () => onDecided(approved),
        onError: ({ status }) => status >= 404 && status < 500 && status !== 429 && onStale(),
      },
    );
  };
  return (
    <div className="flex flex-col gap-3">
      {problem !== null && (
        <p role="note" className="rounded-md bg-warn-soft px-3 py-2 text-sm text-warn">
          <Text>{problem}</Text>
        </p>
      )}
      {schema === undefined ? (
        <Payload text={carried.text} onChange={carried.setText} />
      ) : (
        <FilledIn schema={schema} value={carried.value} onChange={carried.setValue} decide={decide} />
      )}
      <Reason text={reason} onChange={setReason} />
      <FailureLine error={decide.error} />
      <Verdicts
        large={large}
        disabled={!carried.ok || decide.isPending}
        busy={decide.isPending ? pressed.current : undefined}
        approveButton={approveButton}
        denyButton={denyButton}
        onVerdict={send}
      />
    </div>
  );
}

interface VerdictsProps extends Pick<DecisionFormProps, "approveButton" | "denyButton"> {
  readonly large: boolean;
  readonly disabled: boolean;
  /** The one that was pressed, while it is on its way. */
  readonly busy: boolean | undefined;
  readonly onVerdict: (approved: boolean) => void;
}

function Verdicts({ large, disabled, busy, approveButton, denyButton, onVerdict }: VerdictsProps) {
  const size = cx(large && "h-11 grow text-base");
  return (
    <div className="flex gap-2">
      <Button
        ref={approveButton}
        tone="primary"
        icon={Check}
        className={size}
        disabled={disabled}
        busy={busy === true}
        onClick={() => onVerdict(true)}
      >
        Approve
      </Button>
      <Button
        ref={denyButton}
        icon={X}
        className={size}
        disabled={disabled}
        busy={busy === false}
        onClick={() => onVerdict(false)}
      >
        Deny
      </Button>
    </div>
  );
}

function schemaIn(form: Json): Schema | undefined {
  return isObject(form) ? form : undefined;
}

/** What goes along with the decision: the values of a form, or JSON that somebody wrote. */
function useCarried(schema: Schema | undefined) {
  const [value, setValue] = useState<Json | undefined>(() =>
    schema === undefined ? undefined : startValue(schema, schema),
  );
  const [text, setText] = useState<string>();
  const read = readJson(text ?? "");
  if (schema !== undefined) return { ok: true, value, setValue, text, setText };
  return { ok: read.ok, value: read.ok ? (read.value as Json) : undefined, setValue, text, setText };
}

interface FilledInProps {
  readonly schema: Schema;
  readonly value: Json | undefined;
  readonly onChange: (value: Json | undefined) => void;
  readonly decide: { readonly error: { readonly details?: unknown } | null; readonly variables?: unknown };
}

function FilledIn({ schema, value, onChange, decide }: FilledInProps) {
  const { error, variables } = decide;
  const all = useMemo(() => issuesIn(error), [error]);
  const sent = (variables as { readonly body?: { readonly payload?: unknown } } | undefined)?.body?.payload;
  const issues = useMemo(() => issuesThatHold(all, value, sent), [all, value, sent]);
  return (
    <SchemaField
      schema={schema}
      root={schema}
      path=""
      label="To fill in"
      required
      bare
      value={value}
      onChange={onChange}
      issues={issues}
    />
  );
}

interface PayloadProps {
  readonly text: string | undefined;
  readonly onChange: (text: string) => void;
}

function Payload({ text, onChange }: PayloadProps) {
  return text === undefined ? (
    <Button size="sm" tone="quiet" className="self-start" onClick={() => onChange("")}>
      Add a payload
    </Button>
  ) : (
    <JsonField label="Payload (JSON)" rows={5} text={text} onChange={onChange} autoFocus />
  );
}

function Reason({ text, onChange }: { readonly text: string; readonly onChange: (text: string) => void }) {
  return (
    <Field label="Reason (optional)">
      {(ties) => (
        <TextArea
          {...ties}
          rows={2}
          className="min-h-14"
          value={text}
          maxLength={reasonCharsMax}
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
}
