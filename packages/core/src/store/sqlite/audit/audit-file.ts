// The audit trail of a database file that is only looked at, whether a server has it open or none: to check it without asking
// the one who wrote it.
import { SluiceError } from "@sluice/protocol";
import type { AuditHead, AuditLog } from "../../../kernel/audit-log.ts";
import { chainStart } from "../../../kernel/audit-chain.ts";
import { SqliteConnection } from "../connection.ts";
import { prepareDatabase } from "../prepare-database.ts";
import { readAudit } from "./audit-reads.ts";
import { auditHeadSql, auditStartSql, hexOf, instanceSql } from "./audit-table.ts";

/** The parts of the trail that can be read; as it is at one moment, until `close`. */
export interface AuditFile extends Pick<AuditLog, "auditHead" | "auditStart" | "readAudit"> {
  close(): void;
}

/**
 * Opens the trail of a database. Throws `data_folder_corrupt` and `data_folder_newer`, and `data_folder_corrupt` for one that
 * has no trail.
 */
export function openAuditFile(p: { readonly file: string }): AuditFile {
  const { file } = p;
  const { outcome } = prepareDatabase({ file, readonly: true });
  if (outcome === "created") throw none(file);
  const db = new SqliteConnection(file, "read");
  try {
    db.run("BEGIN");
    const has = db.rows("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'audit'").length > 0;
    if (!has) throw none(file);
    const chain = db.rows<{ value: string }>(instanceSql)[0]?.value ?? "";
    const endOf = async (sql: string): Promise<AuditHead> => {
      // Whoever emptied the table of the start left the rows behind: they follow nothing.
      const [row] = db.rows<{ seq: number; hash: Uint8Array }>(sql);
      return { chain, seq: row?.seq ?? 0, hash: row === undefined ? chainStart : hexOf(row.hash) };
    };
    return {
      auditHead: () => endOf(auditHeadSql),
      auditStart: () => endOf(auditStartSql),
      readAudit: async (which) => readAudit(db, which),
      close: () => db.close(),
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

function none(file: string): SluiceError {
  return new SluiceError({
    code: "data_folder_corrupt",
    message: `There is no audit trail in ${file}.`,
    hint: "Name the data folder of a server with --data.",
  });
}
