// Whether somebody is the last who can look after everything: such a user can neither be disabled nor lose the role.
import type { Answer } from "../api.ts";
import { useApi } from "../query.ts";

type UserRow = Answer<"listUsers">["users"][number];
/** Looked at; with more users than these the server's own check is the only one. */
const usersMax = 100;

/** False as long as it is not known for sure. */
export function isLastAdmin(user: Pick<UserRow, "id" | "roles" | "disabled">, all: Answer<"listUsers">): boolean {
  if (user.disabled || !user.roles.includes("admin") || all.nextCursor !== null) return false;
  return !all.users.some(({ id, roles, disabled }) => id !== user.id && !disabled && roles.includes("admin"));
}

export function useIsLastAdmin(user: UserRow): boolean {
  const all = useApi("listUsers", { query: { limit: usersMax } }).data;
  return all !== undefined && isLastAdmin(user, all);
}
