// Tokens for programs: shown once, kept as a hash, narrower than who makes them, and never more than their owner may do now.
import type { Grant } from "@sluice/protocol";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import type { IdentityStore, TokenRow } from "../../kernel/identity-store.ts";
import type { Actor } from "../../kernel/run-records.ts";
import type { AccessBook } from "../access/access-book.ts";
import { accessOfRole } from "../access/access-book.ts";
import type { Endings } from "../access/endings.ts";
import type { Access } from "../access/grants.ts";
import { accessOf, normalizeGrants, normalizeLimits } from "../access/grants.ts";
import type { Principal } from "../access/principal.ts";
import { lackedBy } from "../access/rank.ts";
import { hashOf, newId, newToken } from "../keys/secrets.ts";
import type { Limits } from "../settings.ts";
import { forbidden, needsSession, ownUser } from "../sessions/sessions.ts";
import { noRole } from "../users.ts";

export interface NewToken {
  readonly name: string;
  /** What the role may do; or the grants, one by one. */
  readonly role?: string | null | undefined;
  readonly grants?: readonly Grant[] | undefined;
  readonly limits?: Limits | undefined;
  /** For ever where it is absent. */
  readonly expiresInMs?: number | null | undefined;
}

/** A token with its secret, which cannot be shown again. */
export interface CreatedToken {
  readonly id: string;
  readonly token: string;
  readonly row: TokenRow;
}

export interface TokensOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly book: AccessBook;
  readonly endings: Endings;
}

export class Tokens {
  readonly #options: TokensOptions;

  constructor(options: TokensOptions) {
    this.#options = options;
  }

  /** A token does not make others: they would outlive it. */
  async create(principal: Principal, p: NewToken): Promise<Result<CreatedToken>> {
    if (principal.kind === "token") return needsSession();
    const granted = await this.#granted(p);
    if (!granted.ok) return granted;
    const limits = normalizeLimits(p.limits ?? {});
    if (!limits.ok) return limits;
    const allowed = lackedBy(principal, granted.value.access.limitedTo(limits.value), `make the token ${p.name}`);
    if (!allowed.ok) return allowed;
    return ok(
      await this.insert(principal.actor, {
        name: p.name,
        owner: ownUser(principal),
        role: p.role ?? undefined,
        grants: granted.value.grants,
        limits: limits.value,
        expiresInMs: p.expiresInMs ?? undefined,
      }),
    );
  }

  async #granted(p: NewToken): Promise<Result<{ readonly grants: readonly Grant[]; readonly access: Access }>> {
    if (p.role !== null && p.role !== undefined) {
      if (p.grants !== undefined) {
        return fail({ code: "invalid_input", message: "A token has a role or grants, not both." });
      }
      const role = (await this.#options.book.roles()).get(p.role);
      return role === undefined ? noRole(p.role) : ok({ grants: role.grants, access: accessOfRole(role) });
    }
    if (p.grants === undefined || p.grants.length === 0) {
      return fail({
        code: "invalid_input",
        message: "A token needs a role or grants.",
        hint: "sluice token create --role viewer --name NAME",
      });
    }
    const grants = normalizeGrants(p.grants);
    return grants.ok ? ok({ grants: grants.value, access: accessOf(grants.value) }) : grants;
  }

  /** The same without asking who may: for jobs that a rule lets in. */
  async insert(
    by: Actor,
    p: Pick<TokenRow, "grants" | "limits" | "name" | "owner" | "role"> & { readonly expiresInMs?: number | undefined },
  ): Promise<CreatedToken> {
    const { clock, random, store } = this.#options;
    const { prefix, token } = newToken(random);
    const createdAt = clock.now();
    const row: TokenRow = {
      id: newId(random, "tkn"),
      name: p.name,
      prefix,
      secretHash: hashOf(token),
      grants: p.grants,
      limits: p.limits,
      createdAt,
      ...(p.owner === undefined ? {} : { owner: p.owner }),
      ...(p.role === undefined ? {} : { role: p.role }),
      ...(p.expiresInMs === undefined ? {} : { expiresAt: createdAt + p.expiresInMs }),
    };
    await store.createToken({ by, token: row });
    return { id: row.id, token, row };
  }

  /** Newest first: one's own, or everybody's for who may `token:read`. */
  async list(
    principal: Principal,
    p: { readonly all: boolean; readonly limit: number; readonly cursor?: string | undefined },
  ): Promise<Result<{ readonly tokens: readonly TokenRow[]; readonly next?: string | undefined }>> {
    const { limit, cursor } = p;
    if (p.all) {
      if (!principal.may("token:read")) return forbidden("token:read", "see the tokens of others");
      return ok(await this.#options.store.listTokens({ limit, cursor }));
    }
    const owner = ownUser(principal);
    if (owner === undefined) return ok({ tokens: [] });
    return ok(await this.#options.store.listTokens({ owner, limit, cursor }));
  }

  /** One's own, itself, or anybody's for who may `token:read`. */
  async get(principal: Principal, id: string): Promise<Result<TokenRow>> {
    const found = await this.#options.store.getToken({ token: id });
    const own = found !== undefined && (found.id === principal.token || isOwner(principal, found));
    return found === undefined || (!own && !principal.may("token:read")) ? noToken(id) : ok(found);
  }

  /** One's own, or anybody's for who may `token:write`; a token may revoke itself. */
  async revoke(principal: Principal, id: string): Promise<Result<void>> {
    const { book, clock, endings, store } = this.#options;
    const found = await store.getToken({ token: id });
    const own = found !== undefined && (found.id === principal.token || isOwner(principal, found));
    if (found === undefined || (!own && !principal.may("token:write"))) return noToken(id);
    await book.change(() => store.revokeToken({ by: principal.actor, token: id, now: clock.now() }));
    endings.ended({ token: id }, "revoked");
    return ok(undefined);
  }
}

function isOwner(principal: Principal, token: TokenRow): boolean {
  return token.owner !== undefined && token.owner === ownUser(principal);
}

function noToken(id: string): Result<never> {
  return fail({ code: "token_unknown", message: `There is no token ${JSON.stringify(id.slice(0, 80))}.` });
}
