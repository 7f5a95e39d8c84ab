// A new user: name, roles, and a first password where they do not sign in by other means.
import { useId, useState } from "react";
import type { SubmitEvent } from "react";
import type { Answer } from "../api.ts";
import { FailureNote } from "../account/failure-note.tsx";
import { useApi, useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { RolesField } from "./roles-field.tsx";

interface CreateUserDialogProps {
  readonly onClose: () => void;
  readonly onCreated: (user: Answer<"createUser">["user"]) => void;
}

export function CreateUserDialog({ onClose, onCreated }: CreateUserDialogProps) {
  const form = useId();
  const known = useApi("listRoles", {}).data;
  const [roles, setRoles] = useState<readonly string[]>(["viewer"]);
  const create = useCall("createUser", {
    failures: "inline",
    changes: ["listUsers"],
    done: ({ user }) => `${user.name} can sign in`,
    onDone: ({ user }) => onCreated(user),
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const email = formText(given, "email").trim();
    const password = formText(given, "password");
    create.mutate({
      body: {
        name: formText(given, "name").trim(),
        roles: [...roles],
        ...(email === "" ? {} : { email }),
        ...(password === "" ? {} : { password }),
      },
    });
  };
  const taken = create.error?.code === "name_taken" ? create.error.message : undefined;
  return (
    <Dialog
      open
      onClose={onClose}
      title="New user"
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button tone="primary" type="submit" form={form} busy={create.isPending} disabled={roles.length === 0}>
            Create user
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3">
        <Field label="Name" help="Letters, digits and . _ @ + -" error={taken}>
          {(ties) => (
            <Input
              {...ties}
              name="name"
              required
              autoFocus
              autoCapitalize="none"
              maxLength={128}
              pattern="[A-Za-z0-9][A-Za-z0-9._@+\-]*"
            />
          )}
        </Field>
        <Field label="Email (optional)">
          {(ties) => <Input {...ties} name="email" type="email" maxLength={320} />}
        </Field>
        <Field
          label="Password (optional)"
          help="Tell it to them; they can change it. Without one they sign in by the identity provider, or you set one later."
        >
          {(ties) => <Input {...ties} name="password" type="password" autoComplete="new-password" />}
        </Field>
        <RolesField known={known} chosen={roles} onChange={setRoles} />
        {taken === undefined && <FailureNote error={create.error} />}
      </form>
    </Dialog>
  );
}
