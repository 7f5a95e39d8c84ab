// What tests of the audit trail need: chains of rows that can be tampered with, and places for checkpoints.
import { afterAll } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chainStart, nextAudit } from "../../kernel/audit-chain.ts";
import type { AuditHead, AuditNote, AuditRecord } from "../../kernel/audit-log.ts";
import { SimulatedRandom } from "../../testing/simulated-random.ts";
import { openKeyFolder } from "../keys/key-folder.ts";
import type { AuditReport } from "./audit-report.ts";
import { openSigner } from "./checkpoint.ts";
import type { CheckpointSigner } from "./checkpoint.ts";
import type { AuditChain } from "./verify-chain.ts";

/** Time of the first row; each is a second after the one before. */
export const start = 1_800_000_000_000;
export const chainName = "c0ffee00c0ffee00";

export function noteOf(number: number, more: Partial<AuditNote> = {}): AuditNote {
  return {
    at: start + number * 1_000,
    by: { kind: "user", id: "ada", origin: { name: "Ada", address: "192.0.2.7" } },
    action: "run:cancel",
    target: `run:r${number}`,
    outcome: "done",
    ...more,
  };
}

/** Rows that follow a head, one for each note. */
export function follow(head: Pick<AuditHead, "seq" | "hash">, notes: readonly AuditNote[]): AuditRecord[] {
  const rows: AuditRecord[] = [];
  for (const note of notes) rows.push(nextAudit(note, rows.at(-1) ?? head));
  return rows;
}

/** A chain of so many rows. */
export function rowsOf(count: number): AuditRecord[] {
  return follow(
    { seq: 0, hash: chainStart },
    Array.from({ length: count }, (_, index) => noteOf(index + 1)),
  );
}

/** Rows as a store would answer them: in order of their numbers. */
export function chainOf(
  rows: readonly AuditRecord[],
  from: Pick<AuditHead, "seq" | "hash"> = { seq: 0, hash: chainStart },
): AuditChain {
  const ordered = rows.toSorted((a, b) => a.seq - b.seq);
  const headOf = ({ seq, hash }: Pick<AuditHead, "seq" | "hash">): AuditHead => ({ chain: chainName, seq, hash });
  return {
    auditStart: async () => headOf(from),
    auditHead: async () => headOf(ordered.at(-1) ?? from),
    readAudit: async ({ after, limit }) => ordered.filter(({ seq }) => seq > after).slice(0, limit),
  };
}

/** Kind and row of each problem. */
export function found(report: Pick<AuditReport, "problems">): readonly (readonly [string, number | null])[] {
  return report.problems.map(({ problem, seq }) => [problem, seq] as const);
}

/** Paths of files that are not there yet; they are gone after the file's tests. */
export function paths(): (name: string) => string {
  const root = mkdtempSync(join(tmpdir(), "sluice-audit-"));
  let count = 0;
  afterAll(() => rmSync(root, { recursive: true, force: true }));
  return (name) => join(mkdtempSync(join(root, `${count++}-`)), name);
}

/** A signer with a key of its own. */
export function newSigner(folder: string, seed = 1): Promise<CheckpointSigner> {
  return openSigner(openKeyFolder(folder), new SimulatedRandom(seed));
}
