// The audit trail of the store that serves: who looks after it, and what is written into it when a backup was restored.
import { join } from "node:path";
import { systemClock, systemRandom } from "@sluice/core";
import type { Actor, AuditHead, AuditLog, Store } from "@sluice/core";
import { auditLimits, AuditKeeper, openKeyFolder } from "@sluice/core/identity";
import type { AuditLimits, CheckpointPlace } from "@sluice/core/identity";
import { openSqliteStore } from "@sluice/core/store/sqlite";
import type { Ground } from "./compose-parts.ts";
import { isUrl } from "./config-audit.ts";

/** In the data folder: what a receiver of checkpoints has taken. */
const sentFile = "audit-checkpoints.jsonl";
const backupAction = "backup:create";
export const restoreAction = "backup:restore";

/** A backup that is about to take the place of the data. */
export interface RestoredBackup {
  readonly by: Actor;
  /** When the backup was made; milliseconds since 1970. */
  readonly createdAt: number;
  readonly runs: number;
  readonly blobs: number;
  /** Where the trail of the data before ended, as far as that is known. */
  readonly replaces: AuditHead | undefined;
}

/** Begins to look after the trail. `replaces`: where that of the data ended whose place a backup has just taken. */
export async function keepAudit(
  { options, folder }: Ground,
  store: Store,
  replaces: AuditHead | undefined,
): Promise<AuditKeeper> {
  const { settings, log } = options;
  const { checkpoints, retentionMs } = settings.audit;
  const keeper = await AuditKeeper.open({
    log: store.audit,
    place: checkpoints === undefined ? undefined : await placeOf(checkpoints, folder.folder),
    retentionMs,
    keys: openKeyFolder(join(folder.folder, "keys")),
    random: systemRandom,
    clock: systemClock,
    logger: log,
    limits: limitsIn(settings.limits),
    replaces,
  });
  keeper.start();
  return keeper;
}

/** The place that a setting names. `data`: the data folder. */
async function placeOf(checkpoints: string, data: string): Promise<CheckpointPlace> {
  const { CheckpointFile, CheckpointWebhook } = await import("@sluice/core/identity/audit");
  if (!isUrl(checkpoints)) return new CheckpointFile(checkpoints);
  const copy = new CheckpointFile(join(data, sentFile));
  return new CheckpointWebhook({ url: checkpoints, copy, fetch, clock: systemClock });
}

/**
 * Writes into the trail of a backup that it was restored, before it takes the place of anything: from then on the one is not
 * there without the other. `file`: its database, which nobody has open.
 */
export async function recordRestore(file: string, restored: RestoredBackup): Promise<void> {
  const { by, createdAt, runs, blobs, replaces } = restored;
  const failed = Promise.withResolvers<never>();
  const store = await openSqliteStore({ file, onFatal: failed.reject });
  const write = async (): Promise<void> => {
    const { audit, instance } = store;
    await endOwnBackup(audit);
    const after = JSON.stringify({ createdAt, runs, blobs, ...(replaces && { replaces }) });
    const target = `backup:${instance}`;
    await audit.recordAudit({
      note: { at: systemClock.now(), by, action: restoreAction, target, outcome: "done", after },
    });
  };
  try {
    await Promise.race([write(), failed.promise]);
  } finally {
    await store.close();
  }
}

/** A backup is made between its intent and its outcome: the copy has the one without the other, until it is restored. */
async function endOwnBackup(audit: AuditLog): Promise<void> {
  const { records } = await audit.searchAudit({ filter: { action: backupAction }, limit: 1 });
  const [last] = records;
  if (last?.outcome !== "intended") return;
  const by = { kind: "system", id: "restore" } as const;
  const { target, seq } = last;
  await audit.recordAudit({
    note: { at: systemClock.now(), by, action: backupAction, target, outcome: "done", reason: "restored", intent: seq },
  });
}

/** Those of all named limits that are the trail's. */
function limitsIn(limits: Readonly<Record<string, number>>): AuditLimits {
  const { auditCheckpointMs, auditRetentionRoundMs } = auditLimits;
  return {
    auditCheckpointMs: limits["auditCheckpointMs"] ?? auditCheckpointMs,
    auditRetentionRoundMs: limits["auditRetentionRoundMs"] ?? auditRetentionRoundMs,
  };
}
