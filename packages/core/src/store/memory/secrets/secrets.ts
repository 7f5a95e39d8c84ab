// Sealed secrets in plain memory.
import type { SecretRecord, SecretStore } from "../../../kernel/secret-store.ts";

export type SecretWriteVerb = "putSecret" | "deleteSecret" | "resealSecrets";

type Params<Verb extends SecretWriteVerb> = Parameters<SecretStore[Verb]>[0];
type Answer<Verb extends SecretWriteVerb> = Awaited<ReturnType<SecretStore[Verb]>>;

/** The rows, by name. */
export type Secrets = Map<string, SecretRecord>;

export const secretVerbs: { readonly [Verb in SecretWriteVerb]: (rows: Secrets, p: Params<Verb>) => Answer<Verb> } = {
  putSecret(rows, { name, sealed, key, secretsMax, now }) {
    const before = rows.get(name);
    if (before === undefined && rows.size >= secretsMax) return { outcome: "full" };
    const version = (before?.version ?? 0) + 1;
    rows.set(name, { name, sealed, key, version, createdAt: before?.createdAt ?? now, updatedAt: now });
    return { outcome: "ok", version };
  },
  deleteSecret: (rows, { name }) => ({ outcome: rows.delete(name) ? "ok" : "not_found" }),
  resealSecrets(rows, { key, secrets }) {
    let resealed = 0;
    for (const { name, version, sealed } of secrets) {
      const row = rows.get(name);
      if (row === undefined || row.version !== version) continue;
      rows.set(name, { ...row, sealed, key });
      resealed++;
    }
    return { resealed };
  },
};

/** What the secret store is given by the store it is part of. */
export interface SecretParts {
  /** Throws when the store is closed. */
  readonly rows: () => Secrets;
  /** Carries out a verb and writes the audit row about it. */
  readonly write: <Verb extends SecretWriteVerb>(verb: Verb, p: Params<Verb>) => Answer<Verb>;
}

export class MemorySecretStore implements SecretStore {
  readonly #parts: SecretParts;

  constructor(parts: SecretParts) {
    this.#parts = parts;
  }

  async putSecret(p: Params<"putSecret">): Promise<Answer<"putSecret">> {
    return this.#parts.write("putSecret", p);
  }

  async deleteSecret(p: Params<"deleteSecret">): Promise<Answer<"deleteSecret">> {
    return this.#parts.write("deleteSecret", p);
  }

  async resealSecrets(p: Params<"resealSecrets">): Promise<Answer<"resealSecrets">> {
    return this.#parts.write("resealSecrets", p);
  }

  async getSecret(p: { readonly name: string }): Promise<SecretRecord | undefined> {
    return this.#parts.rows().get(p.name);
  }

  async listSecrets(): Promise<readonly SecretRecord[]> {
    return [...this.#parts.rows().values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}
