// The form of one value. When somebody else has changed it meanwhile, both values are shown, and one of them is chosen.
import { Save, Trash2 } from "lucide-react";
import { useState } from "react";
import type { KeyboardEvent, SubmitEvent } from "react";
import { Button } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { KeyValue } from "../ui/card.tsx";
import { Field, Input } from "../ui/field.tsx";
import { FailureLine } from "../ui/failure-line.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { readJson, writeJson } from "../ui/json-text.ts";
import { formatDuration } from "../ui/time-format.ts";
import { Time } from "../ui/time.tsx";
import { useEntryChanges } from "./use-entry.ts";
import type { Conflict, Entry } from "./use-entry.ts";

const keyCharsMax = 512;

interface EntryFormProps {
  readonly scope: string;
  /** What one began with; undefined for a new one. */
  readonly entry: Entry | undefined;
  /** What is there now, as far as it is known. */
  readonly current?: Entry | undefined;
  /** Only to be deleted: too large for a field. */
  readonly readOnly?: boolean | undefined;
  readonly onSaved: (key: string) => void;
  readonly onDeleted: () => void;
  readonly onTake?: ((entry: Entry) => void) | undefined;
}

export function EntryForm(props: EntryFormProps) {
  const { scope, entry, current, readOnly = false, onSaved, onDeleted, onTake } = props;
  const changes = useEntryChanges(scope);
  const [key, setKey] = useState(entry?.key ?? "");
  const [text, setText] = useState(entry === undefined ? "" : writeJson(entry.value));
  const [ttl, setTtl] = useState(() => leftOf(entry));
  const read = readJson(text);
  const usable = read.ok && text.trim() !== "" && key !== "";
  const conflict: Conflict | undefined =
    changes.conflict ??
    (entry !== undefined && current !== undefined && current.version !== entry.version
      ? { theirs: current }
      : undefined);
  const save = async (ifVersion: number) => {
    if (!read.ok || !usable || changes.busy) return;
    if (await changes.save(key, { value: read.value, ttl, ifVersion })) onSaved(key);
  };
  const submit = (event?: SubmitEvent<HTMLFormElement>) => {
    event?.preventDefault();
    if (conflict === undefined) void save(entry?.version ?? 0);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) submit();
  };
  return (
    <form onSubmit={submit} onKeyDown={onKeyDown} className="flex flex-col gap-4">
      {entry === undefined ? <KeyField text={key} onChange={setKey} /> : <Facts entry={entry} />}
      {!readOnly && (
        <>
          <JsonField label="Value (JSON)" rows={12} text={text} onChange={setText} placeholder='{"rate": 0.21}' />
          <TtlField text={ttl} onChange={setTtl} />
        </>
      )}
      <FailureLine error={changes.error} />
      {conflict === undefined ? (
        <div className="flex gap-2">
          {!readOnly && (
            <Button type="submit" tone="primary" icon={Save} busy={changes.busy} disabled={!usable}>
              Save
            </Button>
          )}
          {entry !== undefined && (
            <Button
              icon={Trash2}
              disabled={changes.busy}
              onClick={() => void changes.remove(entry).then((done) => done && onDeleted())}
            >
              Delete
            </Button>
          )}
        </div>
      ) : (
        <ConflictChoice
          theirs={conflict.theirs}
          mine={text}
          busy={changes.busy}
          canSave={usable && !readOnly}
          onOverwrite={() => void save(conflict.theirs?.version ?? 0)}
          onTake={() => {
            changes.forget();
            if (conflict.theirs === null) onDeleted();
            else if (onTake === undefined) onSaved(conflict.theirs.key);
            else onTake(conflict.theirs);
          }}
        />
      )}
    </form>
  );
}

interface TextFieldProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
}

function KeyField({ text, onChange }: TextFieldProps) {
  return (
    <Field label="Key">
      {(ties) => (
        <Input
          {...ties}
          value={text}
          maxLength={keyCharsMax}
          autoFocus
          required
          className="font-mono"
          onChange={({ target }) => onChange(target.value)}
        />
      )}
    </Field>
  );
}

function TtlField({ text, onChange }: TextFieldProps) {
  return (
    <Field label="Expires in (optional)" help="As 10m, 1 hour, 3 days. Empty: never.">
      {(ties) => (
        <Input {...ties} value={text} onChange={({ target }) => onChange(target.value)} className="max-w-48" />
      )}
    </Field>
  );
}

/** What is left until it expires, as one would type it. */
function leftOf(entry: Entry | undefined): string {
  if (entry === undefined || entry.expiresAt === null) return "";
  return formatDuration(Math.max(1_000, Math.ceil((entry.expiresAt - Date.now()) / 1_000) * 1_000)).replace(
    /\.\d+/,
    "",
  );
}

function Facts({ entry }: { readonly entry: Entry }) {
  return (
    <KeyValue
      pairs={[
        { name: "Version", value: <span className="tabular">{entry.version}</span> },
        { name: "Expires", value: entry.expiresAt === null ? "Never" : <Time at={entry.expiresAt} form="moment" /> },
      ]}
    />
  );
}

interface ConflictChoiceProps {
  /** null: it was deleted. */
  readonly theirs: Entry | null;
  readonly mine: string;
  readonly busy: boolean;
  readonly canSave: boolean;
  readonly onOverwrite: () => void;
  readonly onTake: () => void;
}

function ConflictChoice({ theirs, mine, busy, canSave, onOverwrite, onTake }: ConflictChoiceProps) {
  return (
    <section
      role="alert"
      aria-label="Changed meanwhile"
      className="flex flex-col gap-3 rounded-lg border border-warn bg-warn-soft p-3"
    >
      <p className="text-sm font-medium text-warn">
        {theirs === null
          ? "Somebody has deleted it meanwhile."
          : `Somebody has changed it meanwhile: it is at version ${theirs.version} now.`}
      </p>
      <div className="grid gap-3 sm:grid-cols-2">
        {theirs !== null && (
          <div className="min-w-0">
            <div className="pb-1 text-xs font-medium text-ink-soft">There now</div>
            <CodeBlock text={writeJson(theirs.value)} label="There now" />
          </div>
        )}
        <div className="min-w-0">
          <div className="pb-1 text-xs font-medium text-ink-soft">Yours</div>
          <CodeBlock text={mine} label="Yours" />
        </div>
      </div>
      <div className="flex flex-wrap gap-2">
        <Button size="sm" onClick={onTake} disabled={busy}>
          {theirs === null ? "Leave it deleted" : "Take what is there"}
        </Button>
        <Button size="sm" tone="danger" onClick={onOverwrite} busy={busy} disabled={!canSave}>
          Save mine over it
        </Button>
      </div>
    </section>
  );
}
