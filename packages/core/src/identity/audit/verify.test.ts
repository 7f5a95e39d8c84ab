import { describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { MemoryRunStore } from "../../store/memory/index.ts";
import { CheckpointFile } from "./checkpoint-places.ts";
import { found, newSigner, noteOf, paths, start } from "./trail.fixture.suite.ts";
import { verifyAudit } from "./verify.ts";

const next = paths();

async function desk(count: number) {
  const { audit } = new MemoryRunStore();
  for (let i = 1; i <= count; i++) await audit.recordAudit({ note: noteOf(i) });
  const place = new CheckpointFile(next("checkpoints"));
  const key = await newSigner(next("keys"));
  const sign = async () => place.put(key.sign(await audit.auditHead(), { at: start }));
  return { audit, place, key, sign };
}

describe("the check says what it could not see", () => {
  test("without checkpoints: that a cut end would go unseen", async () => {
    const { audit } = await desk(3);
    const report = await verifyAudit({ chain: audit });
    expect(report).toMatchObject({ ok: true, rows: 3, checkpoints: 0 });
    expect(report.warnings).toEqual([expect.stringContaining("would go unseen")]);
  });

  test("with checkpoints that cover everything: nothing", async () => {
    const { audit, key, place, sign } = await desk(3);
    await sign();
    expect(await verifyAudit({ chain: audit, checkpoints: { place, key } })).toEqual({
      ok: true,
      rows: 3,
      checkpoints: 1,
      problems: [],
      warnings: [],
    });
  });

  test("which rows no checkpoint covers yet", async () => {
    const { audit, key, place, sign } = await desk(3);
    await sign();
    await audit.recordAudit({ note: noteOf(4) });
    await audit.recordAudit({ note: noteOf(5) });
    const { warnings } = await verifyAudit({ chain: audit, checkpoints: { place, key } });
    expect(warnings).toEqual(["No checkpoint covers rows 4 to 5 yet."]);
  });

  test("that none is of this chain, or none was signed", async () => {
    const { audit, key, place } = await desk(3);
    const other = await newSigner(next("keys"), 2);
    await place.put(other.sign({ chain: "other", seq: 1, hash: "ab" }, { at: start }));
    const foreign = await verifyAudit({ chain: audit, checkpoints: { place, key } });
    expect(foreign).toMatchObject({ ok: true, warnings: [expect.stringContaining("No checkpoint is of this chain")] });
    const unsigned = await verifyAudit({ chain: audit, checkpoints: { place, key: undefined } });
    expect(unsigned).toMatchObject({ ok: true, warnings: [expect.stringContaining("No checkpoint was signed yet")] });
  });

  test("that only the copy in the data folder was compared, and since when nothing arrives", async () => {
    const { audit, key, place, sign } = await desk(3);
    await sign();
    const copied = { name: "https://keeper.example", keeper: "https://keeper.example", lines: () => place.lines() };
    const { ok, warnings } = await verifyAudit({
      chain: audit,
      checkpoints: { place: copied, key, failingSince: start },
    });
    expect({ ok, warnings }).toEqual({
      ok: true,
      warnings: [
        expect.stringContaining("No checkpoint has reached https://keeper.example since 2027-01-15T08:00:00.000Z"),
        expect.stringContaining("What https://keeper.example received"),
      ],
    });
  });
});

describe("checkpoints that cannot be read", () => {
  test("are a problem, unless nothing was to be signed", async () => {
    const { audit, key, place } = await desk(3);
    const gone = await verifyAudit({ chain: audit, checkpoints: { place, key } });
    expect(found(gone)).toEqual([["unreadable_checkpoints", null]]);
    mkdirSync(place.name);
    const folder = await verifyAudit({ chain: audit, checkpoints: { place, key } });
    expect(found(folder)).toEqual([["unreadable_checkpoints", null]]);
    const empty = await desk(0);
    expect(await verifyAudit({ chain: empty.audit, checkpoints: { place: empty.place, key } })).toEqual({
      ok: true,
      rows: 0,
      checkpoints: 0,
      problems: [],
      warnings: [],
    });
  });
});
