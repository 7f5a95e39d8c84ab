// Asks for one's password before something that decides who can sign in.
import { useId } from "react";
import type { ReactNode, SubmitEvent } from "react";
import type { ApiError } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { FailureNote } from "./failure-note.tsx";

interface PasswordDialogProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly title: string;
  readonly detail: ReactNode;
  /** Who has none is not asked for one. */
  readonly hasPassword: boolean;
  readonly confirm: string;
  readonly busy: boolean;
  readonly error: ApiError | null;
  readonly onPassword: (password: string, form: FormData) => void;
  /** Further fields, read from the form by name. */
  readonly children?: ReactNode;
}

export function PasswordDialog(props: PasswordDialogProps) {
  const { open, onClose, title, detail, hasPassword, confirm, busy, error, onPassword, children } = props;
  const form = useId();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    onPassword(formText(given, "password"), given);
  };
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={title}
      detail={detail}
      footer={
        <>
          <Button onClick={onClose}>Close</Button>
          <Button tone="primary" type="submit" form={form} busy={busy}>
            {confirm}
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3">
        {children}
        {hasPassword && (
          <Field label="Your password">
            {(ties) => (
              <Input {...ties} name="password" type="password" autoComplete="current-password" required autoFocus />
            )}
          </Field>
        )}
        <FailureNote error={error} />
      </form>
    </Dialog>
  );
}
