// Lets go of what is older than it has to be kept: whole parts of the trail that end with a signed checkpoint, and only after
// they were found unchanged, so that nothing is lost that would show a forgery.
import type { AuditHead, AuditLog } from "../../kernel/audit-log.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Logger } from "../../kernel/log.ts";
import { audited } from "./audited.ts";
import { Findings } from "./audit-report.ts";
import { isSigned, readCheckpoint } from "./checkpoint.ts";
import type { CheckpointKey } from "./checkpoint.ts";
import { isMissing } from "./checkpoint-places.ts";
import type { CheckpointPlace } from "./checkpoint-places.ts";
import { trimAction, trimText } from "./trim-note.ts";
import { hashAt, walkChain } from "./verify-chain.ts";

/** Rows that are let go of in one transaction. */
const trimRowsMax = 1_000;

export interface RetentionOptions {
  readonly log: AuditLog;
  readonly place: Pick<CheckpointPlace, "lines">;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly retentionMs: number;
}

/** One round; how many rows were let go of. What it does not do it logs. */
export async function trimTrail(options: RetentionOptions, key: CheckpointKey): Promise<number> {
  const { clock, log, logger } = options;
  const start = await log.auditStart();
  const upTo = await oldEnough(options, key, start);
  if (upTo === undefined) return 0;
  const findings = new Findings();
  await walkChain(log, findings, upTo.seq);
  const held = (await hashAt(log, start, upTo.seq)) === upTo.hash;
  if (!held || !findings.sound) {
    logger("error", "nothing of the audit trail is let go of, since it is not as it was: run `sluice audit verify`", {
      ...upTo,
    });
    return 0;
  }
  const intent = {
    by: { kind: "system", id: "retention" },
    action: trimAction,
    target: `audit:${upTo.chain}`,
    after: trimText(upTo),
  } as const;
  const trimmed = await audited({ log, clock }, intent, { action: () => trimAll(log, upTo) });
  logger("info", "the oldest part of the audit trail was let go of", { rows: trimmed, upTo: upTo.seq });
  return trimmed;
}

async function trimAll(log: AuditLog, upTo: AuditHead): Promise<number> {
  let all = 0;
  for (;;) {
    const { trimmed } = await log.trimAudit({ upTo, limit: trimRowsMax });
    all += trimmed;
    if (trimmed < trimRowsMax) return all;
  }
}

/** The newest checkpoint of the chain that is old enough: all rows before it are older still. */
async function oldEnough(
  { clock, place, retentionMs }: RetentionOptions,
  key: CheckpointKey,
  start: AuditHead,
): Promise<AuditHead | undefined> {
  const before = clock.now() - retentionMs;
  let found: AuditHead | undefined;
  try {
    for await (const { text } of place.lines()) {
      const checkpoint = readCheckpoint(text);
      if (checkpoint === undefined) continue;
      const { at, chain, hash, seq, replaces } = checkpoint;
      // A restore took the trail back: what was signed behind that row is of another one.
      if (replaces?.chain === start.chain && found !== undefined && found.seq > seq && isSigned(checkpoint, key))
        found = undefined;
      if (chain !== start.chain || seq <= start.seq || at > before || seq <= (found?.seq ?? 0)) continue;
      if (isSigned(checkpoint, key)) found = { chain, seq, hash };
    }
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  return found;
}
