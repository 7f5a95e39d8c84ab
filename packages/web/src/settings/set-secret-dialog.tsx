// A secret gets its value: typed or pasted once, and not shown again.
import { useId } from "react";
import type { SubmitEvent } from "react";
import { FailureNote } from "../account/failure-note.tsx";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { visibleText } from "../ui/visible-text.ts";

interface SetSecretDialogProps {
  /** The secret that gets another value; empty for a new one. */
  readonly name: string;
  readonly onClose: () => void;
}

export function SetSecretDialog({ name, onClose }: SetSecretDialogProps) {
  const form = useId();
  const set = useCall("setSecret", {
    failures: "inline",
    done: "It is set",
    changes: ["listSecrets"],
    onDone: onClose,
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget);
    const named = name === "" ? formText(data, "name").trim() : name;
    set.mutate({ params: { name: named }, body: { value: formText(data, "value") } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={name === "" ? "Set a secret" : `Replace ${visibleText(name)}`}
      detail="Services that use it are started anew with the new value."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} tone="primary" busy={set.isPending}>
            Set
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3" autoComplete="off">
        {name === "" && (
          <Field label="Name" help={'What workflows call it: secret("stripe/key")'}>
            {(ties) => <Input {...ties} name="name" required autoFocus maxLength={128} />}
          </Field>
        )}
        <Field label="Value" help="At least 6 characters">
          {(ties) => (
            <Input
              {...ties}
              name="value"
              type="password"
              required
              autoFocus={name !== ""}
              autoComplete="new-password"
              minLength={6}
            />
          )}
        </Field>
        <FailureNote error={set.error} />
      </form>
    </Dialog>
  );
}
