// The audit port on SQLite: rows are added by the writer, its ends are read here, and pages of it on the reader's thread.
import type { AuditHead, AuditLog } from "../../../kernel/audit-log.ts";
import type { Connection } from "../connection.ts";
import type { StorePaths } from "../store-paths.ts";
import { auditHeadSql, auditStartSql, hexOf, instanceSql } from "./audit-table.ts";

type Params<Verb extends keyof AuditLog> = Parameters<AuditLog[Verb]>[0];
type Answer<Verb extends keyof AuditLog> = ReturnType<AuditLog[Verb]>;

export class SqliteAuditLog implements AuditLog {
  readonly #paths: StorePaths;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  recordAudit(p: Params<"recordAudit">): Answer<"recordAudit"> {
    return this.#paths.write("recordAudit", p) as Answer<"recordAudit">;
  }

  searchAudit(p: Params<"searchAudit">): Answer<"searchAudit"> {
    return this.#paths.read("searchAudit", p) as Answer<"searchAudit">;
  }

  readAudit(p: Params<"readAudit">): Answer<"readAudit"> {
    return this.#paths.read("readAudit", p) as Answer<"readAudit">;
  }

  auditHead(): Promise<AuditHead> {
    return this.#paths.look((db) => endOf(db, auditHeadSql));
  }

  auditStart(): Promise<AuditHead> {
    return this.#paths.look((db) => endOf(db, auditStartSql));
  }

  trimAudit(p: Params<"trimAudit">): Answer<"trimAudit"> {
    return this.#paths.write("trimAudit", p) as Answer<"trimAudit">;
  }
}

/** Name of this data, and of the node's chain. */
export function readInstance(db: Connection): string {
  const row = db.rows<{ value: string }>(instanceSql)[0];
  if (row === undefined) throw new Error("the data has no name");
  return row.value;
}

function endOf(db: Connection, sql: string): AuditHead {
  const row = db.rows<{ seq: number; hash: Uint8Array }>(sql)[0];
  if (row === undefined) throw new Error("the start of the audit trail is missing");
  return { chain: readInstance(db), seq: row.seq, hash: hexOf(row.hash) };
}
