// Lists of users and of tokens for programs, in pages; they run on the reader's thread.
import type { IdentityStore } from "../../../kernel/identity-store.ts";
import { nameKey } from "../../identity/user-change.ts";
import type { Connection } from "../connection.ts";
import { decodeCursor, decodePosition, encodeCursor, encodePosition } from "../cursor.ts";
import { accessTokenColumns, toAccessToken, toUser, userColumns, type AccessTokenRow, type UserRow } from "./rows.ts";

type Params<Verb extends keyof IdentityStore> = Parameters<IdentityStore[Verb]>[0];
type Answer<Verb extends keyof IdentityStore> = Awaited<ReturnType<IdentityStore[Verb]>>;

const listUsersSql = `SELECT ${userColumns}, name_key AS nameKey FROM users WHERE name_key > ?1
  AND (instr(name_key, ?2) > 0 OR instr(lower(email), ?2) > 0) ORDER BY name_key LIMIT ?3`;

/** In order of names. */
export function listUsers(db: Connection, p: Params<"listUsers">): Answer<"listUsers"> {
  const after = p.cursor === undefined ? "" : decodeCursor(p.cursor);
  const text = nameKey(p.text ?? "");
  const rows = db.rows<UserRow & { readonly nameKey: string }>(listUsersSql, after, text, p.limit + 1);
  const page = rows.slice(0, p.limit);
  const users = page.map(({ nameKey: _key, ...row }) => toUser(row));
  const last = page.at(-1);
  return rows.length > p.limit && last !== undefined ? { users, next: encodeCursor(last.nameKey) } : { users };
}

/** Newest first. */
export function listAccessTokens(db: Connection, p: Params<"listTokens">): Answer<"listTokens"> {
  const conditions = ["TRUE"];
  const values: (string | number)[] = [];
  if (p.owner !== undefined) {
    conditions.push("owner = ?");
    values.push(p.owner);
  }
  if (p.cursor !== undefined) {
    conditions.push("(created_at, id) < (?, ?)");
    const { createdAt, id } = decodePosition(p.cursor);
    values.push(createdAt, id);
  }
  const sql = `SELECT ${accessTokenColumns} FROM access_tokens WHERE ${conditions.join(" AND ")}
    ORDER BY created_at DESC, id DESC LIMIT ?`;
  const rows = db.rows<AccessTokenRow>(sql, ...values, p.limit + 1);
  const tokens = rows.slice(0, p.limit).map(toAccessToken);
  const last = tokens.at(-1);
  if (rows.length <= p.limit || last === undefined) return { tokens };
  return { tokens, next: encodePosition(last) };
}
