// From what a request carries to who is asking. What was looked up is kept for a moment, so that most requests are answered
// without asking the store, and at once.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { IdentityStore, SessionRecord, TokenRow } from "../../kernel/identity-store.ts";
import type { AccessTokens } from "../keys/access-tokens.ts";
import { verifyLocalOperator } from "../keys/local-operator.ts";
import type { KeyFolder } from "../keys/key-folder.ts";
import { hashOf, isToken } from "../keys/secrets.ts";
import type { IdentityLimits } from "../limits.ts";
import type { AccessBook } from "./access-book.ts";
import type { Activity } from "./activity.ts";
import { accessOf, everything } from "./grants.ts";
import { principalOf } from "./principal.ts";
import type { CallerInfo, Principal, PrincipalFacts } from "./principal.ts";

/** What a principal is made from, and until when that holds. */
interface Entry {
  readonly facts: PrincipalFacts;
  readonly readAt: number;
  readonly goodUntil: number;
  /** The one made last: most requests of a session come from one place. */
  last: { readonly address: string | undefined; readonly principal: Principal } | undefined;
}

/** Whose shell tokens may lead to one: made with this role, for an owner who has it still. */
const shellRole = "admin";
/** Changes that may come in between while something is being looked up. */
const rereadsMax = 16;

export interface AuthenticatorOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly keys: KeyFolder;
  readonly instance: string;
  readonly bootstrapToken: string | undefined;
  readonly accessTokens: AccessTokens;
  readonly book: AccessBook;
  readonly activity: Activity;
  readonly limits: IdentityLimits;
}

type Loaded = Result<Omit<Entry, "last" | "readAt">>;

