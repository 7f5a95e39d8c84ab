// The encrypted store of secrets: values are sealed with a key that is a file beside the database, and leave it for a worker
// that uses them and for nobody else.
import { SluiceError, secretBytesMax, secretCharsMin, secretNamePattern } from "@sluice/protocol";
import type { SecretRef } from "@sluice/protocol";
import type { Clock } from "../kernel/clock.ts";
import type { Random } from "../kernel/ids.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor } from "../kernel/run-store.ts";
import type { SecretSource } from "../kernel/secret-source.ts";
import type { SecretRecord, SecretStore } from "../kernel/secret-store.ts";
import type { KeyRing, RingFolder } from "./key-ring.ts";

/** Limits of the store of secrets. */
export const vaultLimits = { secretsMax: 10_000 } as const;

export interface VaultOptions {
  readonly store: SecretStore;
  readonly keys: RingFolder;
  readonly clock: Pick<Clock, "now">;
  readonly random: Random;
  /** Told of names whose value is another, or gone. */
  readonly onChange?: ((names: readonly string[]) => void) | undefined;
}

/** A secret as it is shown: everything but its value. */
export interface SecretView {
  readonly name: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** False when it was sealed with a key that is not here. */
  readonly readable: boolean;
}

/** Holds, changes and reveals secrets. Nothing is read before the first use. */
export class Vault implements SecretSource {
  readonly #options: VaultOptions;
  #ring: Promise<KeyRing> | undefined;
  /** Changes of keys and of what is sealed with them, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  /** In order of names. */
  async list(): Promise<readonly SecretView[]> {
    const all = await this.#options.store.listSecrets();
    const records = all.filter(({ name }) => secretNamePattern.test(name));
    const ring = records.length === 0 ? undefined : await this.#opened();
    return records.map((record) => ({
      name: record.name,
      version: record.version,
      createdAt: record.createdAt,
      updatedAt: record.updatedAt,
      readable: ring?.open(record.name, record) !== undefined,
    }));
  }

  /** Sets a value; the answer is its version. */
  async set(p: { readonly by: Actor; readonly name: string; readonly value: string }): Promise<Result<number>> {
    const wrong = check(p);
    if (wrong !== undefined) return wrong;
    return this.#inTurn(async () => {
      const { store, clock } = this.#options;
      const ring = await this.#opened();
      const { name, by } = p;
      const { secretsMax } = vaultLimits;
      const answer = await store.putSecret({ by, name, ...ring.seal(name, p.value), secretsMax, now: clock.now() });
      if (answer.outcome === "full") {
        return fail(full(secretsMax));
      }
      this.#options.onChange?.([name]);
      return ok(answer.version);
    });
  }

  /** Removes a secret; whoever refers to it fails from now on. */
  async remove(p: { readonly by: Actor; readonly name: string }): Promise<Result<null>> {
    const { store, clock } = this.#options;
    const { outcome } = await store.deleteSecret({ ...p, now: clock.now() });
    if (outcome === "not_found") return fail(missing(p.name));
    this.#options.onChange?.([p.name]);
    return ok(null);
  }

  /**
   * Makes a new key, seals everything with it and forgets the old one. A process that dies in between has both keys, and the
   * next rotation ends what it began; secrets can be read all the while. What cannot be opened stays as it is.
   */
  async rotate(p: { readonly by: Actor }): Promise<Result<{ readonly key: string; readonly resealed: number }>> {
    return this.#inTurn(async () => {
      const { store, clock } = this.#options;
      const ring = await this.#opened();
      const key = await ring.addKey();
      const records = await store.listSecrets();
      const secrets = records.flatMap((record) => {
        const value = ring.open(record.name, record);
        if (value === undefined) return [];
        return [{ name: record.name, version: record.version, sealed: ring.seal(record.name, value).sealed }];
      });
      const { resealed } = await store.resealSecrets({ by: p.by, key, secrets, now: clock.now() });
      const left = await store.listSecrets();
      const opened = left.every((record) => record.key === key || ring.open(record.name, record) === undefined);
      if (opened) await ring.forgetOthers();
      return ok({ key, resealed });
    });
  }

  /**
   * Keeps something of the product's own among the secrets: it is sealed anew by `rotate` with them, and no reference reaches it.
   * Its name is one that no secret can have.
   */
  async keep(name: string, value: string): Promise<void> {
    await this.#inTurn(async () => {
      const { store, clock } = this.#options;
      const { secretsMax } = vaultLimits;
      const sealed = (await this.#opened()).seal(name, value);
      const answer = await store.putSecret({ by: product, name, ...sealed, secretsMax, now: clock.now() });
      if (answer.outcome === "full") throw new SluiceError(full(secretsMax));
    });
  }

  /** What was kept; undefined where nothing is. Rejects with `secret_unreadable`. */
  async kept(name: string): Promise<string | undefined> {
    const record = await this.#options.store.getSecret({ name });
    return record === undefined ? undefined : this.#reveal(record);
  }

  async drop(name: string): Promise<void> {
    const { store, clock } = this.#options;
    await this.#inTurn(() => store.deleteSecret({ by: product, name, now: clock.now() }));
  }

  /** The value behind a reference to this store; others are not its to look up. */
  async read(ref: SecretRef): Promise<string | undefined> {
    // What keeps under other names is the product's own (`keep`).
    if (ref.from !== "store" || !secretNamePattern.test(ref.name)) return undefined;
    const record = await this.#options.store.getSecret({ name: ref.name });
    return record === undefined ? undefined : this.#reveal(record);
  }

  async #reveal(record: SecretRecord): Promise<string> {
    const value = (await this.#opened()).open(record.name, record);
    if (value !== undefined) return value;
    throw new SluiceError({
      code: "secret_unreadable",
      message: `The secret ${record.name} was sealed with a key that is not here.`,
      hint: "Put back keys/secrets.json of the data folder it comes from, or set the secret again.",
    });
  }

  #opened(): Promise<KeyRing> {
    const { keys, random } = this.#options;
    this.#ring ??= import("./key-ring.ts")
      .then(({ KeyRing: Ring }) => Ring.open(keys, random))
      .catch((error: unknown) => {
        this.#ring = undefined;
        throw error;
      });
    return this.#ring;
  }

  #inTurn<T>(body: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(body);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }
}

/** On whose behalf the product keeps what is its own. */
const product: Actor = { kind: "system", id: "vault" };

function full(secretsMax: number): { code: "secrets_full"; message: string } {
  return { code: "secrets_full", message: `There are ${secretsMax} secrets already; no more are taken.` };
}

/** What is said of a secret that is not there. */
function missing(name: string): { code: "secret_not_found"; message: string; hint: string } {
  return {
    code: "secret_not_found",
    message: `There is no secret ${JSON.stringify(name)}.`,
    hint: "`sluice secret list` shows those that are there.",
  };
}

function check({ name, value }: { readonly name: string; readonly value: string }): Result<never> | undefined {
  if (!secretNamePattern.test(name)) {
    return fail({
      code: "invalid_name",
      message: `A secret cannot be named ${JSON.stringify(name.slice(0, 200))}.`,
      hint: "Use letters, digits, '-', '_', '.' and '/', beginning with a letter or digit, at most 128 characters.",
    });
  }
  const bytes = new TextEncoder().encode(value).length;
  if (value.length >= secretCharsMin && bytes <= secretBytesMax) return undefined;
  return fail({
    code: "bad_request",
    message: `A secret has ${secretCharsMin} characters at least and ${secretBytesMax} bytes at most.`,
    hint: "A shorter one could not be kept out of logs and results: it is not to be told from ordinary text.",
  });
}
