// A new password for oneself.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { useCall } from "../query.ts";
import { signInMethodsQuery } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { FailureNote } from "./failure-note.tsx";

export function PasswordCard({ name, isSet }: { readonly name: string; readonly isSet: boolean }) {
  const charsMin = useQuery(signInMethodsQuery).data?.passwordCharsMin;
  const [differ, setDiffer] = useState(false);
  const change = useCall("changePassword", {
    done: "Password changed. Other sessions have ended.",
    changes: ["me", "listSessions"],
    failures: "inline",
  });
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const next = formText(given, "next");
    const same = next === formText(given, "again");
    setDiffer(!same);
    if (!same) return;
    change.mutate({ body: { current: formText(given, "current"), next } }, { onSuccess: () => form.reset() });
  };
  return (
    <Card title="Password" detail={isSet ? undefined : "None is set"}>
      <form onSubmit={submit} className="flex max-w-md flex-col gap-3">
        <input type="hidden" name="username" autoComplete="username" value={name} readOnly />
        {isSet && (
          <Field label="Current password">
            {(ties) => <Input {...ties} name="current" type="password" autoComplete="current-password" required />}
          </Field>
        )}
        <Field label="New password" help={charsMin === undefined ? undefined : `At least ${charsMin} characters.`}>
          {(ties) => (
            <Input {...ties} name="next" type="password" autoComplete="new-password" minLength={charsMin} required />
          )}
        </Field>
        <Field label="New password again" error={differ ? "The two are not the same." : undefined}>
          {(ties) => <Input {...ties} name="again" type="password" autoComplete="new-password" required />}
        </Field>
        <FailureNote error={change.error} />
        <div className="flex items-center gap-3">
          <Button type="submit" busy={change.isPending}>
            {isSet ? "Change password" : "Set password"}
          </Button>
          <span className="text-xs text-ink-faint">Your other sessions end.</span>
        </div>
      </form>
    </Card>
  );
}
