// Checks the audit trail of a data folder without asking the server that wrote it, whether one runs or none.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { openKeyFolder } from "@sluice/core/identity";
import { checkpointKeyOf, CheckpointFile, readCheckpointKey, verifyAudit } from "@sluice/core/identity/audit";
import type { AuditReport, CheckpointKey } from "@sluice/core/identity/audit";
import { dataFiles } from "@sluice/core/store/sqlite";
import { openAuditFile } from "@sluice/core/store/sqlite/checks";
import { SluiceError } from "@sluice/protocol";

/**
 * Reads only. Rejects with `invalid_config` for a folder, file of checkpoints or key that cannot be used, and with
 * `data_folder_corrupt` or `data_folder_newer` for a database that cannot.
 */
export async function checkAudit(p: {
  readonly data: string;
  /** File of checkpoints to compare with. */
  readonly checkpoints?: string | undefined;
  /** File with the public key (PEM); otherwise it is that of the data folder. */
  readonly key?: string | undefined;
}): Promise<AuditReport> {
  const { data, checkpoints } = p;
  const file = join(data, dataFiles.database);
  if (!existsSync(file)) throw invalid(`There is no database ${file}.`, "Name a data folder with --data.");
  const compared =
    checkpoints === undefined ? undefined : { place: new CheckpointFile(checkpoints), key: await keyOf(p) };
  const chain = openAuditFile({ file });
  try {
    return await verifyAudit({ chain, checkpoints: compared });
  } finally {
    chain.close();
  }
}

async function keyOf({
  data,
  key,
}: {
  readonly data: string;
  readonly key?: string | undefined;
}): Promise<CheckpointKey> {
  if (key !== undefined) {
    const found = existsSync(key) ? checkpointKeyOf(readFileSync(key, "utf8")) : undefined;
    if (found === undefined)
      throw invalid(`${key} is no public key of Ed25519 in PEM format.`, "It is a copy of keys/audit.pub.");
    return found;
  }
  const found = await readCheckpointKey(openKeyFolder(join(data, "keys")));
  if (found === undefined) {
    throw invalid(
      `There is no key in ${join(data, "keys")} that signed checkpoints.`,
      "Name a copy of keys/audit.pub with --key.",
    );
  }
  return found;
}

function invalid(message: string, hint: string): SluiceError {
  return new SluiceError({ code: "invalid_config", message, hint });
}
