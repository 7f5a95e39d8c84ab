// Where secrets are read that code names by their place. The port that other places of secrets plug into.
import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { SecretRef } from "@sluice/protocol";

export interface SecretSource {
  /** The secret; undefined where there is none. */
  read(ref: SecretRef): Promise<string | undefined>;
}

/** Variables of the environment, and files; a line break at the end of a file does not belong to the secret. */
export class PlaceSecrets implements SecretSource {
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #folder: string;
  readonly #others: SecretSource | undefined;

  /** `folder`: what paths are relative to. `store`: the store of secrets, where there is one. */
  constructor(p: {
    readonly env: Readonly<Record<string, string | undefined>>;
    readonly folder: string;
    readonly store?: SecretSource | undefined;
  }) {
    this.#env = p.env;
    this.#folder = p.folder;
    this.#others = p.store;
  }

  async read(ref: SecretRef): Promise<string | undefined> {
    if (ref.from === "env") return this.#env[ref.name] || undefined;
    if (ref.from === "store") return this.#others?.read(ref);
    try {
      return (await readFile(resolve(this.#folder, ref.name), "utf8")).replace(/\r?\n$/, "") || undefined;
    } catch {
      // Not there, or not for us: there is no secret.
      return undefined;
    }
  }
}
