import { describe, expect, test } from "bun:test";
import type { AuditHead, AuditRecord } from "../../kernel/audit-log.ts";
import { Findings } from "./audit-report.ts";
import type { AuditReport } from "./audit-report.ts";
import type { Checkpoint, CheckpointSigner } from "./checkpoint.ts";
import { compareCheckpoints } from "./compare-checkpoints.ts";
import { chainName, chainOf, follow, found, newSigner, noteOf, paths, rowsOf, start } from "./trail.fixture.suite.ts";
import { walkChain } from "./verify-chain.ts";

const next = paths();

interface Compared extends AuditReport {
  readonly covered: number;
}

async function compare(
  rows: readonly AuditRecord[],
  lines: readonly (Checkpoint | string)[],
  key: CheckpointSigner,
  from?: Pick<AuditHead, "seq" | "hash">,
): Promise<Compared> {
  const chain = chainOf(rows, from);
  const findings = new Findings();
  const walked = await walkChain(chain, findings);
  async function* all() {
    for (const [at, line] of lines.entries()) {
      const text = typeof line === "string" ? line : JSON.stringify(line);
      yield { number: at + 1, text, cutOff: !text.endsWith("}") };
    }
  }
  const { count, covered } = await compareCheckpoints({ chain, walked, lines: all(), key, findings });
  return { ...findings.report({ rows: rows.length, checkpoints: count }), covered };
}

/** Checkpoints of these rows, a minute apart. */
function signed(signer: CheckpointSigner, rows: readonly AuditRecord[], seqs: readonly number[]): Checkpoint[] {
  return seqs.map((seq, minute) => {
    const hash = rows[seq - 1]?.hash ?? "";
    return signer.sign({ chain: chainName, seq, hash }, { at: start + minute * 60_000 });
  });
}

describe("checkpoints against the chain", () => {
  test("agree with what was only added to", async () => {
    const signer = await newSigner(next("keys"));
    const rows = rowsOf(20);
    const report = await compare(rows, signed(signer, rows, [3, 9, 20]), signer);
    expect(report).toEqual({ ok: true, rows: 20, checkpoints: 3, problems: [], warnings: [], covered: 20 });
    expect(await compare(rows, [], signer)).toMatchObject({ ok: true, checkpoints: 0, covered: 0 });
    const let_go = await compare(rows.slice(5), signed(signer, rows, [3, 5, 20]), signer, rows[4]);
    expect(found(let_go)).toEqual([["removed", 1]]);
    expect(let_go.checkpoints).toBe(3);
  });

  test("show that rows were cut from the end", async () => {
    const signer = await newSigner(next("keys"));
    const rows = rowsOf(20);
    const lines = signed(signer, rows, [9, 15, 20]);
    const report = await compare(rows.slice(0, 12), lines, signer);
    expect(found(report)).toEqual([["truncated", 13]]);
    expect(report.problems[0]?.message).toContain("row 20 was signed");
    expect(found(await compare([], lines, signer))).toEqual([["truncated", 1]]);
  });

  test("show that the end was written anew, as long as before, longer and shorter", async () => {
    const signer = await newSigner(next("keys"));
    const rows = rowsOf(20);
    const lines = signed(signer, rows, [9, 15, 20]);
    const anew = (count: number) => {
      const kept = rows.slice(0, 12);
      return [
        ...kept,
        ...follow(
          kept[11]!,
          Array.from({ length: count }, (_, i) => noteOf(i, { target: "run:x" })),
        ),
      ];
    };
    const asLong = await compare(anew(8), lines, signer);
    expect(found(asLong)).toEqual([["changed", 15]]);
    expect(asLong.problems[0]?.message).toContain("one of rows 10 to 15 was changed");
    expect(found(await compare(anew(30), lines, signer))).toEqual([["changed", 15]]);
    expect(found(await compare(anew(2), lines, signer))).toEqual([["truncated", 15]]);
    expect(found(await compare(anew(4), lines, signer))).toEqual([
      ["changed", 15],
      ["truncated", 17],
    ]);
    // Signed again since: the older ones still disagree.
    const forged = anew(8);
    expect(found(await compare(forged, [...lines, ...signed(signer, forged, [20])], signer))).toEqual([
      ["changed", 15],
    ]);
  });

  test("count only with the right signature", async () => {
    const signer = await newSigner(next("keys"));
    const other = await newSigner(next("keys"), 2);
    const rows = rowsOf(20);
    const [good] = signed(signer, rows, [9]);
    const [foreign] = signed(other, rows, [12]);
    const forged = { ...good!, seq: 10, hash: rows[9]!.hash };
    const report = await compare(rows, [good!, forged, foreign!], signer);
    expect(found(report)).toEqual([["bad_signature", 10]]);
    expect(report).toMatchObject({ checkpoints: 1, covered: 9 });
    expect(report.problems[0]?.message).toEndWith("; 1 later checkpoints neither.");
  });

  test("of other nodes are left alone, and those of another chain with this key are not", async () => {
    const signer = await newSigner(next("keys"));
    const node = await newSigner(next("keys"), 2);
    const rows = rowsOf(5);
    const elsewhere = { chain: "elsewhere", seq: 70, hash: "ab".repeat(32) };
    expect(await compare(rows, [node.sign(elsewhere, { at: start })], signer)).toMatchObject({
      ok: true,
      checkpoints: 0,
    });
    const replaced = await compare(rows, [signer.sign(elsewhere, { at: start })], signer);
    expect(found(replaced)).toEqual([["truncated", null]]);
  });

  test("that are none are told, those cut off without alarm", async () => {
    const signer = await newSigner(next("keys"));
    const rows = rowsOf(5);
    const [good] = signed(signer, rows, [5]);
    const report = await compare(rows, [good!, '{"format":1,"ch', good!, "{}"], signer);
    expect(found(report)).toEqual([["unreadable_checkpoints", null]]);
    expect(report.problems[0]?.message).toStartWith("Line 4 ");
    expect(report.warnings).toEqual(["Line 2 of the checkpoints was cut off while it was written."]);
  });
});

