// The table of tokens: capabilities by which somebody outside settles a wait.
import type { Connection } from "./connection.ts";
import type { TokenRecord } from "../../kernel/run-store.ts";
import type { Mutable } from "./run-row.ts";
import { lazily } from "./statement.ts";

export interface TokenRow {
  readonly token: string;
  readonly kind: TokenRecord["kind"];
  readonly status: TokenRecord["status"];
  readonly run: string;
  readonly workflow: string;
  readonly seq: number;
  readonly name: string;
  readonly description: string | null;
  readonly data: Uint8Array | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly value: Uint8Array | null;
  readonly error: Uint8Array | null;
  readonly terms: Uint8Array | null;
  readonly group: string | null;
}

export const tokenColumns = `token, kind, status, run, workflow, seq, name, description, data, created_at AS createdAt,
  expires_at AS expiresAt, value, error, terms, grp AS "group"`;
const insertSql = `INSERT INTO tokens (token, kind, status, run, workflow, seq, name, description, data, created_at,
  expires_at, terms, grp) VALUES (?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const getSql = `SELECT ${tokenColumns} FROM tokens WHERE token = ?`;
const useSql = "UPDATE tokens SET status = 'used', value = ?, error = ?, decided_by = ? WHERE token = ?";
const decidedSql = "SELECT 1 AS found FROM tokens WHERE run = ? AND grp = ? AND decided_by = ? LIMIT 1";
const reopenSql = `UPDATE tokens SET status = 'open' WHERE run = ? AND seq = ? AND status = 'expired'
  AND (expires_at IS NULL OR expires_at > ?)`;
const expireSql = "UPDATE tokens SET status = 'expired' WHERE token = ? AND status = 'open'";
const expireOfEntrySql = "UPDATE tokens SET status = 'expired' WHERE run = ? AND seq = ? AND status = 'open'";
const expireOfRunSql = "UPDATE tokens SET status = 'expired' WHERE run = ? AND status = 'open'";
const deleteOfEntrySql = "DELETE FROM tokens WHERE run = ? AND seq = ?";
const deleteOfRunSql = "DELETE FROM tokens WHERE run = ?";

export class TokenTable {
  readonly #insert;
  readonly #get;
  readonly #use;
  readonly #decided;
  readonly #reopen;
  readonly #expire;
  readonly #expireOfEntry;
  readonly #expireOfRun;
  readonly #deleteOfEntry;
  readonly #deleteOfRun;

  constructor(db: Connection) {
    this.#insert = lazily(db, insertSql);
    this.#get = lazily<TokenRow>(db, getSql);
    this.#use = lazily(db, useSql);
    this.#decided = lazily<{ found: number }>(db, decidedSql);
    this.#reopen = lazily(db, reopenSql);
    this.#expire = lazily(db, expireSql);
    this.#expireOfEntry = lazily(db, expireOfEntrySql);
    this.#expireOfRun = lazily(db, expireOfRunSql);
    this.#deleteOfEntry = lazily(db, deleteOfEntrySql);
    this.#deleteOfRun = lazily(db, deleteOfRunSql);
  }

  insert(token: Omit<TokenRecord, "status">): void {
    // prettier-ignore
    this.#insert().run(token.token, token.kind, token.run, token.workflow, token.seq, token.name,
      token.description ?? null, token.data ?? null, token.createdAt, token.expiresAt ?? null,
      token.terms ?? null, token.group ?? null);
  }

  get(token: string): TokenRow | undefined {
    return this.#get().get(token) ?? undefined;
  }

  use(
    token: string,
    to: { value?: Uint8Array | undefined; error?: Uint8Array | undefined; person?: string | undefined },
  ) {
    this.#use().run(to.value ?? null, to.error ?? null, to.person ?? null, token);
  }

  /** Whether this person has decided with some token of the group. */
  hasDecided(p: { readonly run: string; readonly group: string; readonly person: string }): boolean {
    return this.#decided().get(p.run, p.group, p.person) !== null;
  }

  /** Makes a token that ended with its run good again, unless its own time is up. */
  reopen(run: string, seq: number, now: number): void {
    this.#reopen().run(run, seq, now);
  }

  expire(token: string): void {
    this.#expire().run(token);
  }

  expireOfEntry(run: string, seq: number): void {
    this.#expireOfEntry().run(run, seq);
  }

  expireOfRun(run: string): void {
    this.#expireOfRun().run(run);
  }

  deleteOfEntry(run: string, seq: number): void {
    this.#deleteOfEntry().run(run, seq);
  }

  deleteOfRun(run: string): void {
    this.#deleteOfRun().run(run);
  }
}

export function toToken(row: TokenRow): TokenRecord {
  const token: Mutable<TokenRecord> = {
    token: row.token,
    kind: row.kind,
    run: row.run,
    workflow: row.workflow,
    seq: row.seq,
    name: row.name,
    createdAt: row.createdAt,
    status: row.status,
  };
  if (row.description !== null) token.description = row.description;
  if (row.data !== null) token.data = row.data;
  if (row.expiresAt !== null) token.expiresAt = row.expiresAt;
  if (row.terms !== null) token.terms = row.terms;
  if (row.group !== null) token.group = row.group;
  return token;
}
