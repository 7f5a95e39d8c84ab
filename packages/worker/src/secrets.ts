// Looks up the values of secrets where they are used, and makes sure that from then on they do not leave the worker.
import { secretCharsMin, SluiceError } from "@sluice/protocol";
import type { EngineToWorker, SecretRef, WorkerToEngine } from "@sluice/protocol";
import type { WorkerClock } from "./clock.ts";
import type { Redactor } from "./redactor.ts";
import { Requests } from "./requests.ts";

/** What a worker can look up by itself; each runtime has its own. */
export interface LocalSecrets {
  env(name: string): string | undefined;
  /** Text of a file without the line's end; undefined where there is none. */
  file(path: string): Promise<string | undefined>;
}

export interface SecretsOptions {
  readonly send: (message: WorkerToEngine) => void;
  readonly clock: WorkerClock;
  readonly redactor: Redactor;
  readonly local: LocalSecrets | undefined;
}

type Revealed = Extract<EngineToWorker, { type: "revealed" }>;

/** Nothing is kept here: a value that was changed is another one at the next use. */
export class Secrets {
  readonly #options: SecretsOptions;
  readonly #requests: Requests<Revealed>;

  constructor(options: SecretsOptions) {
    this.#options = options;
    this.#requests = new Requests(options.send, options.clock);
  }

  /** The value. Rejects with `secret_not_found`, `secret_unreadable` or `unavailable`. */
  async read(ref: SecretRef): Promise<string> {
    const value = await this.#find(ref);
    if (value === undefined) throw missing(ref);
    if (value.length < secretCharsMin) throw tooShort(ref);
    this.#options.redactor.add(value);
    return value;
  }

  /** The engine's answer. */
  revealed(answer: Revealed): void {
    this.#requests.answered(answer);
  }

  async #find({ from, name }: SecretRef): Promise<string | undefined> {
    if (from === "store") {
      return (await this.#requests.ask(`the secret ${name}`, (request) => ({ type: "reveal", request, name }))).value;
    }
    const { local } = this.#options;
    if (local === undefined) {
      throw new SluiceError({
        code: "unavailable",
        message: `This worker has no ${from === "env" ? "environment" : "files"} to take the secret ${name} from.`,
      });
    }
    return from === "env" ? local.env(name) : local.file(name);
  }
}

function missing({ from, name }: SecretRef): SluiceError {
  const where = { store: "in the store", env: "in the worker's environment", file: "in the worker's files" }[from];
  return new SluiceError({
    code: "secret_not_found",
    message: `There is no secret ${JSON.stringify(name)} ${where}.`,
    hint: from === "store" ? `sluice secret set ${name}` : "It has to be there where the worker runs.",
  });
}

function tooShort({ name }: SecretRef): SluiceError {
  return new SluiceError({
    code: "invalid_config",
    message: `The secret ${JSON.stringify(name)} has fewer than ${secretCharsMin} characters.`,
    hint: "It could not be kept out of logs and results: it is not to be told from ordinary text. Use a longer one.",
  });
}