describe("after a restore", () => {
  test("what the data before had behind the backup is not missed", async () => {
    const signer = await newSigner(next("keys"));
    const rows = rowsOf(20);
    const before = { chain: chainName, seq: 20, hash: rows[19]!.hash };
    const kept = rows.slice(0, 12);
    const after = [...kept, ...follow(kept[11]!, [noteOf(1), noteOf(2), noteOf(3)])];
    const head = { chain: chainName, seq: 13, hash: after[12]!.hash };
    const lines = [...signed(signer, rows, [9, 15, 20]), signer.sign(head, { at: start + 500_000, replaces: before })];
    const report = await compare(after, lines, signer);
    expect(report).toMatchObject({ ok: true, checkpoints: 4, covered: 13 });
    expect(report.warnings).toEqual([expect.stringContaining("went on from row 13, where it had had 20 rows")]);
    // Whoever cuts further back is found still, and whoever claims a restore without the key.
    expect(found(await compare(after.slice(0, 8), lines, signer))).toEqual([["truncated", 9]]);
    const claimed = lines.with(3, { ...lines[3]!, replaces: { ...before, seq: 99 } });
    expect(found(await compare(after, claimed, signer))).toEqual([
      ["bad_signature", 13],
      ["changed", 15],
      ["truncated", 16],
    ]);
    const less = lines.with(3, signer.sign(head, { at: start, replaces: { ...before, seq: 17 } }));
    expect(found(await compare(after, less, signer))).toEqual([["truncated", 16]]);
  });

  test("of a backup of other data the chain before is not missed, nor the other one after the way back", async () => {
    const signer = await newSigner(next("keys"));
    const rows = rowsOf(5);
    const here = { chain: chainName, seq: 4, hash: rows[3]!.hash };
    const there = { chain: "there", seq: 70, hash: "ab".repeat(32) };
    const away = [signer.sign(there, { at: start }), signer.sign(here, { at: start, replaces: there })];
    expect(await compare(rows, away, signer)).toMatchObject({ ok: true, checkpoints: 1 });
    const back = [
      signer.sign({ ...here, seq: 9 }, { at: start }),
      signer.sign(there, { at: start, replaces: { ...here, seq: 9 } }),
      signer.sign(here, { at: start, replaces: there }),
    ];
    expect(await compare(rows, back, signer)).toMatchObject({ ok: true, checkpoints: 2 });
  });
});
