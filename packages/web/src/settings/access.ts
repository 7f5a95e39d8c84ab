// What roles and tokens may do, as a choice per permission that a form can show and change, and what one has to give oneself.
import type { Grant, Permission } from "@sluice/protocol";
import type { Answer } from "../api.ts";
import { allows } from "../session/grants.ts";

export type PermissionRow = Answer<"listRoles">["permissions"][number];
export type RoleRow = Answer<"listRoles">["roles"][number];

/** By permission: its patterns, or null for everything. What is not granted is not there. */
export type Choice = ReadonlyMap<string, readonly string[] | null>;

function nounOf(permission: string): string {
  return permission.slice(0, permission.indexOf(":"));
}

function covers(granted: string, permission: string): boolean {
  return granted === "*" || granted === permission || granted === `${nounOf(permission)}:*`;
}

/** Grants with `*` and `noun:*` spelled out. Of two grants of one permission either is enough. */
export function choiceOf(grants: readonly Grant[], rows: readonly PermissionRow[]): Choice {
  const choice = new Map<string, readonly string[] | null>();
  for (const { permission } of rows) {
    const of = grants.filter((grant) => covers(grant.permission, permission));
    if (of.length === 0) continue;
    const whole = of.some(({ only }) => only === undefined);
    choice.set(permission, whole ? null : [...new Set(of.flatMap(({ only }) => only ?? []))]);
  }
  return choice;
}

/** The other way round. Patterns that are empty narrow nothing. */
export function grantsOf(choice: Choice): { permission: string; only?: string[] }[] {
  return [...choice].map(([permission, only]) =>
    only === null || only.length === 0 ? { permission } : { permission, only: [...only] },
  );
}

/** Text with commas or line breaks between patterns. */
export function patternsOf(text: string): readonly string[] {
  const patterns = text.split(/[,\n]/).map((each) => each.trim());
  return [...new Set(patterns.filter((each) => each !== ""))];
}

/** Rows by noun, in the order in which they come. */
export function byNoun(rows: readonly PermissionRow[]): readonly { noun: string; rows: readonly PermissionRow[] }[] {
  const groups = new Map<string, PermissionRow[]>();
  for (const row of rows) {
    const noun = nounOf(row.permission);
    groups.set(noun, [...(groups.get(noun) ?? []), row]);
  }
  return [...groups].map(([noun, of]) => ({ noun, rows: of }));
}

/** What one has of a permission oneself: null everything, patterns, or undefined for nothing. */
export function ownOf(own: readonly Grant[], permission: string): readonly string[] | null | undefined {
  const of = own.filter((grant) => covers(grant.permission, permission));
  if (of.length === 0) return undefined;
  if (of.some(({ only }) => only === undefined)) return null;
  return of.flatMap(({ only }) => only ?? []);
}

/** The first permission that one would give without having it, or having less of it. */
export function lackingOf(own: readonly Grant[], choice: Choice): string | undefined {
  for (const [permission, only] of choice) {
    const has = ownOf(own, permission);
    if (has === undefined) return permission;
    if (has === null) continue;
    if (only === null || only.length === 0) return permission;
    if (!only.every((pattern) => allows(own, permission as Permission, pattern))) return permission;
  }
  return undefined;
}

/** Whether two choices say the same. */
export function sameChoice(one: Choice, other: Choice): boolean {
  const words = (choice: Choice) =>
    JSON.stringify(grantsOf(choice).toSorted((a, b) => (a.permission < b.permission ? -1 : 1)));
  return words(one) === words(other);
}

/** A role's or token's grants in a few words: `Everything`, `12 permissions`, `run:read on billing/*`. */
export function grantWords(grants: readonly Grant[]): string {
  if (grants.some(({ permission, only }) => permission === "*" && only === undefined)) return "Everything";
  const [first] = grants;
  if (first === undefined) return "Nothing";
  if (grants.length > 1) return `${grants.length} permissions`;
  return first.only === undefined ? first.permission : `${first.permission} on ${first.only.join(", ")}`;
}
