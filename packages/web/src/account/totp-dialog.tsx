// The secret for an authenticator app, the first code from it, and then the recovery codes, once.
import { Download } from "lucide-react";
import { useId } from "react";
import type { SubmitEvent } from "react";
import type { Answer } from "../api.ts";
import { useCall } from "../query.ts";
import { Button } from "../ui/button.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { FailureNote } from "./failure-note.tsx";
import { QrCode } from "./qr-code.tsx";
import { saveText } from "./save-text.ts";

interface TotpDialogProps {
  readonly secret: Answer<"beginTotp">;
  readonly onClose: () => void;
}

export function TotpDialog({ secret, onClose }: TotpDialogProps) {
  const form = useId();
  const confirm = useCall("confirmTotp", { failures: "inline", changes: ["me"] });
  const codes = confirm.data?.recoveryCodes;
  if (codes !== undefined) return <RecoveryCodes codes={codes} onClose={onClose} />;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const code = formText(new FormData(event.currentTarget), "code").replaceAll(/\s/g, "");
    confirm.mutate({ body: { code } });
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Add it to your app"
      detail="Nothing changes until a code of the app has been taken."
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button tone="primary" type="submit" form={form} busy={confirm.isPending}>
            Turn on
          </Button>
        </>
      }
    >
      <div className="flex gap-4 max-sm:flex-col">
        <QrCode text={secret.uri} label="Code to scan with an authenticator app" />
        <form id={form} onSubmit={submit} className="flex min-w-0 grow flex-col gap-3">
          <div className="flex flex-col gap-1 text-xs text-ink-soft">
            Scan the code, or type the key into the app:
            <CodeBlock text={secret.secret} wrap label="Key" />
          </div>
          <Field label="Code of the app">
            {(ties) => (
              <Input {...ties} name="code" inputMode="numeric" autoComplete="one-time-code" required autoFocus />
            )}
          </Field>
          <FailureNote error={confirm.error} />
        </form>
      </div>
    </Dialog>
  );
}

function RecoveryCodes({ codes, onClose }: { readonly codes: readonly string[]; readonly onClose: () => void }) {
  const text = codes.join("\n");
  return (
    <Dialog
      open
      stays
      onClose={onClose}
      title="The second factor is on"
      detail="Keep these recovery codes where you keep your passwords: each lets you in once without the app. They are not shown again."
      footer={
        <>
          <Button icon={Download} onClick={() => saveText("sluice-recovery-codes.txt", `${text}\n`)}>
            Download
          </Button>
          <Button tone="primary" onClick={onClose}>
            I have kept them
          </Button>
        </>
      }
    >
      <CodeBlock text={text} label="Recovery codes" />
    </Dialog>
  );
}
