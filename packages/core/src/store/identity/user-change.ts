// What a change makes of a user, and the rules about users that every adapter keeps.
import type { UserChange, UserRecord } from "../../kernel/identity-store.ts";

/** Key by which names are unique and in order: without regard to case. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/** Whether a user can sign in and has the role admin: one such user has to stay. */
export function isActiveAdmin(user: UserRecord): boolean {
  return !user.disabled && user.roles.includes("admin");
}

/** The user after a change; what is taken away has no key. */
export function changedUser(user: UserRecord, change: UserChange): UserRecord {
  const wanted = Object.entries(change).filter(([, value]) => value !== undefined);
  const fields = Object.entries({ ...user, ...Object.fromEntries(wanted), version: user.version + 1 });
  return Object.fromEntries(fields.filter(([, value]) => value !== null)) as unknown as UserRecord;
}
