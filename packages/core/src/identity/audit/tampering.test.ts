// Whoever can write the database can change the trail, and cannot do it unseen: real files, changed behind the store's back.
import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { cpSync } from "node:fs";
import { dirname, join } from "node:path";
import fc from "fast-check";
import { auditHash, nextAudit } from "../../kernel/audit-chain.ts";
import type { AuditRecord } from "../../kernel/audit-log.ts";
import { openAuditFile } from "../../store/sqlite/checks.ts";
import { openSqliteStore } from "../../store/sqlite/index.ts";
import { CheckpointFile } from "./checkpoint-places.ts";
import type { CheckpointSigner } from "./checkpoint.ts";
import type { AuditReport } from "./audit-report.ts";
import { found, newSigner, noteOf, paths, start } from "./trail.fixture.suite.ts";
import { verifyAudit } from "./verify.ts";

const next = paths();
const rowCount = 40;
/** Rows at which a checkpoint was taken. */
const signedAt = [10, 20, 30, rowCount];

interface Trail {
  readonly file: string;
  readonly place: CheckpointFile;
  readonly key: CheckpointSigner;
  readonly rows: readonly AuditRecord[];
}

/** A trail that a store wrote, with its checkpoints; the store is closed. */
async function written(): Promise<Trail> {
  const file = next("state.db");
  const store = await openSqliteStore({
    file,
    onFatal: (error) => {
      throw error;
    },
  });
  const place = new CheckpointFile(join(dirname(file), "checkpoints"));
  const key = await newSigner(join(dirname(file), "keys"));
  for (let i = 1; i <= rowCount; i++) {
    const note = noteOf(i, { before: `{"n":${i}}`, ...(i % 7 === 0 ? { reason: "run_is_final" } : {}) });
    await store.audit.recordAudit({ note });
    if (signedAt.includes(i)) await place.put(key.sign(await store.audit.auditHead(), { at: start + i * 1_000 }));
  }
  const rows = await store.audit.readAudit({ after: 0, limit: rowCount });
  await store.close();
  return { file, place, key, rows };
}

const shared = written();

/** What the check says once the file was changed by these statements, whatever guards it. */
async function after(change: (db: Database, rows: readonly AuditRecord[]) => void): Promise<AuditReport> {
  const trail = await shared;
  const file = next("state.db");
  cpSync(trail.file, file);
  const db = new Database(file);
  for (const name of ["audit_added_at_the_end", "audit_not_changed", "audit_not_deleted"])
    db.run(`DROP TRIGGER ${name}`);
  change(db, trail.rows);
  db.close();
  const chain = openAuditFile({ file });
  try {
    return await verifyAudit({ chain, checkpoints: { place: trail.place, key: trail.key } });
  } finally {
    chain.close();
  }
}

