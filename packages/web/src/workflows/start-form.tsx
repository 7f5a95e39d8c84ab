// The form that starts a run. What the server says about a field is shown at it, until it is changed.
import { useNavigate } from "@tanstack/react-router";
import { Play } from "lucide-react";
import { useId, useMemo, useRef, useState } from "react";
import type { SubmitEvent } from "react";
import type { ApiError } from "../api.ts";
import { useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { useActions } from "../shell/use-actions.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Text } from "../ui/text.tsx";
import { JsonEditor } from "./json-editor.tsx";
import { isObject } from "./json-value.ts";
import type { Json } from "./json-value.ts";
import { startBody } from "./command-lines.ts";
import type { StartRequest } from "./command-lines.ts";
import { SchemaField } from "./schema-field.tsx";
import { issuesIn, issuesThatHold } from "./schema-issues.ts";
import type { InputIssue } from "./schema-props.ts";
import { formNode } from "./schema-form.ts";
import { emptyOptions, isPriority, StartOptions, tagsIn } from "./start-options.tsx";
import type { Options } from "./start-options.tsx";
import { StartLines } from "./start-lines.tsx";
import { useInput } from "./use-input.ts";
import { schemaOf } from "./words.ts";
import type { Workflow } from "./words.ts";

interface StartFormProps {
  readonly workflow: Workflow;
  readonly first: Json | undefined;
}

export function StartForm({ workflow, first }: StartFormProps) {
  const input = useInput(first);
  const [options, setOptions] = useState<Options>(emptyOptions);
  const may = useMay("run:start", workflow.name);
  const request = requestOf(workflow.name, input.value, options);
  const { start, issues, failure, refused } = useStart(input.value);
  const ready = may && input.error === undefined && isPriority(options.priority);
  const form = useRef<HTMLFormElement>(null);
  const formId = useId();
  useActions(
    useMemo(
      () => [
        {
          id: "workflow:send",
          group: "This workflow",
          label: "Start with this input",
          icon: Play,
          keys: "mod+enter",
          needs: "run:start" as const,
          run: () => form.current?.requestSubmit(),
        },
      ],
      [],
    ),
  );
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (ready && !start.isPending) {
      start.mutate({ params: { name: workflow.name }, body: startBody(request) });
    }
  };
  return (
    <form ref={form} id={formId} onSubmit={submit} className="grid items-start gap-4 lg:grid-cols-2">
      <div className="flex min-w-0 flex-col gap-4">
        <InputCard workflow={workflow} input={input} issues={issues} />
        <StartOptions options={options} onChange={setOptions} failure={refused ? failure : undefined} />
        {failure !== undefined && <Failure failure={failure} issues={issues} />}
        <div className="flex items-center gap-3 max-lg:sticky max-lg:bottom-0 max-lg:bg-canvas max-lg:py-2">
          <Button type="submit" tone="primary" icon={Play} busy={start.isPending} disabled={!ready}>
            Start run
          </Button>
          {!may && <span className="text-xs text-ink-soft">You may not start this workflow.</span>}
          {input.error !== undefined && <span className="text-xs text-bad">The JSON cannot be read.</span>}
        </div>
      </div>
      <div className="flex min-w-0 flex-col gap-4">
        <JsonEditor input={input} />
        <StartLines request={request} />
      </div>
    </form>
  );
}

function requestOf(workflow: string, input: Json | undefined, options: Options): StartRequest {
  const priority = options.priority.trim() === "" ? Number.NaN : Number(options.priority);
  return {
    workflow,
    input,
    idempotencyKey: options.key.trim(),
    delay: options.delay.trim(),
    priority: Number.isFinite(priority) ? priority : undefined,
    tags: tagsIn(options.tags),
  };
}

function useStart(value: Json | undefined) {
  const navigate = useNavigate();
  const start = useCall("startRun", {
    failures: "inline",
    changes: ["listRuns", "listWorkflowStats", "getWorkflowStats", "overview"],
    done: ({ created }) => (created ? "Started" : "The run was there already"),
    onDone: ({ run }) => void navigate({ to: "/runs/$run", params: { run: run.id } }),
  });
  const all = useMemo(() => issuesIn(start.error), [start.error]);
  const sent = isObject(start.variables?.body) ? start.variables.body["input"] : undefined;
  const issues = useMemo(() => issuesThatHold(all, value, sent), [all, value, sent]);
  return { start, issues, failure: start.error ?? undefined, refused: start.error !== null && all.length === 0 };
}

interface InputCardProps {
  readonly workflow: Workflow;
  readonly input: ReturnType<typeof useInput>;
  readonly issues: readonly InputIssue[];
}

function InputCard({ workflow, input, issues }: InputCardProps) {
  const schema = schemaOf(workflow);
  const asForm = schema !== undefined && formNode(schema, schema).kind !== "json";
  return (
    <Card title="Input" detail={workflow.validates ? "Checked before the run starts" : undefined}>
      {asForm ? (
        <fieldset disabled={input.error !== undefined} className="min-w-0 disabled:opacity-60">
          <legend className="sr-only">Input</legend>
          <SchemaField
            schema={schema}
            root={schema}
            path=""
            label="Input"
            required
            value={input.value}
            onChange={input.setValue}
            issues={issues}
          />
        </fieldset>
      ) : (
        <p className="text-sm text-ink-soft">
          {schema === undefined
            ? "This workflow does not say what it takes: write its input as JSON."
            : "A form cannot show what this workflow takes: write its input as JSON."}
        </p>
      )}
    </Card>
  );
}

function Failure({ failure, issues }: { readonly failure: ApiError; readonly issues: readonly InputIssue[] }) {
  const named = Array.isArray(failure.details);
  if (named && issues.length === 0) return null;
  return (
    <div role="alert" className="rounded-md border border-bad/40 bg-bad-soft px-3 py-2 text-sm">
      <p className="font-medium text-bad">
        {named ? "The input is not what the workflow takes" : <Text>{failure.message}</Text>}
      </p>
      {named ? (
        <ul className="mt-1 flex flex-col gap-0.5 text-xs">
          {issues.map(({ path, message }) => (
            <li key={`${path} ${message}`}>
              <button type="button" className="text-left text-ink hover:underline" onClick={() => show(path)}>
                <Text className="font-mono">{path === "" ? "The input" : path}</Text> <Text>{message}</Text>
              </button>
            </li>
          ))}
        </ul>
      ) : (
        failure.hint !== undefined && (
          <p className="mt-0.5 text-xs text-ink-soft">
            <Text>{failure.hint}</Text>
          </p>
        )
      )}
    </div>
  );
}

/** Leads to the field at a path, or to the nearest around it. */
function show(path: string): void {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf("/"))) {
    const place = document.querySelector<HTMLElement>(`[data-path="${CSS.escape(at)}"]`);
    const control = place?.querySelector<HTMLElement>("input, textarea, button");
    if (control !== null && control !== undefined) {
      control.focus();
      return;
    }
    if (at === "") return;
  }
}
