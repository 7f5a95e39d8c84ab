// A full look at a data folder for `sluice doctor`: every page, every row that belongs to another, every blob that is named.
import { SqliteConnection } from "./connection.ts";
import type { Connection } from "./connection.ts";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { toWire } from "@sluice/protocol";
import { openBlobs } from "../blobs.ts";
import { dataFiles, prepareDatabase } from "./prepare-database.ts";

/** Findings of each kind that are told one by one; the rest is counted. */
const toldMax = 20;

export interface Finding {
  readonly kind: "missing" | "unusable" | "damaged" | "orphaned" | "blob_missing" | "blob_damaged";
  readonly message: string;
}

export interface DataCheck {
  /** Nothing that would lose or falsify anything was found. */
  readonly sound: boolean;
  readonly findings: readonly Finding[];
  readonly runs: number;
  readonly blobs: number;
}

/** When the newest run was started, in milliseconds since 1970; undefined without a run or a database that can be read. */
export function newestRunAt(file: string): number | undefined {
  if (!existsSync(file) || whyUnusable(file) !== undefined) return undefined;
  const db = new SqliteConnection(file, "read");
  try {
    return db.rows<{ at: number | null }>("SELECT max(created_at) AS at FROM runs")[0]?.at ?? undefined;
  } catch {
    // A database that nobody has migrated yet has no runs; damage is for the full look.
    return undefined;
  } finally {
    db.close();
  }
}

/** Tables whose rows belong to a run, with how to say what they are. */
const ofRuns = [
  ["entries", "journal entries"],
  ["waits", "waits"],
  ["tokens", "tokens"],
  ["run_logs", "log lines"],
  ["run_tags", "tags"],
  ["consumed", "consumed events"],
] as const;

const heldByGoneSql = `SELECT name FROM locks WHERE run IS NOT NULL AND run NOT IN (SELECT id FROM runs) ORDER BY name`;
const endedWaitingSql = `SELECT waits.run AS run, count(*) AS n FROM waits JOIN runs ON runs.id = waits.run
  WHERE runs.ended_at IS NOT NULL GROUP BY waits.run ORDER BY waits.run`;

/**
 * Checks a data folder that no process has open. Reads only. `rehash` also reads every blob and compares it with its name.
 */
export async function checkData(p: { readonly folder: string; readonly rehash?: boolean }): Promise<DataCheck> {
  const findings: Finding[] = [];
  const file = join(p.folder, dataFiles.database);
  if (!existsSync(file)) {
    return {
      sound: false,
      findings: [{ kind: "missing", message: `There is no database ${file}.` }],
      runs: 0,
      blobs: 0,
    };
  }
  const unusable = whyUnusable(file);
  if (unusable !== undefined) {
    findings.push({ kind: "unusable", message: unusable });
    return { sound: false, findings, runs: 0, blobs: 0 };
  }
  const db = new SqliteConnection(file, "read");
  try {
    const damage = integrity(db);
    findings.push(...told("damaged", damage));
    // A damaged index would make every further answer a guess.
    if (damage.length > 0) return { sound: false, findings, runs: 0, blobs: 0 };
    findings.push(...told("orphaned", orphans(db)));
    const blobs = await checkBlobs(db, { folder: join(p.folder, dataFiles.blobs), rehash: p.rehash === true });
    findings.push(...blobs.findings);
    const runs = db.rows<{ n: number }>("SELECT count(*) AS n FROM runs")[0]?.n ?? 0;
    return { sound: findings.length === 0, findings, runs, blobs: blobs.count };
  } finally {
    db.close();
  }
}

function whyUnusable(file: string): string | undefined {
  try {
    prepareDatabase({ file, readonly: true });
    return undefined;
  } catch (error) {
    return toWire(error).message;
  }
}

function told(kind: Finding["kind"], messages: readonly string[]): Finding[] {
  const findings = messages.slice(0, toldMax).map((message) => ({ kind, message }));
  const rest = messages.length - findings.length;
  return rest === 0 ? findings : [...findings, { kind, message: `and ${rest} more` }];
}

function integrity(db: Connection): readonly string[] {
  try {
    const rows = db.rows<{ integrity_check: string }>("PRAGMA integrity_check");
    return rows.map((row) => row.integrity_check).filter((text) => text !== "ok");
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
}

function orphans(db: Connection): readonly string[] {
  const found: string[] = [];
  for (const [table, what] of ofRuns) {
    const sql = `SELECT run, count(*) AS n FROM ${table} WHERE run NOT IN (SELECT id FROM runs) GROUP BY run ORDER BY run`;
    for (const { run, n } of db.rows<{ run: string; n: number }>(sql)) {
      found.push(`${n} ${what} belong to the run ${run}, which is not there.`);
    }
  }
  for (const { name } of db.rows<{ name: string }>(heldByGoneSql)) {
    found.push(`The lock ${name} is held by a run that is not there.`);
  }
  for (const { run, n } of db.rows<{ run: string; n: number }>(endedWaitingSql)) {
    found.push(`The run ${run} has ended and still has ${n} waits.`);
  }
  return found;
}

interface BlobCheck {
  readonly findings: readonly Finding[];
  readonly count: number;
}

async function checkBlobs(db: Connection, p: { folder: string; rehash: boolean }): Promise<BlobCheck> {
  const blobs = openBlobs({ folder: p.folder });
  const missing: string[] = [];
  const damaged: string[] = [];
  let count = 0;
  const named = db.rows<{ hash: string; owner: string }>(
    "SELECT hash, min(owner) AS owner FROM blob_refs GROUP BY hash",
  );
  for (const { hash, owner } of named) {
    if (!(await blobs.has(hash))) missing.push(`The blob ${hash} of ${owner} is not there.`);
  }
  for await (const hash of blobs.list()) {
    count++;
    if (p.rehash && !(await blobs.isIntact(hash))) damaged.push(`The blob ${hash} is not what its name says.`);
  }
  return { findings: [...told("blob_missing", missing), ...told("blob_damaged", damaged)], count };
}