export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #bootstrapHash: string | undefined;
  readonly #entries = new Map<string, Entry>();

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
    this.#bootstrapHash = options.bootstrapToken === undefined ? undefined : hashOf(options.bootstrapToken);
  }

  /** By `Authorization: Bearer`: a token, an access token, the local operator's, or the token of the first start. */
  bearer(value: string, caller: CallerInfo): Result<Principal> | Promise<Result<Principal>> {
    const hash = hashOf(value);
    if (hash === this.#bootstrapHash) return this.#bootstrap(caller);
    const key = `token ${hash}`;
    // What was let in a moment ago needs no look at its checksum.
    if (this.#entries.has(key) || isToken(value)) return this.#entered(key, caller, () => this.#loadToken(hash));
    // Three parts of base64url: anything else is refused before a library is loaded for it.
    if (!/^[\w-]+\.[\w-]+\.[\w-]*$/.test(value)) return unknownSecret();
    return this.#entered(`jwt ${hash}`, caller, () => this.#loadJwt(value));
  }

  /** By the cookie of a console session. */
  cookie(value: string, caller: CallerInfo): Result<Principal> | Promise<Result<Principal>> {
    const hash = hashOf(value);
    return this.#entered(`cookie ${hash}`, caller, () => this.#loadCookie(hash));
  }

  /** Somebody who was let in before, as things are now. */
  again(principal: Principal, caller: CallerInfo): Result<Principal> | Promise<Result<Principal>> {
    const { session, token, kind } = principal;
    if (kind === "session" && session !== undefined) {
      return this.#entered(`session ${session}`, caller, () => this.#loadSession(session));
    }
    if (kind === "token" && token !== undefined) {
      return this.#entered(`token id ${token}`, caller, () => this.#loadTokenById(token));
    }
    return kind === "bootstrap" ? this.#bootstrap(caller) : ok(principal);
  }

  /** Who holds a token, by its id. */
  holderOf(token: string, caller: CallerInfo): Result<Principal> | Promise<Result<Principal>> {
    return this.#entered(`token id ${token}`, caller, () => this.#loadTokenById(token));
  }

  /** Whoever reaches the server, where nobody has to say who they are. */
  everyone(caller: CallerInfo): Principal {
    const actor = { kind: "user", id: "anonymous" } as const;
    return principalOf({ kind: "none", actor, access: everything, epoch: this.#options.book.epoch }, caller);
  }

  /** Until when somebody who was let in stays so; undefined is for ever, a time that has passed that it is over. */
  async goodUntil(principal: Principal): Promise<number | undefined> {
    const over = this.#options.clock.now();
    if (principal.session !== undefined) {
      const session = await this.#options.store.getSession({ session: principal.session });
      return session === undefined ? over : this.#sessionUntil(session);
    }
    if (principal.token === undefined) return undefined;
    const token = await this.#options.store.getToken({ token: principal.token });
    return token === undefined || token.revokedAt !== undefined ? over : token.expiresAt;
  }

  #bootstrap(caller: CallerInfo): Result<Principal> {
    const { book } = this.#options;
    if (book.hasUsers) {
      return fail({
        code: "unauthorized",
        message: "The token of the first start is not taken any more: there are users now.",
        hint: "Sign in, or make a token with `sluice token create`.",
      });
    }
    const actor = { kind: "token", id: "bootstrap" } as const;
    return ok(principalOf({ kind: "bootstrap", actor, access: everything, epoch: book.epoch }, caller));
  }

  #entered(
    key: string,
    caller: CallerInfo,
    load: () => Promise<Loaded>,
  ): Result<Principal> | Promise<Result<Principal>> {
    const entry = this.#entries.get(key);
    if (entry !== undefined && this.#isGood(entry)) return ok(this.#use(entry, caller));
    if (entry !== undefined) this.#entries.delete(key);
    return this.#read(key, caller, load);
  }

  async #read(key: string, caller: CallerInfo, load: () => Promise<Loaded>): Promise<Result<Principal>> {
    const { book, clock, limits } = this.#options;
    for (let reads = 0; reads < rereadsMax; reads++) {
      const epoch = book.epoch;
      const readAt = clock.now();
      const loaded = await load();
      // What was read may be from before the change or after it.
      if (book.epoch !== epoch) continue;
      if (!loaded.ok) return loaded;
      const entry: Entry = { ...loaded.value, readAt, last: undefined };
      const oldest = this.#entries.keys().next();
      if (this.#entries.size >= limits.principalsCachedMax && oldest.done !== true) this.#entries.delete(oldest.value);
      this.#entries.set(key, entry);
      return ok(this.#use(entry, caller));
    }
    return fail({ code: "unavailable", message: "Rights are being changed faster than they can be read; try again." });
  }

  #isGood(entry: Entry): boolean {
    const now = this.#options.clock.now();
    if (entry.facts.epoch !== this.#options.book.epoch || now >= entry.goodUntil) return false;
    return now - entry.readAt < this.#options.limits.principalCacheMs;
  }

  #use(entry: Entry, caller: CallerInfo): Principal {
    const { session, token } = entry.facts;
    if (session !== undefined) this.#options.activity.sessionUsed(session);
    if (token !== undefined) this.#options.activity.tokenUsed(token);
    if (entry.last !== undefined && entry.last.address === caller.address) return entry.last.principal;
    const principal = principalOf(entry.facts, caller);
    entry.last = { address: caller.address, principal };
    return principal;
  }

  async #loadCookie(hash: string): Promise<Loaded> {
    const session = await this.#options.store.findSession({ hash });
    if (session?.kind !== "console" || session.secretHash !== hash) return sessionEnded();
    return this.#ofSession(session);
  }

  async #loadSession(id: string): Promise<Loaded> {
    const session = await this.#options.store.getSession({ session: id });
    return session === undefined ? sessionEnded() : this.#ofSession(session);
  }

  async #loadJwt(value: string): Promise<Loaded> {
    const { accessTokens, book, store } = this.#options;
    const claims = await accessTokens.verify(value);
    if (claims !== undefined) {
      const session = await store.getSession({ session: claims.session });
      if (session?.kind !== "program" || session.user !== claims.user) return sessionEnded();
      const loaded = await this.#ofSession(session);
      if (!loaded.ok) return loaded;
      return ok({ ...loaded.value, goodUntil: Math.min(loaded.value.goodUntil, claims.expiresAt) });
    }
    const local = await verifyLocalOperator(value, this.#options);
    if (local === undefined) return unknownSecret();
    const actor = { kind: "user", id: "local" } as const;
    const facts = { kind: "local", actor, access: everything, epoch: book.epoch } as const;
    return ok({ facts, goodUntil: local.expiresAt });
  }

  async #ofSession(session: SessionRecord): Promise<Loaded> {
    const { book, clock } = this.#options;
    const { epoch } = book;
    const goodUntil = this.#sessionUntil(session);
    const known = await book.user(session.user);
    if (clock.now() >= goodUntil || known === undefined || known.record.disabled) return sessionEnded();
    const user = { id: known.record.id, name: known.record.name };
    const actor = { kind: "user", id: user.id } as const;
    const facts = {
      kind: "session",
      actor,
      name: user.name,
      user,
      session: session.id,
      access: known.access,
      epoch,
    } as const;
    return ok({ facts, goodUntil });
  }

  #sessionUntil(session: SessionRecord): number {
    const { activity, limits } = this.#options;
    if (session.kind === "program") return session.expiresAt;
    return Math.min(session.expiresAt, activity.seenAt(session.id, session.seenAt) + limits.sessionIdleMs);
  }

  async #loadToken(hash: string): Promise<Loaded> {
    const row = await this.#options.store.findToken({ hash });
    return row === undefined ? unknownSecret() : this.#ofToken(row);
  }

  async #loadTokenById(id: string): Promise<Loaded> {
    const row = await this.#options.store.getToken({ token: id });
    return row === undefined ? unknownSecret() : this.#ofToken(row);
  }

  async #ofToken(row: TokenRow): Promise<Loaded> {
    const { book, clock } = this.#options;
    const { epoch } = book;
    if (row.revokedAt !== undefined) return refusedToken("was revoked");
    if (row.expiresAt !== undefined && clock.now() >= row.expiresAt) return refusedToken("has expired");
    const own = accessOf(row.grants, row.role === shellRole).limitedTo(row.limits);
    const known = row.owner === undefined ? undefined : await book.user(row.owner);
    if (row.owner !== undefined && (known === undefined || known.record.disabled)) {
      return refusedToken("belongs to a user who is disabled");
    }
    return ok({
      facts: {
        kind: "token",
        actor: { kind: "token", id: row.id },
        name: row.name,
        user: known === undefined ? undefined : { id: known.record.id, name: known.record.name },
        token: row.id,
        limits: row.limits,
        access: known === undefined ? own : own.within(known.access),
        epoch,
      },
      goodUntil: row.expiresAt ?? Number.POSITIVE_INFINITY,
    });
  }
}

function unknownSecret(): Result<never> {
  return fail({
    code: "unauthorized",
    message: "The token is not one of this server.",
    hint: "Sign in, or make one with `sluice token create`.",
  });
}

function refusedToken(why: string): Result<never> {
  return fail({ code: "unauthorized", message: `The token ${why}.`, hint: "Make another one." });
}

function sessionEnded(): Result<never> {
  return fail({ code: "session_ended", message: "The session has ended.", hint: "Sign in again." });
}
