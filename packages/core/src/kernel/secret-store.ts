// The port behind which encrypted secrets are kept. What it holds is sealed: it cannot be read without a key outside the store.
import type { Actor } from "./run-records.ts";

/** A sealed value. Times are milliseconds since 1970. */
export interface SecretRecord {
  readonly name: string;
  readonly sealed: Uint8Array;
  /** Name of the key it was sealed with. */
  readonly key: string;
  /** Counts values, from 1. */
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Sealed values by name. Every change is written to the audit trail in the same transaction, without the value. */
export interface SecretStore {
  /** Refused as `full` when there are `secretsMax` others. */
  putSecret(p: {
    readonly by: Actor;
    readonly name: string;
    readonly sealed: Uint8Array;
    readonly key: string;
    readonly secretsMax: number;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok"; readonly version: number } | { readonly outcome: "full" }>;
  deleteSecret(p: {
    readonly by: Actor;
    readonly name: string;
    readonly now: number;
  }): Promise<{ readonly outcome: "ok" | "not_found" }>;
  /** Replaces what is sealed, where the version is still that one: the value is the same, under another key. */
  resealSecrets(p: {
    readonly by: Actor;
    readonly key: string;
    readonly secrets: readonly { readonly name: string; readonly version: number; readonly sealed: Uint8Array }[];
    readonly now: number;
  }): Promise<{ readonly resealed: number }>;
  getSecret(p: { readonly name: string }): Promise<SecretRecord | undefined>;
  /** In order of names. */
  listSecrets(): Promise<readonly SecretRecord[]>;
}
