// Publishing an event: its name, whom it is for, its payload as JSON.
import { Send } from "lucide-react";
import { useId, useState } from "react";
import type { KeyboardEvent, SubmitEvent } from "react";
import { useApi, useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { FailureLine } from "../ui/failure-line.tsx";
import { JsonField } from "../ui/json-field.tsx";
import { readJson } from "../ui/json-text.ts";

const nameCharsMax = 512;
const waitsLooked = 100;

/** What the form begins with. */
export interface Draft {
  readonly name: string;
  readonly key: string;
  /** JSON; "" is none. */
  readonly payload: string;
}

interface PublishDialogProps {
  readonly draft: Draft | undefined;
  readonly onClose: () => void;
}

export function PublishDialog({ draft, onClose }: PublishDialogProps) {
  const form = useId();
  const [name, setName] = useState(draft?.name ?? "");
  const [key, setKey] = useState(draft?.key ?? "");
  const [once, setOnce] = useState("");
  const [payload, setPayload] = useState(draft?.payload ?? "");
  const send = useCall("sendEvent", {
    changes: ["listWaits"],
    failures: "inline",
    done: ({ event, duplicate }) =>
      duplicate ? `This one was there already, as event ${event}` : `Published as event ${event}`,
    onDone: onClose,
  });
  const read = readJson(payload);
  const submit = (event?: SubmitEvent<HTMLFormElement>) => {
    event?.preventDefault();
    if (!read.ok || name.trim() === "" || send.isPending) return;
    send.mutate({
      body: {
        name: name.trim(),
        ...(key === "" ? {} : { key }),
        ...(once === "" ? {} : { id: once }),
        ...(read.value === undefined ? {} : { payload: read.value }),
      },
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) submit();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Publish an event"
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button
            tone="primary"
            type="submit"
            form={form}
            icon={Send}
            busy={send.isPending}
            disabled={!read.ok || name.trim() === ""}
          >
            Publish
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} onKeyDown={onKeyDown} className="flex flex-col gap-3">
        <NameField name={name} onChange={setName} />
        <Field label="Key (optional)" help="Only who waits for this key hears of it.">
          {(ties) => (
            <Input {...ties} value={key} maxLength={nameCharsMax} onChange={({ target }) => setKey(target.value)} />
          )}
        </Field>
        <JsonField label="Payload (JSON)" text={payload} onChange={setPayload} placeholder='{"amount": 40}' />
        <Field label="Id (optional)" help="A second event with the same id is not stored.">
          {(ties) => (
            <Input {...ties} value={once} maxLength={nameCharsMax} onChange={({ target }) => setOnce(target.value)} />
          )}
        </Field>
        <FailureLine error={send.error} />
      </form>
    </Dialog>
  );
}

/** Offers the names that somebody waits for. */
function NameField({ name, onChange }: { readonly name: string; readonly onChange: (name: string) => void }) {
  const list = useId();
  const waits = useApi("listWaits", { query: { limit: waitsLooked } });
  const names = [...new Set((waits.data?.waits ?? []).map(({ event }) => event))];
  return (
    <Field label="Name">
      {(ties) => (
        <>
          <Input
            {...ties}
            value={name}
            list={list}
            maxLength={nameCharsMax}
            required
            autoFocus
            placeholder="payment.received"
            onChange={({ target }) => onChange(target.value)}
          />
          <datalist id={list}>
            {names.map((each) => (
              <option key={each} value={each} />
            ))}
          </datalist>
        </>
      )}
    </Field>
  );
}
