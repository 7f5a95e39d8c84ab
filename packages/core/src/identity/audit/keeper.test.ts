import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { AuditHead } from "../../kernel/audit-log.ts";
import type { LogLevel } from "../../kernel/log.ts";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { SimulatedClock } from "../../testing/simulated-clock.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { openKeyFolder } from "../keys/key-folder.ts";
import { CheckpointFile } from "./checkpoint-places.ts";
import { auditLimits, AuditKeeper } from "./keeper.ts";
import { noteOf, paths, start } from "./trail.fixture.suite.ts";

const next = paths();
const dayMs = 86_400_000;
const { auditCheckpointMs, auditRetentionRoundMs } = auditLimits;

async function desk(settings: { place?: false; retentionMs?: number; replaces?: AuditHead } = {}) {
  const { audit } = new MemoryRunStore();
  const clock = new SimulatedClock(start);
  const file = next("checkpoints");
  const logged: (readonly [LogLevel, string])[] = [];
  const keeper = await AuditKeeper.open({
    log: audit,
    place: settings.place === false ? undefined : new CheckpointFile(file),
    retentionMs: settings.retentionMs,
    keys: openKeyFolder(next("keys")),
    random: new SimulatedRandom(1),
    clock,
    logger: (level, message) => logged.push([level, message]),
    limits: auditLimits,
    replaces: settings.replaces,
  });
  const note = (count: number) => audit.recordAudit({ note: noteOf(count, { at: clock.now() }) });
  const signed = () => readFileSync(file, "utf8").trim().split("\n").length;
  return { audit, clock, keeper, logged, note, signed };
}

describe("the keeper of a trail", () => {
  test("checks with a checkpoint of where it stands, once for all who ask meanwhile", async () => {
    const { keeper, note, signed } = await desk();
    keeper.start();
    await note(1);
    const [first, second] = await Promise.all([keeper.verify(), keeper.verify()]);
    expect(first).toEqual({ ok: true, rows: 1, checkpoints: 1, problems: [], warnings: [] });
    expect(second).toBe(first);
    await note(2);
    expect(await keeper.verify()).toMatchObject({ rows: 2, checkpoints: 2 });
    await keeper.stop();
    expect(signed()).toBe(2);
  });

  test("without a place only checks, and says what that cannot show", async () => {
    const { clock, keeper, note } = await desk({ place: false });
    keeper.start();
    expect(clock.pending).toBe(0);
    await note(1);
    expect(await keeper.verify()).toMatchObject({ ok: true, checkpoints: 0, warnings: [expect.any(String)] });
    await keeper.stop();
  });

  test("lets go of what is old, soon after its start and each day from then on", async () => {
    const { audit, clock, keeper, note } = await desk({ retentionMs: dayMs });
    keeper.start();
    for (let i = 0; i < 5; i++) await note(i);
    clock.advanceTo(start + auditCheckpointMs);
    // What the clock sets off comes before the check, which waits for its turn.
    expect(await keeper.verify()).toMatchObject({ ok: true, rows: 5 });
    for (let day = 0; (await audit.auditStart()).seq < 5; day++) {
      if (day === 4) throw new Error("nothing was let go of");
      clock.advanceTo(clock.now() + auditRetentionRoundMs);
      await keeper.verify();
    }
    expect(await keeper.verify()).toMatchObject({ ok: true, rows: 2 });
    await keeper.stop();
    expect(clock.pending).toBe(0);
  });

  test("says in the trail's first checkpoint what a restored backup took the place of", async () => {
    const replaces = { chain: "before", seq: 70, hash: "ab".repeat(32) };
    const { keeper, logged, note } = await desk({ replaces });
    await note(1);
    keeper.start();
    const { ok, warnings } = await keeper.verify();
    expect({ ok, warnings }).toEqual({
      ok: true,
      warnings: [expect.stringContaining("A backup took the place of the chain before")],
    });
    await keeper.stop();
    expect(logged).toEqual([]);
  });

  test("does not let a check keep the server from stopping", async () => {
    const { keeper, note } = await desk();
    for (let i = 0; i < 20; i++) await note(i);
    const verifying = keeper.verify().catch((error: unknown) => (error as { code?: unknown }).code);
    await keeper.stop();
    expect(await verifying).toBe("draining");
  });
});