/** Puts a row in place of whatever has its number. */
function put(db: Database, { by, ...row }: AuditRecord): void {
  const { name = null, address = null, session = null, token = null } = by.origin ?? {};
  const { workflow = null, reason = null, before = null, after: now = null, intent = null } = row;
  db.run(`INSERT OR REPLACE INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, [
    row.seq,
    row.at,
    by.kind,
    by.id,
    name,
    address,
    session,
    token,
    row.action,
    row.target,
    workflow,
    row.outcome,
    reason,
    before,
    now,
    intent,
    Buffer.from(row.previous, "hex"),
    Buffer.from(row.hash, "hex"),
  ]);
}

function swap(db: Database, a: number, b: number): void {
  db.run("UPDATE audit SET seq = -1 WHERE seq = ?", [a]);
  db.run("UPDATE audit SET seq = ? WHERE seq = ?", [a, b]);
  db.run("UPDATE audit SET seq = ? WHERE seq = -1", [b]);
}

/** Writes the rows from `seq` on anew, the first of them changed, every hash right. */
function rewrite(db: Database, rows: readonly AuditRecord[], { from, upTo }: { from: number; upTo: number }): void {
  db.run("DELETE FROM audit WHERE seq >= ?", [from]);
  let last = rows[from - 2] ?? { seq: 0, hash: "0".repeat(64) };
  for (const row of rows.slice(from - 1, upTo)) {
    const made = nextAudit(row.seq === from ? { ...row, target: "run:forged" } : row, last);
    put(db, made);
    last = made;
  }
}

const fields = ["at", "by_kind", "by_id", "by_name", "address", "session", "token", "action", "target", "workflow"];
const laterFields = ["outcome", "reason", "before", "after", "intent"];

describe("the file of a trail", () => {
  test("that nobody touched is as it was written", async () => {
    expect(await after(() => undefined)).toEqual({
      ok: true,
      rows: rowCount,
      checkpoints: signedAt.length,
      problems: [],
      warnings: [],
    });
  });

  test.each([...fields, ...laterFields])("shows a changed %s", async (field) => {
    const value = field === "at" || field === "intent" ? 5 : "forged";
    const report = await after((db) => db.run(`UPDATE audit SET "${field}" = ? WHERE seq = 17`, [value]));
    expect(found(report)).toEqual([["changed", 17]]);
  });

  test("shows an outcome taken away, and one changed with its hash made anew", async () => {
    expect(found(await after((db) => db.run("UPDATE audit SET reason = NULL WHERE seq = 21")))).toEqual([
      ["changed", 21],
    ]);
    const report = await after((db, rows) => {
      const made = { ...rows[16]!, target: "run:forged" };
      put(db, { ...made, hash: auditHash(made) });
    });
    expect(found(report)).toEqual([["changed", 17]]);
  });

  test("shows a row deleted from the middle, from the beginning, and one with the gap closed", async () => {
    const gone = (sql: string) => after((db) => db.run(sql));
    expect(found(await gone("DELETE FROM audit WHERE seq = 17"))).toEqual([["removed", 17]]);
    expect(found(await gone("DELETE FROM audit WHERE seq BETWEEN 5 AND 25"))).toEqual([["removed", 5]]);
    expect(found(await gone("DELETE FROM audit WHERE seq <= 3"))).toEqual([["removed", 1]]);
    const moved = await after((db, rows) => {
      db.run("DELETE FROM audit WHERE seq <= 3");
      db.run("UPDATE audit_start SET seq = 3, hash = ?", [Buffer.from(rows[2]!.hash, "hex")]);
    });
    expect(found(moved)).toEqual([["removed", 1]]);
    expect(found(await gone("DELETE FROM audit_start"))).toEqual([]);
    const closed = await after((db) => {
      db.run("DELETE FROM audit WHERE seq = 17");
      for (let seq = 18; seq <= rowCount; seq++) db.run("UPDATE audit SET seq = ? WHERE seq = ?", [seq - 1, seq]);
    });
    expect(found(closed)).toEqual([
      ["removed", 17],
      ["changed", 20],
      ["truncated", 40],
    ]);
  });

  test("shows two rows that changed places", async () => {
    expect(found(await after((db) => swap(db, 14, 15)))).toEqual([
      ["reordered", 14],
      ["reordered", 15],
    ]);
    expect(found(await after((db) => swap(db, 3, 38)))).toEqual([
      ["reordered", 3],
      ["reordered", 38],
    ]);
  });

  test("shows a cut tail", async () => {
    expect(found(await after((db) => db.run("DELETE FROM audit WHERE seq > 33")))).toEqual([["truncated", 34]]);
    expect(found(await after((db) => db.run("DELETE FROM audit")))).toEqual([["truncated", 1]]);
  });

  test("shows a tail written anew with every hash right", async () => {
    const cut = await after((db, rows) => rewrite(db, rows, { from: 35, upTo: rowCount }));
    expect(found(cut)).toEqual([["changed", 40]]);
    expect(cut.problems[0]?.message).toContain("rows 31 to 40");
    const shorter = await after((db, rows) => rewrite(db, rows, { from: 25, upTo: 34 }));
    expect(found(shorter)).toEqual([
      ["changed", 30],
      ["truncated", 35],
    ]);
    const whole = await after((db, rows) => rewrite(db, rows, { from: 1, upTo: rowCount }));
    expect(found(whole)).toEqual([["changed", 10]]);
  });

  test("shows another name, under which the checkpoints would not count", async () => {
    const renamed = await after((db) => db.run("UPDATE meta SET value = 'other' WHERE name = 'instance'"));
    expect(found(renamed)).toEqual([["truncated", null]]);
  });

  test("shows any change of any row, at that row, and never one where there is none", async () => {
    const column = fc.constantFrom(...fields.slice(1), ...laterFields.slice(0, 4));
    const value = fc.option(fc.string({ unit: "grapheme", maxLength: 20 }), { nil: null });
    const seq = fc.integer({ min: 1, max: rowCount });
    const needed = new Set(["by_kind", "by_id", "action", "target", "outcome"]);
    await fc.assert(
      fc.asyncProperty(column, value, seq, async (field, text, at) => {
        fc.pre(text !== null || !needed.has(field));
        let differs = false;
        const report = await after((db) => {
          const sql = `SELECT "${field}" AS value FROM audit WHERE seq = ?`;
          const before = db.query<{ value: string | null }, [number]>(sql).get(at)?.value;
          db.run(`UPDATE audit SET "${field}" = ? WHERE seq = ?`, [text, at]);
          differs = db.query<{ value: string | null }, [number]>(sql).get(at)?.value !== before;
        });
        expect(found(report)).toEqual(differs ? [["changed", at]] : []);
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  test("shows any rows deleted, by where the first of each gap was", async () => {
    const seqs = fc.uniqueArray(fc.integer({ min: 1, max: rowCount }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(seqs, async (gone) => {
        const report = await after((db) => {
          for (const seq of gone) db.run("DELETE FROM audit WHERE seq = ?", [seq]);
        });
        let end = rowCount;
        while (gone.includes(end)) end--;
        const gaps = gone.filter((seq) => seq <= end && !gone.includes(seq - 1)).toSorted((a, b) => a - b);
        const expected: unknown[] = gaps.map((seq) => ["removed", seq]);
        if (end < rowCount) expected.push(["truncated", end + 1]);
        expect(found(report)).toEqual(expected as never);
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
