// A new token: as a role or permission by permission, until when, and only on what.
import { useId, useState } from "react";
import type { SubmitEvent } from "react";
import type { Answer } from "../api.ts";
import { FailureNote } from "../account/failure-note.tsx";
import { useApi, useCall } from "../query.ts";
import { useMay, useMe } from "../session/session.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { formText } from "../ui/form-text.ts";
import { Select } from "../ui/select.tsx";
import { choiceOf, grantsOf, lackingOf } from "./access.ts";
import type { Choice } from "./access.ts";
import { LackingNote } from "./lacking-note.tsx";
import { LimitsField, limitsOf } from "./limits-field.tsx";
import type { LimitLine } from "./limits-field.tsx";
import { PermissionMatrix } from "./permission-matrix.tsx";

const dayMs = 86_400_000;
const lifetimes = [
  { value: "7", label: "7 days" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "never", label: "Never" },
] as const;
type Lifetime = (typeof lifetimes)[number]["value"];
/** Instead of a role: permission by permission. */
const byPermission = "-";
const roleNames = ["viewer", "operator", "developer", "admin", "worker"];

interface CreateTokenDialogProps {
  readonly onClose: () => void;
  readonly onCreated: (made: Answer<"createToken">) => void;
}

export function CreateTokenDialog({ onClose, onCreated }: CreateTokenDialogProps) {
  const form = useId();
  const own = useMe()?.grants ?? [];
  const known = useApi("listRoles", {}, { enabled: useMay("role:read") }).data;
  const [role, setRole] = useState("viewer");
  const [choice, setChoice] = useState<Choice>(new Map());
  const [lifetime, setLifetime] = useState<Lifetime>("90");
  const [lines, setLines] = useState<readonly LimitLine[]>([]);
  const create = useCall("createToken", { failures: "inline", changes: ["listTokens"], onDone: onCreated });
  const roles = known?.roles.map(({ name }) => name) ?? roleNames;
  const grants = known?.roles.find(({ name }) => name === role)?.grants;
  const lacking =
    known === undefined
      ? undefined
      : lackingOf(own, role === byPermission ? choice : choiceOf(grants ?? [], known.permissions));
  const narrows = lines.length > 0;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const limits = limitsOf(lines);
    create.mutate({
      body: {
        name: formText(new FormData(event.currentTarget), "name").trim(),
        ...(role === byPermission ? { grants: grantsOf(choice) } : { role }),
        ...(lifetime === "never" ? {} : { expiresIn: Number(lifetime) * dayMs }),
        ...(Object.keys(limits).length === 0 ? {} : { limits }),
      },
    });
  };
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title="New token"
      detail="It never may more than you may, now and later."
      footer={
        <TokenButtons
          form={form}
          busy={create.isPending}
          disabled={(role === byPermission && choice.size === 0) || (lacking !== undefined && !narrows)}
          onClose={onClose}
        />
      }
    >
      <form id={form} onSubmit={submit} className="flex flex-col gap-3">
        <Field label="Name" help="What it is for: deploy-bot, grafana…">
          {(ties) => <Input {...ties} name="name" required autoFocus maxLength={200} />}
        </Field>
        <RoleAndLifetime
          roles={roles}
          byOne={known !== undefined}
          role={role}
          lifetime={lifetime}
          onRole={setRole}
          onLifetime={setLifetime}
        />
        <LackingNote permission={narrows ? undefined : lacking} />
        {role === byPermission && known !== undefined && (
          <div className="rounded-md border border-line">
            <PermissionMatrix permissions={known.permissions} choice={choice} onChange={setChoice} />
          </div>
        )}
        <LimitsField lines={lines} onChange={setLines} />
        <FailureNote error={create.error} />
      </form>
    </Dialog>
  );
}

interface RoleAndLifetimeProps {
  readonly roles: readonly string[];
  /** Permissions can be chosen one by one. */
  readonly byOne: boolean;
  readonly role: string;
  readonly lifetime: Lifetime;
  readonly onRole: (role: string) => void;
  readonly onLifetime: (lifetime: Lifetime) => void;
}

function RoleAndLifetime({ roles, byOne, role, lifetime, onRole, onLifetime }: RoleAndLifetimeProps) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label="May do">
        {(ties) => (
          <Select
            {...ties}
            value={role}
            onChange={onRole}
            options={[
              ...roles.map((name) => ({ value: name, label: `What ${name} may` })),
              ...(!byOne ? [] : [{ value: byPermission, label: "Chosen permissions" }]),
            ]}
          />
        )}
      </Field>
      <Field label="Expires after">
        {(ties) => <Select {...ties} value={lifetime} options={lifetimes} onChange={onLifetime} />}
      </Field>
    </div>
  );
}

interface TokenButtonsProps {
  readonly form: string;
  readonly busy: boolean;
  readonly disabled: boolean;
  readonly onClose: () => void;
}

function TokenButtons({ form, busy, disabled, onClose }: TokenButtonsProps) {
  return (
    <>
      <Button onClick={onClose}>Close</Button>
      <Button tone="primary" type="submit" form={form} busy={busy} disabled={disabled}>
        Create token
      </Button>
    </>
  );
}
