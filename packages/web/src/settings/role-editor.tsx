// One role: what it may do, changed in place where it is not built in.
import { getRouteApi, Link } from "@tanstack/react-router";
import { ArrowLeft, Copy, Lock, Trash2 } from "lucide-react";
import { useState } from "react";
import type { SubmitEvent } from "react";
import { FailureNote } from "../account/failure-note.tsx";
import type { Answer } from "../api.ts";
import { useCall } from "../query.ts";
import { useMay, useMe } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { ConfirmDialog } from "../ui/dialog.tsx";
import { Field, Input } from "../ui/field.tsx";
import { Text } from "../ui/text.tsx";
import { choiceOf, grantsOf, lackingOf, sameChoice } from "./access.ts";
import type { Choice, RoleRow } from "./access.ts";
import { LackingNote } from "./lacking-note.tsx";
import { PermissionMatrix } from "./permission-matrix.tsx";

const route = getRouteApi("/shell/settings/roles");

interface RoleEditorProps {
  readonly known: Answer<"listRoles">;
  /** None: a new one. */
  readonly role: RoleRow | undefined;
  /** What a new one begins as. */
  readonly from: RoleRow | undefined;
}

/** What a custom role can have of another one. */
function withoutShell(choice: Choice, { permissions }: Answer<"listRoles">): Choice {
  const shells = new Set(permissions.filter(({ shell }) => shell).map(({ permission }) => permission));
  return new Map([...choice].filter(([permission]) => !shells.has(permission)));
}

export function RoleEditor({ known, role, from }: RoleEditorProps) {
  const mayWrite = useMay("role:write");
  const own = useMe()?.grants ?? [];
  const navigate = route.useNavigate();
  const saved = choiceOf((role ?? from)?.grants ?? [], known.permissions);
  const begin = role === undefined ? withoutShell(saved, known) : saved;
  const [choice, setChoice] = useState<Choice>(begin);
  const [name, setName] = useState(role?.name ?? "");
  const [about, setAbout] = useState((role ?? from)?.about ?? "");
  const readOnly = !mayWrite || role?.builtIn === true;
  const save = useCall("putRole", {
    failures: "inline",
    done: (answer) => `The role ${answer.role.name} is kept`,
    changes: ["listRoles", "me"],
    onDone: (answer) => void navigate({ search: { role: answer.role.name }, replace: role === undefined }),
  });
  const taken = role === undefined && known.roles.some((each) => each.name === name.trim());
  const lacking = readOnly ? undefined : lackingOf(own, choice);
  const changed = role === undefined || !sameChoice(choice, saved) || about !== (role.about ?? "");
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const words = about.trim();
    save.mutate({
      params: { role: name.trim() },
      body: { grants: grantsOf(choice), ...(words === "" ? {} : { about: words }) },
    });
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4">
      <RoleHeader role={role} mayWrite={mayWrite} />
      {!readOnly && (
        <RoleWords
          isNew={role === undefined}
          name={name}
          about={about}
          taken={taken}
          onName={setName}
          onAbout={setAbout}
        />
      )}
      <Card title="Permissions" detail={`${choice.size} of ${known.permissions.length}`} flush>
        <PermissionMatrix
          permissions={known.permissions}
          choice={choice}
          onChange={readOnly ? undefined : setChoice}
          mayShell={role?.builtIn === true}
        />
      </Card>
      {!readOnly && (
        <div className="sticky bottom-0 -mx-1 flex flex-col gap-2 border-t border-line bg-canvas px-1 py-3">
          <FailureNote error={save.error} />
          <LackingNote permission={lacking} />
          <div className="flex items-center gap-2">
            <Button
              tone="primary"
              type="submit"
              busy={save.isPending}
              disabled={!changed || taken || choice.size === 0 || lacking !== undefined}
            >
              {role === undefined ? "Create role" : "Save changes"}
            </Button>
            {role !== undefined && changed && (
              <span className="text-xs text-ink-faint">Whoever has it may do what it says at once.</span>
            )}
          </div>
        </div>
      )}
    </form>
  );
}

interface RoleWordsProps {
  readonly isNew: boolean;
  readonly name: string;
  readonly about: string;
  /** There is a role of this name already. */
  readonly taken: boolean;
  readonly onName: (name: string) => void;
  readonly onAbout: (about: string) => void;
}

function RoleWords({ isNew, name, about, taken, onName, onAbout }: RoleWordsProps) {
  return (
    <div className="grid gap-3 sm:grid-cols-2">
      <Field label="Name" error={taken ? "There is a role of this name already." : undefined}>
        {(ties) => (
          <Input
            {...ties}
            value={name}
            onChange={({ target }) => onName(target.value)}
            disabled={!isNew}
            required
            maxLength={64}
            pattern="[a-z][a-z0-9\-]*"
            placeholder="billing-operator"
            title="a-z, 0-9 and -, beginning with a letter"
            autoFocus={isNew}
          />
        )}
      </Field>
      <Field label="About (optional)">
        {(ties) => <Input {...ties} value={about} maxLength={1_024} onChange={({ target }) => onAbout(target.value)} />}
      </Field>
    </div>
  );
}

function RoleHeader({ role, mayWrite }: { readonly role: RoleRow | undefined; readonly mayWrite: boolean }) {
  const navigate = route.useNavigate();
  const [asks, setAsks] = useState(false);
  const remove = useCall("deleteRole", {
    done: "Role deleted",
    changes: ["listRoles"],
    onDone: () => void navigate({ search: {}, replace: true }),
  });
  return (
    <div className="flex flex-wrap items-center gap-2">
      <IconButton icon={ArrowLeft} label="All roles" onClick={() => void navigate({ search: {} })} />
      <h2 className="text-base font-semibold">{role?.name ?? "New role"}</h2>
      {role !== undefined && !mayWrite && role.about !== null && (
        <Text className="text-sm text-ink-soft">{role.about}</Text>
      )}
      {role?.builtIn === true && <Badge icon={Lock}>Built in, cannot be changed</Badge>}
      {role !== undefined && mayWrite && (
        <div className="ml-auto flex gap-2">
          <Button asChild size="sm">
            <Link to="/settings/roles" search={{ create: true, from: role.name }}>
              <Copy aria-hidden className="size-3.5" /> Make one like it
            </Link>
          </Button>
          {!role.builtIn && (
            <Button size="sm" icon={Trash2} onClick={() => setAsks(true)}>
              Delete
            </Button>
          )}
        </div>
      )}
      <ConfirmDialog
        open={asks}
        onClose={() => setAsks(false)}
        title={`Delete the role ${role?.name ?? ""}?`}
        confirm="Delete role"
        danger
        busy={remove.isPending}
        onConfirm={() =>
          role !== undefined && remove.mutate({ params: { role: role.name } }, { onSettled: () => setAsks(false) })
        }
      >
        Only a role that nobody has can be deleted. Tokens that were made with it keep what they may do.
      </ConfirmDialog>
    </div>
  );
}
