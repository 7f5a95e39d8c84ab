// Opens the cache of builds in a folder: who this machine is in this life, and the key that entries are signed with.
import { readFileSync } from "node:fs";
import type { CacheLimits, Clock, Logger } from "@sluice/core";
import { Cache, hmacSigner } from "@sluice/core/builds/cache";
import { openKeyFolder } from "@sluice/core/identity";

const keyFile = "cache.key";
const keyBytes = 32;
const bootFile = "/proc/sys/kernel/random/boot_id";

export interface CacheGround {
  /** Of the cache; made where it is not there. */
  readonly folder: string;
  /** Folder of the key, which is made where there is none. */
  readonly keys: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: CacheLimits;
}

/** Throws `store_failed` or `disk_full` where the folder cannot be used. */
export async function openCache({ folder, keys, clock, log, limits }: CacheGround): Promise<Cache> {
  return Cache.open({
    folder,
    clock,
    limits,
    newId: () => crypto.randomUUID(),
    boot: bootOf(),
    signer: hmacSigner(await keyIn(keys)),
    failed: (what, error) => log("warn", `build cache: ${what}`, { error: String(error) }),
  });
}

/** The key in the folder; of several that make one at once all take the same. */
async function keyIn(folder: string): Promise<Uint8Array> {
  const keys = openKeyFolder(folder);
  const known = await keys.read(keyFile);
  if (known !== undefined) return known;
  await keys.create(keyFile, crypto.getRandomValues(new Uint8Array(keyBytes)));
  return (await keys.read(keyFile)) ?? new Uint8Array(0);
}

/** Where the machine does not say, each process is a life of its own: what others wrote is read once before it is believed. */
function bootOf(): string {
  try {
    return readFileSync(bootFile, "utf8").trim();
  } catch {
    return crypto.randomUUID();
  }
}
