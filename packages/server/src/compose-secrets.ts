// Secrets over the store that serves: the key lies in the data folder; references to the environment and to files are looked
// up here for whoever in this process refers to them.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { systemClock, systemRandom } from "@sluice/core";
import type { SecretSource, Store } from "@sluice/core";
import { openKeyFolder } from "@sluice/core/identity";
import { Vault } from "@sluice/core/secrets";
import type { SecretRef } from "@sluice/protocol";
import type { DataFolder } from "@sluice/core/store/sqlite";

/** The encrypted store in a data folder. `onChange`: these names have other values, or none. */
export function openVault(folder: DataFolder, store: Store, onChange: (names: readonly string[]) => void): Vault {
  const keys = openKeyFolder(join(folder.folder, "keys"));
  return new Vault({ store: store.secrets, keys, clock: systemClock, random: systemRandom, onChange });
}

/** Secrets of a program that has the engine in it: those it was given, then those of the data folder. */
export function embeddedSecrets(
  folder: DataFolder,
  { store, given }: { readonly store: Store; readonly given: Readonly<Record<string, string>> },
): SecretSource {
  const vault = openVault(folder, store, () => undefined);
  return {
    read: async (ref) => (Object.hasOwn(given, ref.name) ? given[ref.name] : vault.read(ref)),
  };
}

/** Looks up references of every origin. A file's value is its text without the line's end that editors add. */
export function secretsOf(p: {
  readonly vault: Vault;
  readonly env: Readonly<Record<string, string | undefined>>;
}): SecretSource {
  return {
    read: async (ref: SecretRef) => {
      if (ref.from === "store") return p.vault.read(ref);
      return ref.from === "env" ? p.env[ref.name] : readSecretFile(ref.name);
    },
  };
}

async function readSecretFile(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
