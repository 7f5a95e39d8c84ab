// Checks the audit trail: every row's hash, the order of the rows, and the signed checkpoints, as far as there are any.
import { Findings, rowsText, timeText } from "./audit-report.ts";
import type { AuditReport } from "./audit-report.ts";
import type { CheckpointKey } from "./checkpoint.ts";
import { isMissing } from "./checkpoint-places.ts";
import type { CheckpointPlace } from "./checkpoint-places.ts";
import { compareCheckpoints } from "./compare-checkpoints.ts";
import { walkChain } from "./verify-chain.ts";
import type { AuditChain, WalkedChain } from "./verify-chain.ts";

/** Checkpoints to compare with. */
export interface KnownCheckpoints {
  readonly place: Pick<CheckpointPlace, "name" | "keeper" | "lines">;
  /** Undefined where nothing was ever signed. */
  readonly key: CheckpointKey | undefined;
  /** Since when none arrives, where that is known. */
  readonly failingSince?: number | undefined;
}

/** Checks the whole chain. Reads only; nothing may be let go of meanwhile. */
export async function verifyAudit(p: {
  readonly chain: AuditChain;
  readonly checkpoints?: KnownCheckpoints | undefined;
}): Promise<AuditReport> {
  const { chain, checkpoints } = p;
  const findings = new Findings();
  const walked = await walkChain(chain, findings);
  const { rows } = walked;
  if (checkpoints === undefined) {
    findings.warnings.push(
      "No signed checkpoints were compared: that rows were cut from the end, or the whole trail written anew, would go unseen. Set audit.checkpoints to a place outside of the server's reach.",
    );
    return findings.report({ rows, checkpoints: 0 });
  }
  return findings.report({ rows, checkpoints: await compare(chain, walked, { ...checkpoints, findings }) });
}

async function compare(
  chain: AuditChain,
  walked: WalkedChain,
  { place, key, failingSince, findings }: KnownCheckpoints & { readonly findings: Findings },
): Promise<number> {
  const { last, start } = walked;
  const tell = (warning: string): unknown => findings.warnings.push(warning);
  if (failingSince !== undefined) {
    tell(`No checkpoint has reached ${place.name} since ${timeText(failingSince)}: the server's log says why.`);
  }
  if (place.keeper !== undefined) {
    tell(
      `The checkpoints were compared with the copy in the data folder. What ${place.keeper} received cannot have been changed together with it: compare that with \`sluice audit verify --checkpoints FILE\`.`,
    );
  }
  if (key === undefined) {
    if (last.seq > 0) tell("No checkpoint was signed yet: that rows were cut from the end would go unseen.");
    return 0;
  }
  try {
    const { count, covered } = await compareCheckpoints({ chain, walked, lines: place.lines(), key, findings });
    const uncovered = Math.max(covered, start.seq) + 1;
    if (count === 0 && last.seq > 0)
      tell("No checkpoint is of this chain: that rows were cut from its end would go unseen.");
    else if (uncovered <= last.seq) tell(`No checkpoint covers ${rowsText(uncovered, last.seq)} yet.`);
    return count;
  } catch (error) {
    const missing = isMissing(error);
    if (!missing && !(error instanceof Error && "code" in error)) throw error;
    // Nothing was written yet where nothing is to be covered.
    if (missing && last.seq === 0) return 0;
    const why = missing ? "it is not there" : (error as Error).message;
    findings.add("unreadable_checkpoints", null, `The checkpoints in ${place.name} cannot be read: ${why}.`);
    return 0;
  }
}
