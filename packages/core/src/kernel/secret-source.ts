// The port through which the engine hands the value of a secret to a worker that uses it.
import type { SecretRef } from "@sluice/protocol";

/** Looks values up. */
export interface SecretSource {
  /** Undefined where there is none. Rejects with `secret_unreadable` where there is one that cannot be opened. */
  read(ref: SecretRef): Promise<string | undefined>;
}
