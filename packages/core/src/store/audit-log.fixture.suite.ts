// What the suite of the audit port needs: somebody from outside, and a look at the whole chain.
import { expect } from "bun:test";
import { auditHash } from "../kernel/audit-chain.ts";
import type { AuditLog, AuditNote, AuditRecord } from "../kernel/audit-log.ts";
import type { Actor } from "../kernel/run-store.ts";
import { start } from "./run-store.fixture.suite.ts";

/** Ada, who came over the network. */
export const outside: Actor = {
  kind: "user",
  id: "ada",
  origin: { name: "Ada", address: "192.0.2.7", session: "s9" },
};

export function newNote(target: string, more: Partial<AuditNote> = {}): AuditNote {
  return { at: start, by: outside, action: "test:note", target, outcome: "done", ...more };
}

/** The whole chain, each row of which must follow the one before it. */
export async function chain(log: AuditLog): Promise<readonly AuditRecord[]> {
  let link = await log.auditStart();
  const rows = await log.readAudit({ after: link.seq, limit: 100_000 });
  for (const row of rows) {
    expect({ seq: row.seq, previous: row.previous }).toEqual({ seq: link.seq + 1, previous: link.hash });
    expect(row.hash).toBe(auditHash(row));
    link = { chain: link.chain, seq: row.seq, hash: row.hash };
  }
  expect(await log.auditHead()).toEqual(link);
  return rows;
}

/** What a row says, without who and where it stands; before and after as objects. */
export function said(row: AuditRecord): object {
  const { hash: _hash, previous: _previous, seq: _seq, by: _by, at: _at, before, after, ...rest } = row;
  return {
    ...rest,
    ...(before === undefined ? {} : { before: JSON.parse(before) as unknown }),
    ...(after === undefined ? {} : { after: JSON.parse(after) as unknown }),
  };
}
