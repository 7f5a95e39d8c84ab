// Who may come in as which worker: tokens, the credential that is given for one, and the name that belongs to it.
import { fail } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import { matchesAny } from "../kernel/patterns.ts";
import type { FleetParts, WorkerPermit } from "./ports.ts";
import type { Hello } from "./remote-worker.ts";

export type Admission =
  | {
      readonly ok: true;
      readonly permit: WorkerPermit;
      readonly draining: boolean;
      /** Given once, for a token. */
      readonly credential?: string | undefined;
    }
  | {
      readonly ok: false;
      readonly reason: string;
      /** Code of what is not the fault of what was shown, and passes. */
      readonly passing?: string;
    };

/** How credentials begin: they are told from tokens by it. */
const credentialPrefix = "sluice_wc_";
const nameCharsMax = 200;
/** What workers say of themselves, whatever their token says. */
const ownLabels = /^(?:os|arch|libc|runtime)=/;

export class Admitter {
  readonly #parts: Pick<FleetParts, "store" | "door" | "clock" | "newSecret" | "hash">;

  constructor(parts: Pick<FleetParts, "store" | "door" | "clock" | "newSecret" | "hash">) {
    this.#parts = parts;
  }

  /** Judges a HELLO. Rejects only when the store does. */
  async admit(hello: Hello, address: string | undefined): Promise<Admission> {
    if (hello.worker_id.length > nameCharsMax)
      return refused(`A worker's name has at most ${nameCharsMax} characters.`);
    const { token } = hello;
    const known =
      token !== undefined && token.startsWith(credentialPrefix)
        ? await this.#byCredential(hello, { credential: token, address })
        : await this.#bySecret(hello, address);
    if (!known.ok) return known;
    const foreign = (hello.labels ?? []).find((label) => !isAllowed(label, known.permit.labels));
    return foreign === undefined ? known : refused(`The token does not allow the label ${JSON.stringify(foreign)}.`);
  }

  async #byCredential(
    hello: Hello,
    { credential, address }: { readonly credential: string; readonly address: string | undefined },
  ): Promise<Admission> {
    const { door, hash, store } = this.#parts;
    const binding = await store.builds.findWorker({ credentialHash: hash(credential) });
    if (binding === undefined) return refused("The credential is not one of this server.");
    if (binding.removedAt !== undefined) return refused(`The worker ${binding.worker} was removed.`);
    if (binding.worker !== hello.worker_id) return refused("The credential belongs to another worker_id.");
    const permit = await door.byToken(binding.token, address);
    if (!permit.ok) return turnedAway(permit.error);
    return { ok: true, permit: permit.value, draining: binding.draining };
  }

  async #bySecret(hello: Hello, address: string | undefined): Promise<Admission> {
    const { clock, door, hash, newSecret, store } = this.#parts;
    const permit = await door.bySecret(hello.token, address, hello.worker_id);
    if (!permit.ok) return turnedAway(permit.error);
    const { actor, open, token } = permit.value;
    const worker = hello.worker_id;
    if (token === undefined) {
      // Nobody has to show a token, or it is the operator's own machine: no name can be taken that belongs to a token.
      const owner = open ? undefined : await store.builds.findWorker({ worker });
      if (owner !== undefined && owner.removedAt === undefined) return refused(taken(worker));
      return { ok: true, permit: permit.value, draining: false };
    }
    const credential = credentialPrefix + newSecret();
    const bound = await store.builds.bindWorker({
      by: actor,
      worker,
      token,
      credentialHash: hash(credential),
      now: clock.now(),
    });
    switch (bound.outcome) {
      case "ok":
        return { ok: true, permit: permit.value, draining: false, credential };
      case "bound":
        return { ok: true, permit: permit.value, draining: bound.binding.draining };
      case "token_taken":
        return refused("The token belongs to another worker_id; each worker needs a token of its own.");
      case "worker_taken":
        return refused(taken(worker));
      default:
        return refused(`The worker ${bound.binding.worker} was removed.`);
    }
  }
}

function isAllowed(label: string, patterns: readonly string[] | undefined): boolean {
  return patterns === undefined || ownLabels.test(label) || matchesAny(patterns, label);
}

function taken(worker: string): string {
  return `The worker_id ${JSON.stringify(worker)} belongs to another token.`;
}

function turnedAway({ code, message }: { readonly code: string; readonly message: string }): Admission {
  const final = code === "unauthorized" || code === "forbidden";
  return { ok: false, reason: message, ...(final ? {} : { passing: code }) };
}

function refused(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

/** Nobody of that name is known. */
export function noWorker(worker: string): Result<never> {
  return fail({
    code: "worker_not_found",
    message: `There is no worker ${JSON.stringify(worker.slice(0, 80))}.`,
    hint: "GET /api/v1/workers lists them.",
  });
}

export function tooManyWaits(waitsMax: number): Result<never> {
  return fail({
    code: "too_many_requests",
    message: `A worker waits for ${waitsMax} locks and resources at most (workerWaitsMax).`,
  });
}
