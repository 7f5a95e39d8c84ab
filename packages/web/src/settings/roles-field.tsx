// The roles of a user as boxes to tick. What one lacks oneself cannot be given, and it says so.
import type { Answer } from "../api.ts";
import { useMe } from "../session/session.ts";
import { Checkbox } from "../ui/field.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { choiceOf, grantWords, lackingOf } from "./access.ts";

/** For workers alone: tokens have it. */
const workerRole = "worker";

interface RolesFieldProps {
  readonly known: Answer<"listRoles"> | undefined;
  readonly chosen: readonly string[];
  /** What the user had: it can be kept and taken away, whatever one has oneself. */
  readonly had?: readonly string[] | undefined;
  readonly onChange: (roles: readonly string[]) => void;
  readonly disabled?: boolean | undefined;
  /** Said at the role admin, which then stays. */
  readonly lastAdmin?: boolean | undefined;
}

export function RolesField({
  known,
  chosen,
  had = [],
  onChange,
  disabled = false,
  lastAdmin = false,
}: RolesFieldProps) {
  const own = useMe()?.grants ?? [];
  const roles = (known?.roles ?? had.map((name) => ({ name, about: null, grants: [], builtIn: true }))).filter(
    ({ name }) => name !== workerRole,
  );
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-1 text-xs font-medium text-ink-soft">Roles</legend>
      {roles.map(({ name, about, grants }) => {
        const lacking =
          had.includes(name) || known === undefined ? undefined : lackingOf(own, choiceOf(grants, known.permissions));
        const kept = lastAdmin && name === "admin";
        const words = about === null ? grantWords(grants) : visibleText(about);
        return (
          <Checkbox
            key={name}
            label={name}
            help={
              kept
                ? "The last user with this role who is not disabled: give it to somebody else first."
                : lacking !== undefined
                  ? `You cannot give it: you lack ${lacking}, or have less of it.`
                  : words
            }
            checked={chosen.includes(name)}
            disabled={disabled || kept || (lacking !== undefined && !chosen.includes(name))}
            onChange={(on) => onChange(on ? [...chosen, name] : chosen.filter((each) => each !== name))}
          />
        );
      })}
    </fieldset>
  );
}
