// Passkeys of one's own: made by the browser, forgotten here.
import { useQuery } from "@tanstack/react-query";
import { Fingerprint, Plus, Trash2 } from "lucide-react";
import { useState } from "react";
import { asApiError, api } from "../api.ts";
import type { Answer, ApiError } from "../api.ts";
import { useToasts } from "../parts.ts";
import { useApi, useCall } from "../query.ts";
import { signInMethodsQuery } from "../session/session.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { ErrorState, SkeletonRows } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { agentName } from "./agent-name.ts";
import { PasswordDialog } from "./password-dialog.tsx";

type PasskeyRow = Answer<"listPasskeys">["passkeys"][number];
const nameCharsMax = 200;

function columnsOf(onRemove: (row: PasskeyRow) => void): readonly Column<PasskeyRow>[] {
  return [
    {
      name: "name",
      label: "Name",
      cell: ({ name }) => (
        <Text truncate className="max-w-72 font-medium">
          {name}
        </Text>
      ),
    },
    { name: "used", label: "Last used", cell: ({ usedAt }) => (usedAt === null ? "Never" : <Time at={usedAt} />) },
    { name: "created", label: "Added", from: "sm", cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      name: "remove",
      label: "",
      align: "end",
      cell: (row) => (
        <IconButton icon={Trash2} size="sm" label={`Forget the passkey ${row.name}`} onClick={() => onRemove(row)} />
      ),
    },
  ];
}

export function PasskeysCard({ hasPassword }: { readonly hasPassword: boolean }) {
  const offered = useQuery(signInMethodsQuery).data?.passkey;
  const passkeys = useApi("listPasskeys", {});
  const [adding, setAdding] = useState(false);
  const [removing, setRemoving] = useState<PasskeyRow>();
  const remove = useCall("removePasskey", {
    done: "Passkey forgotten",
    changes: ["listPasskeys", "me"],
    onDone: () => setRemoving(undefined),
  });
  const columns = columnsOf(setRemoving);
  const rows = passkeys.data?.passkeys;
  return (
    <Card
      title="Passkeys"
      flush
      actions={
        offered === true && (
          <Button size="sm" icon={Plus} onClick={() => setAdding(true)}>
            Add a passkey
          </Button>
        )
      }
    >
      {passkeys.error !== null ? (
        <ErrorState error={passkeys.error} onRetry={() => void passkeys.refetch()} />
      ) : rows === undefined ? (
        <SkeletonRows rows={1} />
      ) : (
        <Table
          label="Passkeys"
          columns={columns}
          rows={rows}
          rowKey={({ id }) => id}
          empty={<NoPasskeys offered={offered ?? false} />}
        />
      )}
      {adding && <AddPasskey hasPassword={hasPassword} onClose={() => setAdding(false)} />}
      <ConfirmDialog
        open={removing !== undefined}
        onClose={() => setRemoving(undefined)}
        title="Forget this passkey?"
        confirm="Forget it"
        danger
        busy={remove.isPending}
        onConfirm={() => removing !== undefined && remove.mutate({ params: { passkey: removing.id } })}
      >
        Nobody can sign in by <Text className="text-ink">{removing?.name ?? ""}</Text> any more. Take it out of your
        device or password manager too.
      </ConfirmDialog>
    </Card>
  );
}

function NoPasskeys({ offered }: { readonly offered: boolean }) {
  return (
    <p className="flex items-center gap-3 px-4 py-3 text-sm text-ink-soft">
      <Fingerprint aria-hidden className="size-4 shrink-0 text-ink-faint" />
      {offered ? (
        "None yet. With a passkey you sign in by your finger, face or device instead of a password."
      ) : (
        <span>
          Passkeys are off on this server: the setting <code className="font-mono text-xs">identity.passkeys</code>{" "}
          turns them on.
        </span>
      )}
    </p>
  );
}

/** What the browser says when somebody changes their mind, or has this passkey already. */
function wordsOf(error: unknown): ApiError {
  const known = asApiError(error);
  if (!(error instanceof Error)) return known;
  const messages: Readonly<Record<string, string>> = {
    NotAllowedError: "No passkey was made: it was cancelled, or took too long.",
    InvalidStateError: "This device has a passkey for you already.",
    SecurityError: "Passkeys belong to another address than the one this page is open at.",
  };
  const message = messages[error.name];
  if (message !== undefined) known.message = message;
  return known;
}

function AddPasskey({ hasPassword, onClose }: { readonly hasPassword: boolean; readonly onClose: () => void }) {
  const toasts = useToasts();
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<ApiError | null>(null);
  const add = useCall("addPasskey", { failures: "inline", changes: ["listPasskeys", "me"] });
  const make = async (password: string, name: string) => {
    setBusy(true);
    setFailure(null);
    try {
      const { startRegistration } = await import("@simplewebauthn/browser");
      const { challenge, options } = await api("beginPasskey", { body: { password } });
      type Options = Parameters<typeof startRegistration>[0]["optionsJSON"];
      const credential = await startRegistration({ optionsJSON: options as Options });
      await add.mutateAsync({ body: { challenge, name, credential } });
      toasts.show({ tone: "good", title: "Passkey added" });
      onClose();
    } catch (error) {
      setFailure(wordsOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <PasswordDialog
      open
      onClose={onClose}
      title="Add a passkey"
      detail="Your browser asks for your finger, face or device next."
      hasPassword={hasPassword}
      confirm="Continue"
      busy={busy}
      error={failure}
      onPassword={(password, form) => void make(password, formText(form, "name").trim())}
    >
      <Field label="Name" help="By which you know it again.">
        {(ties) => (
          <Input
            {...ties}
            name="name"
            defaultValue={agentName(navigator.userAgent)}
            maxLength={nameCharsMax}
            required
          />
        )}
      </Field>
    </PasswordDialog>
  );
}
