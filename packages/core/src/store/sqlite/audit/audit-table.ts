// The table of the audit trail as the writer has it: rows are added at its end, and let go at its start.
import { SluiceError } from "@sluice/protocol";
import { nextAudit } from "../../../kernel/audit-chain.ts";
import type { AuditHead, AuditNote } from "../../../kernel/audit-log.ts";
import type { Connection } from "../connection.ts";
import { lazily } from "../statement.ts";

type Link = Pick<AuditHead, "seq" | "hash">;
interface LinkRow {
  readonly seq: number;
  readonly hash: Uint8Array;
}

export const instanceSql = "SELECT value FROM meta WHERE name = 'instance'";
export const auditHeadSql = `SELECT seq, hash FROM audit WHERE seq = (SELECT max(seq) FROM audit)
  UNION ALL SELECT seq, hash FROM audit_start WHERE NOT EXISTS (SELECT 1 FROM audit)`;
export const auditStartSql = "SELECT seq, hash FROM audit_start";
const insertSql = `INSERT INTO audit (seq, at, by_kind, by_id, by_name, address, session, token, action, target, workflow,
  outcome, reason, before, after, intent, previous, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const linkSql = "SELECT seq, hash FROM audit WHERE seq = ?";
const moveStartSql = "UPDATE audit_start SET seq = ?, hash = ?";
const deleteSql = "DELETE FROM audit WHERE seq <= ?";

export class AuditTable {
  readonly #head;
  readonly #start;
  readonly #instance;
  readonly #insert;
  readonly #link;
  readonly #moveStart;
  readonly #delete;
  /** The last row, as long as no change was taken back since it was read or written. */
  #last: Link | undefined;

  constructor(db: Connection) {
    this.#head = lazily<LinkRow>(db, auditHeadSql);
    this.#start = lazily<LinkRow>(db, auditStartSql);
    this.#instance = lazily<{ value: string }>(db, instanceSql);
    this.#insert = lazily(db, insertSql);
    this.#link = lazily<LinkRow>(db, linkSql);
    this.#moveStart = lazily(db, moveStartSql);
    this.#delete = lazily(db, deleteSql);
  }

  /** Adds a row and returns its number. */
  add(note: AuditNote): number {
    this.#last ??= found(this.#head().get());
    const row = nextAudit(note, this.#last);
    const { by } = row;
    const { address = null, name = null, session = null, token = null } = by.origin ?? {};
    // prettier-ignore
    this.#insert().run(row.seq, row.at, by.kind, by.id, name, address, session, token, row.action, row.target,
      row.workflow ?? null, row.outcome, row.reason ?? null, row.before ?? null, row.after ?? null, row.intent ?? null,
      bytesOf(row.previous), bytesOf(row.hash));
    this.#last = row;
    return row.seq;
  }

  /** A change was taken back: what the last row is has to be read again. */
  reset(): void {
    this.#last = undefined;
  }

  /** Lets go of the oldest rows, none after the head; how many. Throws `conflict` for a head of another chain. */
  trim(upTo: AuditHead, limit: number): number {
    const start = found(this.#start().get());
    if (upTo.seq <= start.seq) return 0;
    const named = this.#link().get(upTo.seq);
    if (upTo.chain !== this.#instance().get()?.value || named === null || hexOf(named.hash) !== upTo.hash) {
      throw otherChain(upTo);
    }
    const end = this.#link().get(Math.min(upTo.seq, start.seq + limit));
    if (end === null) throw new Error("a row of the audit trail is missing");
    this.#moveStart().run(end.seq, end.hash);
    return this.#delete().run(end.seq).changes;
  }
}

function found(row: LinkRow | null): Link {
  if (row === null) throw new Error("the start of the audit trail is missing");
  return { seq: row.seq, hash: hexOf(row.hash) };
}

function otherChain(head: AuditHead): SluiceError {
  return new SluiceError({
    code: "conflict",
    message: `Row ${head.seq} of the audit trail is not the one that the checkpoint names.`,
    hint: "Nothing was deleted. Run `sluice audit verify`.",
  });
}

export function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex, "hex");
}
