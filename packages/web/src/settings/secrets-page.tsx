// Secrets: which there are, never what is in them. Set, removed, and encrypted with a new key.
import { getRouteApi } from "@tanstack/react-router";
import { KeyRound, Plus, RotateCw, Trash2 } from "lucide-react";
import { useMemo, useState } from "react";
import type { Answer } from "../api.ts";
import { useApi, useCall } from "../query.ts";
import { useMay } from "../session/session.ts";
import { useActions } from "../shell/use-actions.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import type { Column } from "../ui/columns.ts";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { EmptyState } from "../ui/states.tsx";
import { Table } from "../ui/table.tsx";
import { Text } from "../ui/text.tsx";
import { Time } from "../ui/time.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { KeptName, KeptRows, NewKeyDialog } from "./kept-parts.tsx";
import { KeysCard } from "./keys-card.tsx";
import { SetSecretDialog } from "./set-secret-dialog.tsx";

const route = getRouteApi("/shell/settings/secrets");
type Secret = Answer<"listSecrets">["secrets"][number];

export function SecretsPage() {
  const mayReadKeys = useMay("key:read");
  return (
    <div className="flex flex-col gap-4">
      <SecretsCard />
      {mayReadKeys && <KeysCard />}
    </div>
  );
}

function SecretsCard() {
  const { set, create } = route.useSearch();
  const navigate = route.useNavigate();
  const mayWrite = useMay("secret:write");
  const secrets = useApi("listSecrets", {});
  const [removing, setRemoving] = useState<string>();
  const [rotating, setRotating] = useState(false);
  const open = (what: { readonly set?: string; readonly create?: true }) => void navigate({ search: what });
  useSetAction(mayWrite, () => open({ create: true }));
  return (
    <Card
      title="Secrets"
      detail="Workflows use them by name; nobody sees them again"
      flush
      actions={
        mayWrite && (
          <>
            <Button size="sm" icon={RotateCw} onClick={() => setRotating(true)}>
              New key
            </Button>
            <Button size="sm" tone="primary" icon={Plus} onClick={() => open({ create: true })}>
              Set a secret
            </Button>
          </>
        )
      }
    >
      <KeptRows asked={secrets}>
        {(data) => (
          <SecretTable
            secrets={data.secrets}
            mayWrite={mayWrite}
            onSet={(name) => open({ set: name })}
            onRemove={setRemoving}
          />
        )}
      </KeptRows>
      {(set !== undefined || create === true) && mayWrite && (
        <SetSecretDialog name={set ?? ""} onClose={() => open({})} />
      )}
      <RemoveDialog name={removing} onClose={() => setRemoving(undefined)} />
      <RotateDialog open={rotating} onClose={() => setRotating(false)} />
    </Card>
  );
}

function useSetAction(enabled: boolean, run: () => void): void {
  useActions(
    useMemo(
      () =>
        enabled ? [{ id: "secrets:set", group: "Secrets", label: "Set a secret", icon: KeyRound, keys: "n", run }] : [],
      [enabled],
    ),
  );
}

interface SecretTableProps {
  readonly secrets: readonly Secret[];
  readonly mayWrite: boolean;
  readonly onSet: (name: string) => void;
  readonly onRemove: (name: string) => void;
}

function SecretTable({ secrets, mayWrite, onSet, onRemove }: SecretTableProps) {
  const columns: readonly Column<Secret>[] = [
    {
      name: "name",
      label: "Name",
      cell: ({ name, readable }) => <KeptName readable={readable}>{name}</KeptName>,
    },
    { name: "version", label: "Version", align: "end", from: "sm", cell: ({ version }) => version },
    { name: "changed", label: "Changed", align: "end", cell: ({ updatedAt }) => <Time at={updatedAt} /> },
    {
      name: "actions",
      label: "",
      align: "end",
      cell: ({ name }) =>
        mayWrite && (
          <span className="flex justify-end gap-1">
            <Button size="sm" tone="quiet" onClick={() => onSet(name)}>
              Replace
            </Button>
            <IconButton icon={Trash2} size="sm" label={`Remove ${visibleText(name)}`} onClick={() => onRemove(name)} />
          </span>
        ),
    },
  ];
  return (
    <Table
      label="Secrets"
      columns={columns}
      rows={secrets}
      rowKey={({ name }) => name}
      empty={
        <EmptyState icon={KeyRound} title="No secrets" command="sluice secret set NAME < FILE">
          A step asks for one by its name. Whatever leaves a worker has stars in the place of its value.
        </EmptyState>
      }
    />
  );
}

function RemoveDialog({ name, onClose }: { readonly name: string | undefined; readonly onClose: () => void }) {
  const remove = useCall("removeSecret", { done: "Removed", changes: ["listSecrets"], onDone: onClose });
  return (
    <ConfirmDialog
      open={name !== undefined}
      onClose={onClose}
      title="Remove this secret?"
      confirm="Remove"
      danger
      busy={remove.isPending}
      onConfirm={() => {
        if (name !== undefined) remove.mutate({ params: { name } });
      }}
    >
      Steps that use <Text className="font-medium text-ink">{name ?? ""}</Text> fail from then on. Nobody can bring its
      value back.
    </ConfirmDialog>
  );
}

function RotateDialog({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }) {
  const rotate = useCall("rotateSecrets", {
    done: "Every secret is encrypted with a new key",
    changes: ["listSecrets"],
    onDone: onClose,
  });
  return (
    <NewKeyDialog
      open={open}
      onClose={onClose}
      title="Encrypt with a new key?"
      confirm="Make a new key"
      rotate={rotate}
    >
      Every secret is encrypted anew and the old key is forgotten. Backups that were made before keep secrets that the
      new key cannot read.
    </NewKeyDialog>
  );
}
