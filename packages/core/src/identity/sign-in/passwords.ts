// Passwords: which ones are taken, and how they are hashed and compared without telling who exists.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Random } from "../../kernel/ids.ts";
import { newSecret } from "../keys/secrets.ts";
import type { HashQueue } from "./hash-queue.ts";
import type { PasswordHasher } from "./password-hasher.ts";

export interface PasswordOptions {
  readonly hasher: PasswordHasher;
  readonly queue: HashQueue;
  readonly random: Random;
  /**
   * NIST SP 800-63B-4 asks for 15 characters where the password is all there is, and 8 beside a second factor. The default of
   * 10 for everybody, with the list of breached ones and growing delays, stands between; the setting goes down to 8.
   */
  readonly limits: { readonly passwordCharsMin: number; readonly passwordCharsMax: number };
}

export class Passwords {
  readonly #options: PasswordOptions;
  #breached: Promise<ReadonlySet<string>> | undefined;
  #nobodys: Promise<string> | undefined;

  constructor(options: PasswordOptions) {
    this.#options = options;
  }

  /** Whether a password may be set; otherwise why not, as `weak_password`. `names`: what must not be the password itself. */
  async check(password: string, names: readonly (string | null | undefined)[]): Promise<Result<void>> {
    const { passwordCharsMin, passwordCharsMax } = this.#options.limits;
    const characters = charactersOf(password);
    if (characters < passwordCharsMin) {
      return weak("short", `The password has ${characters} characters; at least ${passwordCharsMin} are needed.`);
    }
    if (characters > passwordCharsMax) {
      return weak("long", `The password has ${characters} characters; at most ${passwordCharsMax} are taken.`);
    }
    const lower = password.normalize("NFKC").toLowerCase();
    if (names.some((name) => name !== null && name !== undefined && lower === name.normalize("NFKC").toLowerCase())) {
      return weak("name", "The password is the name of the user.");
    }
    if (new Set(lower).size <= 2) return weak("repeated", "The password repeats one or two characters.");
    this.#breached ??= loadBreached();
    if ((await this.#breached).has(lower)) {
      return weak("breached", "The password is one of the commonest that became known in breaches.");
    }
    return ok(undefined);
  }

  /** Refused with `too_many_requests` when too many wait. */
  async hash(password: string): Promise<Result<string>> {
    return this.#options.queue.run(() => this.#options.hasher.hash(password));
  }

  /** Whether it is the password of this hash. Without one it takes as long, and is not. */
  async verify(password: string, hash: string | undefined): Promise<Result<boolean>> {
    const { hasher, limits, queue } = this.#options;
    const given = charactersOf(password) > limits.passwordCharsMax ? "" : password;
    this.#nobodys ??= this.#hashForNobody();
    const nobodys = await this.#nobodys;
    const verified = await queue.run(() => hasher.verify(given, hash ?? nobodys));
    return verified.ok ? ok(verified.value && hash !== undefined) : verified;
  }

  /** Made before it is known whether it is needed: the first unknown user must not take longer than a known one. */
  async #hashForNobody(): Promise<string> {
    try {
      return await this.#options.hasher.hash(newSecret(this.#options.random));
    } catch (error) {
      this.#nobodys = undefined;
      throw error;
    }
  }
}

/** Code points, as NIST counts. */
function charactersOf(password: string): number {
  return Array.from(password).length;
}

function weak(reason: string, message: string): Result<never> {
  return fail({
    code: "weak_password",
    message,
    hint: "Take a few words that belong to you alone.",
    details: { reason },
  });
}

async function loadBreached(): Promise<ReadonlySet<string>> {
  const { default: text } = await import("./breached-passwords.txt", { with: { type: "text" } });
  return new Set(text.trimEnd().split("\n"));
}
