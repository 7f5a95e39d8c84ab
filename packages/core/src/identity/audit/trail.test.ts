import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { auditHash } from "../../kernel/audit-chain.ts";
import type { AuditNote, AuditRecord } from "../../kernel/audit-log.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { exportAudit, auditView } from "./trail.ts";
import type { AuditView } from "./trail.ts";
import { follow, noteOf } from "./trail.fixture.suite.ts";

async function text(lines: AsyncIterable<string>): Promise<string> {
  let all = "";
  for await (const piece of lines) all += piece;
  return all;
}

function recordOf(row: AuditView): AuditRecord {
  const colon = row.actor.indexOf(":");
  const id = row.actor.slice(colon + 1);
  const origin = { name: row.actorName, address: row.address, session: row.session, token: row.token };
  const by = { kind: row.actor.slice(0, colon), id, origin } as unknown as AuditRecord["by"];
  return { ...row, by } as unknown as AuditRecord;
}

const maybe = fc.option(fc.string({ unit: "binary" }), { nil: undefined });
const anyNote: fc.Arbitrary<AuditNote> = fc.record({
  at: fc.integer({ min: 0 }),
  by: fc.record({
    kind: fc.constantFrom("user" as const, "token" as const, "system" as const),
    id: fc.string({ unit: "binary" }),
    origin: fc.option(fc.record({ name: maybe, address: maybe, session: maybe, token: maybe }), { nil: undefined }),
  }),
  action: fc.string(),
  target: fc.string({ unit: "binary" }),
  workflow: maybe,
  outcome: fc.constantFrom("done" as const, "refused" as const, "failed" as const, "intended" as const),
  reason: maybe,
  before: maybe,
  after: maybe,
  intent: fc.option(fc.nat(), { nil: undefined }),
});

describe("a row as it is shown", () => {
  test("has all that its hash is made of, whatever is in it", () => {
    fc.assert(
      fc.property(anyNote, (note) => {
        const [row] = follow({ seq: 4, hash: "ab".repeat(32) }, [note]);
        if (row === undefined) throw new Error("there is no row");
        const shown = recordOf(JSON.parse(JSON.stringify(auditView(row))) as AuditView);
        expect(auditHash(shown)).toBe(row.hash);
      }),
    );
  });

  test("says null for what is absent", () => {
    const [row] = follow({ seq: 4, hash: "ab".repeat(32) }, [noteOf(1, { by: { kind: "system", id: "x" } })]);
    if (row === undefined) throw new Error("there is no row");
    const absent = { actorName: null, workflow: null, reason: null, address: null, session: null, token: null };
    expect(auditView(row)).toMatchObject({ ...absent, actor: "system:x", before: null, after: null, intent: null });
  });
});

describe("an export", () => {
  test("has every row on a line, oldest first, over many pages", async () => {
    const { audit } = new MemoryRunStore();
    for (let i = 1; i <= 1_203; i++) await audit.recordAudit({ note: noteOf(i, { after: '"a\nb"' }) });
    const lines = (await text(exportAudit(audit, {}))).split("\n");
    expect(lines.pop()).toBe("");
    const rows = lines.map((line) => JSON.parse(line) as AuditView);
    expect(rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 1_203 }, (_, i) => i + 1));
  });

  test("has what fits the filter, and ends where the trail stood when it began", async () => {
    const { audit } = new MemoryRunStore();
    for (let i = 1; i <= 1_001; i++) await audit.recordAudit({ note: noteOf(i, { action: i % 2 ? "a:b" : "c:d" }) });
    const lines = exportAudit(audit, { action: "a:*" });
    let count = 0;
    for await (const piece of lines) {
      count += piece.split("\n").length - 1;
      for (let i = 0; i < 500; i++) await audit.recordAudit({ note: noteOf(i, { action: "a:late" }) });
    }
    expect(count).toBe(501);
    expect(await text(exportAudit(new MemoryRunStore().audit, {}))).toBe("");
  });
});
