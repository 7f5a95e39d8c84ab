// Tickets: for what cannot carry a header, as sockets and downloads of a browser. In a URL they may be, as they are good once,
// for a moment, and for one thing.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import type { Principal } from "../access/principal.ts";
import { hashOf, newSecret } from "../keys/secrets.ts";

interface Waiting {
  readonly principal: Principal;
  readonly holder: string;
  readonly route: string;
  readonly origin: string | undefined;
  readonly expiresAt: number;
}

export interface TicketLimits {
  readonly ticketMs: number;
  readonly ticketsMax: number;
  readonly ticketsEachMax: number;
}

export class Tickets {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #limits: TicketLimits;
  /** In the order in which they expire. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #each = new Map<string, number>();

  constructor(options: { readonly clock: Clock; readonly random: Random; readonly limits: TicketLimits }) {
    this.#clock = options.clock;
    this.#random = options.random;
    this.#limits = options.limits;
  }

  /** `route`: path it is for. `origin`: of the page that asks; undefined for programs. */
  create(
    principal: Principal,
    p: { readonly route: string; readonly origin: string | undefined },
  ): Result<{ readonly ticket: string; readonly expiresAt: number }> {
    this.#dropExpired();
    const holder = principal.session ?? principal.token ?? principal.kind;
    const { ticketMs, ticketsEachMax, ticketsMax } = this.#limits;
    if (this.#waiting.size >= ticketsMax || (this.#each.get(holder) ?? 0) >= ticketsEachMax) {
      return fail({
        code: "too_many_requests",
        message: "Too many tickets wait to be used.",
        details: { retryAfterMs: ticketMs },
      });
    }
    const ticket = newSecret(this.#random);
    const expiresAt = this.#clock.now() + ticketMs;
    this.#waiting.set(hashOf(ticket), { principal, holder, route: p.route, origin: p.origin, expiresAt });
    this.#each.set(holder, (this.#each.get(holder) ?? 0) + 1);
    return ok({ ticket, expiresAt });
  }

  /** Whom a ticket was made for. It is used up, whether it fits or not. */
  redeem(p: {
    readonly ticket: string;
    readonly route: string;
    readonly origin: string | undefined;
  }): Result<Principal> {
    const key = hashOf(p.ticket);
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) this.#drop(key, waiting);
    if (
      waiting === undefined ||
      this.#clock.now() >= waiting.expiresAt ||
      waiting.route !== p.route ||
      waiting.origin !== p.origin
    ) {
      return fail({
        code: "ticket_invalid",
        message: "The ticket was used, has expired, or is for something else.",
        hint: "Ask for another one.",
      });
    }
    return ok(waiting.principal);
  }

  #dropExpired(): void {
    const now = this.#clock.now();
    for (const [key, waiting] of this.#waiting) {
      if (waiting.expiresAt > now) return;
      this.#drop(key, waiting);
    }
  }

  #drop(key: string, { holder }: Waiting): void {
    this.#waiting.delete(key);
    const left = (this.#each.get(holder) ?? 1) - 1;
    if (left === 0) this.#each.delete(holder);
    else this.#each.set(holder, left);
  }
}
