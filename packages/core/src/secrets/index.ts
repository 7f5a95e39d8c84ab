// The encrypted store of secrets.
export { Vault, vaultLimits } from "./vault.ts";
export type { SecretView, VaultOptions } from "./vault.ts";
export { PayloadVault } from "./payload-vault.ts";
export type { PayloadKeyView, PayloadVaultOptions } from "./payload-vault.ts";
