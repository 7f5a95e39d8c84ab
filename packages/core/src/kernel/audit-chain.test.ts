import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { auditHash, canonicalAudit, chainStart, nextAudit } from "./audit-chain.ts";
import type { AuditNote } from "./audit-log.ts";

const note: AuditNote = {
  at: 1_700_000_000_000,
  by: { kind: "user", id: "u1", origin: { name: "ada", address: "127.0.0.1", session: "s1" } },
  action: "run:cancel",
  target: "run:r1",
  workflow: "order",
  outcome: "done",
  before: '{"status":"running"}',
};

describe("a row", () => {
  test("has the documented form", () => {
    expect(canonicalAudit({ ...note, seq: 7 })).toBe(
      String.raw`[1,7,1700000000000,"user","u1","ada","127.0.0.1","s1",null,"run:cancel","run:r1","order","done",null,"{\"status\":\"running\"}",null,null]`,
    );
  });

  test("is hashed after the hash of the row before", () => {
    const row = nextAudit(note, { seq: 0, hash: chainStart });
    const digest = createHash("sha256").update(chainStart, "ascii").update(canonicalAudit(row), "utf8").digest("hex");
    expect(row).toEqual({ ...note, seq: 1, previous: chainStart, hash: digest });
    expect(nextAudit(note, row)).toMatchObject({ seq: 2, previous: digest });
  });

  test("has another hash when any field of it is another", () => {
    const full: AuditNote = {
      ...note,
      by: { kind: "user", id: "u1", origin: { name: "ada", address: "a", session: "s", token: "t" } },
      reason: "r",
      after: "{}",
      intent: 3,
    };
    const row = nextAudit(full, { seq: 4, hash: "ab".repeat(32) });
    const origin = { ...full.by.origin };
    const changed = [
      { seq: 6 },
      { previous: chainStart },
      { at: 1 },
      { action: "run:pause" },
      { target: "run:r2" },
      { workflow: undefined },
      { outcome: "refused" as const },
      { reason: "q" },
      { before: "{}" },
      { after: undefined },
      { intent: undefined },
      { by: { ...full.by, kind: "token" as const } },
      { by: { ...full.by, id: "u2" } },
      { by: { ...full.by, origin: { ...origin, name: "bob" } } },
      { by: { ...full.by, origin: { ...origin, address: undefined } } },
      { by: { ...full.by, origin: { ...origin, session: "t", token: "s" } } },
      // The same text at the border of two fields.
      { action: "run:cancelr", target: "un:r1" },
    ];
    const hashes = changed.map((change) => auditHash({ ...row, ...change }));
    expect(new Set([row.hash, ...hashes]).size).toBe(changed.length + 1);
  });

  test("is kept as it can be read back: no half characters, no empty origin", () => {
    const row = nextAudit(
      { ...note, at: 1.5, by: { kind: "user", id: "\ud800", origin: {} }, target: "run:\udfff", reason: undefined },
      { seq: 0, hash: chainStart },
    );
    expect(row).toMatchObject({ at: 1, target: "run:\ufffd" });
    expect(row.by).toEqual({ kind: "user", id: "\ufffd" });
    expect("reason" in row).toBe(false);
    expect(auditHash(row)).toBe(row.hash);
  });
});
