// Roles and address of a user, saved together, and only over the version that was shown.
import { useState } from "react";
import type { SubmitEvent } from "react";
import { FailureNote } from "../account/failure-note.tsx";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Field, Input } from "../ui/field.tsx";
import { RolesField } from "./roles-field.tsx";
import { useIsLastAdmin } from "./last-admin.ts";
import type { UserDetail } from "./user-drawer.tsx";

export function UserForm({ user, readOnly }: { readonly user: UserDetail; readonly readOnly: boolean }) {
  const known = useApi("listRoles", {}, { enabled: useMay("role:read") }).data;
  const lastAdmin = useIsLastAdmin(user);
  const [roles, setRoles] = useState<readonly string[]>(user.roles);
  const [email, setEmail] = useState(user.email ?? "");
  const save = useCall("updateUser", {
    failures: "inline",
    done: ({ user: { name } }) => `${name} is changed`,
    changes: ["getUser", "listUsers", "me"],
  });
  const rolesChanged = [...roles].toSorted().join() !== [...user.roles].toSorted().join();
  const emailChanged = email.trim() !== (user.email ?? "");
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    save.mutate({
      params: { user: user.id },
      headers: { "if-match": `"${user.version}"` },
      body: {
        ...(rolesChanged ? { roles: [...roles] } : {}),
        ...(emailChanged ? { email: email.trim() === "" ? null : email.trim() } : {}),
      },
    });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3 p-4">
      <RolesField
        known={known}
        chosen={roles}
        had={user.roles}
        onChange={setRoles}
        disabled={readOnly}
        lastAdmin={lastAdmin}
      />
      <Field label="Email">
        {(ties) => (
          <Input
            {...ties}
            type="email"
            value={email}
            disabled={readOnly}
            maxLength={320}
            onChange={({ target }) => setEmail(target.value)}
          />
        )}
      </Field>
      <FailureNote error={save.error} />
      {!readOnly && (
        <div>
          <Button
            type="submit"
            tone="primary"
            busy={save.isPending}
            disabled={roles.length === 0 || (!rolesChanged && !emailChanged)}
          >
            Save changes
          </Button>
        </div>
      )}
    </form>
  );
}
