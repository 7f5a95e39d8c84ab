// Secrets over the store that serves: their key lies in the data folder.
import { join } from "node:path";
import { systemClock, systemRandom } from "@sluice/core";
import type { SecretSource, Store } from "@sluice/core";
import { openKeyFolder } from "@sluice/core/identity";
import { PayloadVault, Vault } from "@sluice/core/secrets";
import type { DataFolder } from "@sluice/core/store/sqlite";

/** The encrypted store in a data folder. `onChange`: these names have other values, or none. */
export function openVault(folder: DataFolder, store: Store, onChange: (names: readonly string[]) => void): Vault {
  const keys = openKeyFolder(join(folder.folder, "keys"));
  return new Vault({ store: store.secrets, keys, clock: systemClock, random: systemRandom, onChange });
}

/** Keys of encrypted payloads; those of workflows are kept by the vault. */
export function openPayloads(store: Store, shelf: Vault): PayloadVault {
  return new PayloadVault({ store: store.payloadKeys, shelf, clock: systemClock, random: systemRandom });
}

/** Secrets of a program that has the engine in it: those it was given, then those of the data folder. */
export function embeddedSecrets({
  vault,
  given,
}: {
  readonly vault: Vault;
  readonly given: Readonly<Record<string, string>>;
}): SecretSource {
  return {
    read: async (ref) => (Object.hasOwn(given, ref.name) ? given[ref.name] : vault.read(ref)),
  };
}
