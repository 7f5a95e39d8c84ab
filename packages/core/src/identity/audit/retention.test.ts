import { describe, expect, test } from "bun:test";
import { appendFileSync } from "node:fs";
import type { AuditLog } from "../../kernel/audit-log.ts";
import type { LogLevel } from "../../kernel/log.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { CheckpointFile } from "./checkpoint-places.ts";
import { trimTrail } from "./retention.ts";
import { newSigner, noteOf, paths, start } from "./trail.fixture.suite.ts";
import { verifyAudit } from "./verify.ts";

const next = paths();
const dayMs = 86_400_000;

/** A trail of ten rows a day, with a checkpoint at each day's end. */
async function desk(days: number) {
  const { audit } = new MemoryRunStore();
  const clock = new SimulatedClock(start);
  const place = new CheckpointFile(next("checkpoints"));
  const signer = await newSigner(next("keys"));
  const logged: (readonly [LogLevel, string])[] = [];
  for (let day = 0; day < days; day++) {
    for (let i = 0; i < 10; i++) await audit.recordAudit({ note: noteOf(day * 10 + i, { at: clock.now() }) });
    clock.advanceTo(clock.now() + dayMs);
    await place.put(signer.sign(await audit.auditHead(), { at: clock.now() }));
  }
  const trim = (more: { log?: AuditLog; retentionMs?: number } = {}) =>
    trimTrail(
      {
        log: audit,
        place,
        clock,
        logger: (level, message) => logged.push([level, message]),
        retentionMs: 3 * dayMs,
        ...more,
      },
      signer,
    );
  const verify = () => verifyAudit({ chain: audit, checkpoints: { place, key: signer } });
  return { audit, clock, place, signer, logged, trim, verify };
}

describe("retention", () => {
  test("lets go of whole checkpointed parts that are old enough, and says so in the trail", async () => {
    const { audit, trim, verify } = await desk(6);
    expect(await trim()).toBe(30);
    expect((await audit.auditStart()).seq).toBe(30);
    const rows = await audit.readAudit({ after: 60, limit: 9 });
    const upTo = await audit.auditStart();
    const after = `{"upTo":{"seq":30,"hash":"${upTo.hash}"}}`;
    const about = {
      by: { kind: "system", id: "retention" },
      action: "audit:trim",
      target: `audit:${upTo.chain}`,
      after,
    };
    expect(rows).toMatchObject([
      { ...about, outcome: "intended" },
      { ...about, outcome: "done", intent: 61 },
    ]);
    const report = await verify();
    expect(report).toMatchObject({ ok: true, rows: 32, checkpoints: 6 });
    expect(await trim()).toBe(0);
    expect((await audit.auditHead()).seq).toBe(62);
  });

  test("lets go of many rows over many transactions, and goes on where it was ended in between", async () => {
    const { audit, clock, place, signer, trim, verify } = await desk(1);
    for (let i = 0; i < 2_500; i++) await audit.recordAudit({ note: noteOf(i, { at: clock.now() }) });
    await place.put(signer.sign(await audit.auditHead(), { at: clock.now() }));
    clock.advanceTo(clock.now() + 4 * dayMs);
    let calls = 0;
    const ended: AuditLog = {
      recordAudit: (p) => audit.recordAudit(p),
      searchAudit: (p) => audit.searchAudit(p),
      readAudit: (p) => audit.readAudit(p),
      auditHead: () => audit.auditHead(),
      auditStart: () => audit.auditStart(),
      trimAudit: async (p) => {
        if (++calls === 2) throw new Error("ended");
        return audit.trimAudit(p);
      },
    };
    expect(await trim({ log: ended }).catch(String)).toBe("Error: ended");
    expect((await audit.auditStart()).seq).toBe(1_000);
    expect(await verify()).toMatchObject({ ok: true, rows: 1_512 });
    expect(await trim()).toBe(1_510);
    expect(await verify()).toMatchObject({ ok: true, rows: 4 });
  });

  test("leaves what has no checkpoint, is too young, or whose checkpoint nobody signed", async () => {
    const young = await desk(6);
    expect(await young.trim({ retentionMs: 60 * dayMs })).toBe(0);
    const none = await desk(0);
    await none.audit.recordAudit({ note: noteOf(1) });
    none.clock.advanceTo(start + 90 * dayMs);
    expect(await none.trim()).toBe(0);
    const other = await newSigner(next("keys"), 2);
    await none.place.put(other.sign(await none.audit.auditHead(), { at: start }));
    appendFileSync(none.place.name, "nonsense\n");
    expect(await none.trim()).toBe(0);
    expect([...young.logged, ...none.logged]).toEqual([]);
  });

  test("lets go of nothing that is not as it was written: it would be the proof", async () => {
    const { audit, logged, trim } = await desk(6);
    const forged: AuditLog = {
      recordAudit: (p) => audit.recordAudit(p),
      searchAudit: (p) => audit.searchAudit(p),
      auditHead: () => audit.auditHead(),
      auditStart: () => audit.auditStart(),
      trimAudit: (p) => audit.trimAudit(p),
      readAudit: async (p) =>
        (await audit.readAudit(p)).map((row) => (row.seq === 7 ? { ...row, target: "run:x" } : row)),
    };
    expect(await trim({ log: forged })).toBe(0);
    expect((await audit.auditStart()).seq).toBe(0);
    expect(logged.map(([level]) => level)).toEqual(["error"]);
  });

  test("does not go by what was signed before a restore took the trail back", async () => {
    const { audit, clock, place, signer, trim } = await desk(3);
    const other = { ...(await audit.auditHead()), seq: 25, hash: "ab".repeat(32) };
    await place.put(signer.sign({ ...other, seq: 28 }, { at: start + 3 * dayMs }));
    await place.put(signer.sign(await rowHead(audit, 12), { at: start + 3 * dayMs, replaces: other }));
    clock.advanceTo(start + 90 * dayMs);
    expect(await trim()).toBe(12);
  });
});

async function rowHead(audit: AuditLog, seq: number) {
  const { chain } = await audit.auditHead();
  const [row] = await audit.readAudit({ after: seq - 1, limit: 1 });
  return { chain, seq, hash: row?.hash ?? "" };
}
