import { describe, expect, test } from "bun:test";
import { auditHash } from "../../kernel/audit-chain.ts";
import type { AuditRecord } from "../../kernel/audit-log.ts";
import { Findings } from "./audit-report.ts";
import type { AuditReport } from "./audit-report.ts";
import { chainOf, follow, found, noteOf, rowsOf } from "./trail.fixture.suite.ts";
import { trimAction, trimText } from "./trim-note.ts";
import { hashAt, walkChain } from "./verify-chain.ts";
import type { AuditChain } from "./verify-chain.ts";

async function walk(chain: AuditChain, upTo?: number): Promise<AuditReport> {
  const findings = new Findings();
  const { rows } = await walkChain(chain, findings, upTo);
  return findings.report({ rows, checkpoints: 0 });
}

/** The rows with one of them as it was not. */
function changed(rows: readonly AuditRecord[], seq: number, change: Partial<AuditRecord>): AuditRecord[] {
  return rows.map((row) => (row.seq === seq ? { ...row, ...change } : row));
}

function rehashed(row: AuditRecord, change: Partial<AuditRecord>): AuditRecord {
  const made = { ...row, ...change };
  return { ...made, hash: auditHash(made) };
}

describe("a chain", () => {
  test("that is whole has nothing wrong, over many pages, and none at all neither", async () => {
    expect(await walk(chainOf(rowsOf(1_203)))).toEqual({
      ok: true,
      rows: 1_203,
      checkpoints: 0,
      problems: [],
      warnings: [],
    });
    expect(await walk(chainOf([]))).toMatchObject({ ok: true, rows: 0 });
  });

  test("shows a changed row, its hash left or made anew", async () => {
    const rows = rowsOf(9);
    expect(found(await walk(chainOf(changed(rows, 4, { target: "run:x" }))))).toEqual([["changed", 4]]);
    expect(found(await walk(chainOf(changed(rows, 4, { hash: "ab".repeat(32) }))))).toEqual([["changed", 4]]);
    const anew = rows.map((row) => (row.seq === 4 ? rehashed(row, { target: "run:x" }) : row));
    expect(found(await walk(chainOf(anew)))).toEqual([["changed", 4]]);
    const first = rows.map((row) => (row.seq === 1 ? rehashed(row, { previous: "ab".repeat(32) }) : row));
    expect(found(await walk(chainOf(first)))).toEqual([
      ["changed", 1],
      ["changed", 1],
    ]);
  });

  test("shows rows that are gone from the middle, the numbers left or closed up", async () => {
    const rows = rowsOf(20);
    expect(found(await walk(chainOf(rows.filter(({ seq }) => seq !== 4))))).toEqual([["removed", 4]]);
    const twoGaps = rows.filter(({ seq }) => seq < 4 || (seq > 6 && seq !== 12));
    expect(found(await walk(chainOf(twoGaps)))).toEqual([
      ["removed", 4],
      ["removed", 12],
    ]);
    const closed = rows.filter(({ seq }) => seq !== 4).map((row) => (row.seq > 4 ? { ...row, seq: row.seq - 1 } : row));
    expect(found(await walk(chainOf(closed)))).toEqual([["removed", 4]]);
  });

  test("shows rows gone from the beginning, unless a row says who let go of them", async () => {
    const rows = rowsOf(9);
    const [third] = rows.slice(2);
    if (third === undefined) throw new Error("there is no third row");
    expect(found(await walk(chainOf(rows.slice(3))))).toEqual([["removed", 1]]);
    expect(found(await walk(chainOf(rows.slice(3), third)))).toEqual([["removed", 1]]);
    const upTo = { chain: "c", seq: 3, hash: third.hash };
    const trim = noteOf(10, { action: trimAction, outcome: "intended", after: trimText(upTo) });
    const told = [...rows, ...follow(rows[8]!, [trim])];
    expect(found(await walk(chainOf(told.slice(3), third)))).toEqual([]);
    expect(found(await walk(chainOf(told.slice(5), rows[4])))).toEqual([["removed", 4]]);
    expect(found(await walk(chainOf(told.slice(3), { seq: 3, hash: "ab".repeat(32) })))).toEqual([["changed", 4]]);
  });

  test("shows rows that changed places, with all that is wrong said once", async () => {
    const rows = rowsOf(9);
    const swapped = rows.map((row) => ({ ...row, seq: row.seq === 3 ? 6 : row.seq === 6 ? 3 : row.seq }));
    expect(found(await walk(chainOf(swapped)))).toEqual([
      ["reordered", 3],
      ["reordered", 6],
    ]);
    const put = rows.flatMap((row) => {
      if (row.seq < 4) return [row];
      const moved = { ...row, seq: row.seq + 1 };
      return row.seq === 4 ? [...follow(rows[2]!, [noteOf(0)]), moved] : [moved];
    });
    expect(found(await walk(chainOf(put)))).toEqual([["reordered", 5]]);
  });

  test("says which intents have no outcome", async () => {
    const rows = follow({ seq: 0, hash: "00".repeat(32) }, [
      noteOf(1, { outcome: "intended", action: "backup:create", target: "backup:1" }),
      noteOf(2, { outcome: "intended", action: "backup:restore", target: "backup:2" }),
      noteOf(3, { outcome: "failed", intent: 1 }),
    ]);
    const { ok, warnings } = await walk(chainOf(rows));
    expect({ ok, warnings }).toEqual({
      ok: true,
      warnings: [expect.stringContaining("Row 2 says what user:ada was about to do (backup:restore on backup:2")],
    });
    const many = Array.from({ length: 30 }, (_, i) => noteOf(i, { outcome: "intended" }));
    const told = await walk(chainOf(follow({ seq: 0, hash: "00".repeat(32) }, many)));
    expect(told.warnings).toHaveLength(21);
    expect(told.warnings.at(-1)).toBe("10 more rows state an intent without an outcome.");
  });

  test("can be walked up to a row, without a word about what comes after", async () => {
    const rows = changed(rowsOf(9), 6, { target: "run:x" });
    expect(await walk(chainOf(rows), 5)).toMatchObject({ ok: true, rows: 5 });
    expect(await walk(chainOf(rows), 6)).toMatchObject({ ok: false, rows: 6 });
  });
});

test("the hash of a row, of the start, and of none", async () => {
  const rows = rowsOf(9);
  const from = { chain: "c", seq: 3, hash: rows[2]!.hash };
  const chain = chainOf(rows.slice(3), from);
  const asked = [2, 3, 4, 9, 10].map((seq) => hashAt(chain, from, seq));
  expect(await Promise.all(asked)).toEqual([undefined, rows[2]!.hash, rows[3]!.hash, rows[8]!.hash, undefined]);
});
