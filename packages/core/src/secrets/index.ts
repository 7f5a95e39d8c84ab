// The encrypted store of secrets.
export { Vault, vaultLimits } from "./vault.ts";
export type { SecretView, VaultOptions } from "./vault.ts";
