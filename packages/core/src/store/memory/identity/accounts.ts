// Users, roles, sessions, tokens, passkeys and links in plain memory.
import { SluiceError } from "@sluice/protocol";
import type { PasskeyRecord, RoleRecord, SessionRecord, TokenRow, UserRecord } from "../../../kernel/identity-store.ts";
import { isActiveAdmin, nameKey } from "../../identity/user-change.ts";

export class Accounts {
  readonly users = new Map<string, UserRecord>();
  readonly roles = new Map<string, RoleRecord>();
  readonly sessions = new Map<string, SessionRecord>();
  readonly tokens = new Map<string, TokenRow>();
  readonly passkeys = new Map<string, PasskeyRecord>();
  /** User by issuer and subject. */
  readonly links = new Map<string, string>();

  findUser(name: string): UserRecord | undefined {
    return [...this.users.values()].find((user) => nameKey(user.name) === nameKey(name));
  }

  /** Whether somebody else than this user has the role admin and is not disabled. */
  hasOtherAdmin(user: string): boolean {
    return [...this.users.values()].some((other) => other.id !== user && isActiveAdmin(other));
  }

  findSession(hash: string): SessionRecord | undefined {
    return [...this.sessions.values()].find(
      ({ previousHash, secretHash }) => secretHash === hash || previousHash === hash,
    );
  }
}

export function linkSlot(issuer: string, subject: string): string {
  return JSON.stringify([issuer, subject]);
}

/** Newest first, at the same time by id: a page of those before the cursor's. */
export function newestPage<Row extends { readonly id: string; readonly createdAt: number }>(
  rows: readonly Row[],
  p: { readonly limit: number; readonly cursor?: string | undefined },
): { readonly page: readonly Row[]; readonly next?: string | undefined } {
  const after = p.cursor === undefined ? undefined : positionOf(p.cursor);
  const left = rows.toSorted(newestFirst).filter((row) => after === undefined || newestFirst(after, row) < 0);
  const page = left.slice(0, p.limit);
  const last = page.at(-1);
  return left.length > page.length && last !== undefined ? { page, next: `${last.createdAt} ${last.id}` } : { page };
}

interface Position {
  readonly id: string;
  readonly createdAt: number;
}

export function newestFirst(a: Position, b: Position): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

function positionOf(cursor: string): Position {
  const [, createdAt, id] = /^(-?\d{1,16}) (.+)$/s.exec(cursor) ?? [];
  if (id === undefined) throw badCursor();
  return { createdAt: Number(createdAt), id };
}

export function badCursor(): SluiceError {
  return new SluiceError({ code: "invalid_filter", message: "The cursor is not one of this list." });
}
