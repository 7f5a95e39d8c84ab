// Begins a terminal: a shell at once, or a program in a folder by name.
import { useState } from "react";
import { formText } from "../ui/form-text.ts";
import { api, asApiError } from "../api.ts";
import type { Answer, ApiError } from "../api.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { FailureLine } from "../ui/failure-line.tsx";
import { Field, Input } from "../ui/field.tsx";
import { wordsOf } from "./command-line.ts";

export type TerminalRow = Answer<"listTerminals">["terminals"][number];

interface NewTerminalProps {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onMade: (terminal: TerminalRow) => void;
}

export function NewTerminalDialog({ open, onClose, onMade }: NewTerminalProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError>();
  const make = async (form: FormData): Promise<void> => {
    setBusy(true);
    setError(undefined);
    const command = wordsOf(formText(form, "command"));
    const [cwd, name] = [formText(form, "cwd"), formText(form, "name")];
    try {
      const { terminal } = await api("createTerminal", {
        body: {
          ...(command.length === 0 ? {} : { command: [...command] as [string, ...string[]] }),
          ...(cwd === "" ? {} : { cwd }),
          ...(name === "" ? {} : { name }),
          ...(form.get("record") === "on" ? { record: "output" as const } : {}),
        },
      });
      onMade(terminal);
    } catch (failure) {
      setError(asApiError(failure));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title="New terminal"
      detail="On the server's machine, as the user that the server runs as."
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button tone="primary" type="submit" form="new-terminal" busy={busy}>
            Begin
          </Button>
        </>
      }
    >
      <form
        id="new-terminal"
        className="flex flex-col gap-3"
        onSubmit={(event) => {
          event.preventDefault();
          void make(new FormData(event.currentTarget));
        }}
      >
        <Field
          label="Command"
          help="Program and arguments; empty for your shell. Words are told apart by spaces, or quoted."
        >
          {(ties) => (
            <Input {...ties} name="command" autoFocus spellCheck={false} className="font-mono" placeholder="htop" />
          )}
        </Field>
        <Field label="Folder">
          {(ties) => <Input {...ties} name="cwd" spellCheck={false} className="font-mono" placeholder="Home" />}
        </Field>
        <Field label="Name">{(ties) => <Input {...ties} name="name" maxLength={128} />}</Field>
        <label className="flex items-center gap-2 text-sm">
          <input type="checkbox" name="record" className="accent-accent" />
          Record what it shows
        </label>
        {error !== undefined && <FailureLine error={error} />}
      </form>
    </Dialog>
  );
}
