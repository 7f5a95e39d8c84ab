// Every permission there is, by noun, with what is granted and what narrows it. Used for roles and for tokens.
import { SquareTerminal } from "lucide-react";
import { useState } from "react";
import { useMe } from "../session/session.ts";
import { Badge } from "../ui/badge.tsx";
import { Checkbox, Input } from "../ui/field.tsx";
import { Tooltip } from "../ui/tooltip.tsx";
import { visibleText } from "../ui/visible-text.ts";
import { byNoun, ownOf, patternsOf } from "./access.ts";
import type { Choice, PermissionRow } from "./access.ts";

interface PermissionMatrixProps {
  readonly permissions: readonly PermissionRow[];
  readonly choice: Choice;
  /** Without it the matrix is read only. */
  readonly onChange?: ((choice: Choice) => void) | undefined;
  /** Roles of the product's own may lead to a shell; others may not. */
  readonly mayShell?: boolean | undefined;
}

export function PermissionMatrix({ permissions, choice, onChange, mayShell = false }: PermissionMatrixProps) {
  return (
    <div className="divide-y divide-line">
      {byNoun(permissions).map(({ noun, rows }) => (
        <fieldset key={noun} className="flex gap-4 px-4 py-3 max-sm:flex-col max-sm:gap-2">
          <legend className="sr-only">{noun}</legend>
          <div className="w-28 shrink-0">
            <div aria-hidden className="text-sm font-medium capitalize">
              {noun}
            </div>
            {onChange !== undefined && rows.length > 1 && (
              <AllOfNoun noun={noun} rows={rows} choice={choice} onChange={onChange} mayShell={mayShell} />
            )}
          </div>
          <div className="flex min-w-0 grow flex-col gap-2">
            {rows.map((row) => (
              <PermissionLine key={row.permission} row={row} choice={choice} onChange={onChange} mayShell={mayShell} />
            ))}
          </div>
        </fieldset>
      ))}
    </div>
  );
}

interface AllOfNounProps {
  readonly noun: string;
  readonly rows: readonly PermissionRow[];
  readonly choice: Choice;
  readonly onChange: (choice: Choice) => void;
  readonly mayShell: boolean;
}

function AllOfNoun({ noun, rows, choice, onChange, mayShell }: AllOfNounProps) {
  const own = useMe()?.grants ?? [];
  const free = rows.filter((row) => (!row.shell || mayShell) && ownOf(own, row.permission) !== undefined);
  const isFull = free.every(({ permission }) => choice.has(permission));
  if (free.length < 2) return null;
  return (
    <button
      type="button"
      aria-label={`${isFull ? "None" : "All"} of ${noun}`}
      onClick={() => {
        const next = new Map(choice);
        for (const { permission } of free) {
          if (isFull) next.delete(permission);
          else if (!next.has(permission)) next.set(permission, ownOf(own, permission) ?? null);
        }
        onChange(next);
      }}
      className="text-xs text-accent-ink hover:underline"
    >
      {isFull ? "None" : "All"}
    </button>
  );
}

interface PermissionLineProps {
  readonly row: PermissionRow;
  readonly choice: Choice;
  readonly onChange: ((choice: Choice) => void) | undefined;
  readonly mayShell: boolean;
}

function PermissionLine({ row, choice, onChange, mayShell }: PermissionLineProps) {
  const own = useMe()?.grants ?? [];
  const { permission, about, narrowedBy, shell } = row;
  const has = ownOf(own, permission);
  const only = choice.get(permission);
  const isOn = only !== undefined;
  const refusal =
    shell && !mayShell
      ? "Leads to a shell of the server's own user: the role admin alone has it."
      : onChange !== undefined && has === undefined
        ? "You lack it yourself."
        : undefined;
  const set = (value: readonly string[] | null | undefined) => {
    const next = new Map(choice);
    if (value === undefined) next.delete(permission);
    else next.set(permission, value);
    onChange?.(next);
  };
  return (
    <div className="flex items-start gap-x-4 gap-y-1 max-lg:flex-col">
      <div className="flex w-72 shrink-0 items-start gap-2 max-sm:w-full">
        <Checkbox
          label={permission}
          help={refusal === undefined ? `May ${about}` : `May ${about}. ${refusal}`}
          checked={isOn}
          disabled={onChange === undefined || (refusal !== undefined && !isOn)}
          onChange={(on) => set(on ? (has ?? null) : undefined)}
        />
        {shell && <ShellMark />}
      </div>
      {isOn && narrowedBy !== null && (
        <Narrowing
          // Text that others changed is read anew.
          key={onChange === undefined ? (only ?? []).join() : permission}
          permission={permission}
          selector={narrowedBy}
          only={only}
          own={has}
          onChange={onChange === undefined ? undefined : (patterns) => set(patterns.length === 0 ? null : patterns)}
        />
      )}
    </div>
  );
}

function ShellMark() {
  return (
    <Tooltip text="Leads to a shell of the server's own user">
      <span tabIndex={0} className="rounded-sm">
        <Badge tone="warn" icon={SquareTerminal}>
          Shell
        </Badge>
      </span>
    </Tooltip>
  );
}

interface NarrowingProps {
  readonly permission: string;
  readonly selector: string;
  readonly only: readonly string[] | null;
  readonly own: readonly string[] | null | undefined;
  readonly onChange: ((patterns: readonly string[]) => void) | undefined;
}

function Narrowing({ permission, selector, only, own, onChange }: NarrowingProps) {
  const [text, setText] = useState((only ?? []).join(", "));
  if (onChange === undefined) {
    const words = only === null ? `every ${selector}` : `${selector} ${only.map(visibleText).join(", ")}`;
    return <span className="pt-0.5 text-xs text-ink-soft">{words}</span>;
  }
  return (
    <div className="flex min-w-0 grow flex-col gap-1 max-lg:w-full max-lg:pl-6">
      <div className="flex items-center gap-2">
        <span className="w-16 shrink-0 text-xs text-ink-faint">{selector}</span>
        <Input
          aria-label={`${permission} on which ${selector}`}
          placeholder="Every one; or patterns such as billing/*, ops"
          value={text}
          onChange={({ target }) => {
            setText(target.value);
            onChange(patternsOf(target.value));
          }}
          className="h-7"
        />
      </div>
      {own !== null && own !== undefined && (
        <span className="pl-18 text-xs text-ink-faint">You have it on {own.map(visibleText).join(", ")}.</span>
      )}
    </div>
  );
}
