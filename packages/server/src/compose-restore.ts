// Puts a backup in the place of a data folder's content where no server runs. What was there is kept beside.
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { dataFiles, lockFile, settleReplacement } from "@sluice/core/store/sqlite";
import { SluiceError } from "@sluice/protocol";
import type { Restored } from "./call.ts";
import { recordRestore } from "./compose-audit.ts";
import { readFile } from "./compose-backup.ts";
import { stageBackup } from "./compose-unpack.ts";

/** Whoever can write the data folder. */
const local = { kind: "user", id: "local" } as const;

/**
 * Restores `file` into the data folder. Rejects with `data_folder_locked` where a server runs, and with `invalid_config` for
 * a backup that cannot be used; the folder is as it was then.
 */
export async function restoreBackup(p: {
  readonly file: string;
  readonly data: string;
  readonly now: number;
}): Promise<Restored> {
  const { file, data, now } = p;
  if (!existsSync(file)) throw new SluiceError({ code: "invalid_config", message: `There is no file ${file}.` });
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const held = lockFile(join(data, dataFiles.lock));
  if ("heldBy" in held) throw inUse(data, held.heldBy);
  try {
    settleReplacement(data);
    const { replacement, createdAt, runs, blobs } = await stageBackup({ archive: readFile(file), data, now });
    // Where the trail before ended nobody may be able to read any more.
    const about = { by: local, createdAt, runs, blobs, replaces: undefined };
    await recordRestore(join(replacement.folder, dataFiles.database), about).catch((error: unknown) => {
      replacement.discard();
      throw error;
    });
    replacement.commit();
    return { createdAt, runs, blobs, before: settleReplacement(data)?.before };
  } finally {
    held.lock.release();
  }
}

function inUse(data: string, pid: number): SluiceError {
  return new SluiceError({
    code: "data_folder_locked",
    message: `A process${pid === 0 ? "" : ` (${pid})`} has the data folder ${data} open: it would go on with what it has in memory.`,
    hint: "Name its server with --url, stop it, or restore into another folder with --data.",
    details: { pid },
  });
}
