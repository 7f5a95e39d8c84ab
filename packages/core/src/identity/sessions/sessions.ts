// Sessions: how they begin, go on and end, for the console (a cookie) and for programs (access and refresh tokens).
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Random } from "../../kernel/ids.ts";
import type { IdentityStore, SessionRecord, UserRecord } from "../../kernel/identity-store.ts";
import type { Actor } from "../../kernel/run-records.ts";
import type { AccessBook } from "../access/access-book.ts";
import type { Activity } from "../access/activity.ts";
import type { EndedReason, Endings } from "../access/endings.ts";
import type { CallerInfo, Principal } from "../access/principal.ts";
import type { AccessTokens } from "../keys/access-tokens.ts";
import { hashOf, newId, newSecret } from "../keys/secrets.ts";
import type { IdentityLimits } from "../limits.ts";
import type { RefreshTokens } from "./refresh-token.ts";

/** What signing in answers with. Secrets are in it once, and kept as hashes only. */
export interface SignedIn {
  readonly user: UserRecord;
  readonly session: SessionRecord;
  /** Value of the cookie, of a console session. */
  readonly cookie?: string | undefined;
  /** Of a program's session. */
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
  /** Of the access token, or of the session. */
  readonly expiresAt: number;
}

export interface NewSession {
  /** As it was when the user proved who they are. */
  readonly user: UserRecord;
  readonly kind: SessionRecord["kind"];
  readonly method: SessionRecord["method"];
  readonly caller: CallerInfo;
}

/** Why sessions are ended, in the words of the store. */
type EndingWord = Parameters<IdentityStore["endSessions"]>[0]["why"];

const agentCharactersMax = 256;

export interface SessionsOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly book: AccessBook;
  readonly activity: Activity;
  readonly endings: Endings;
  readonly accessTokens: AccessTokens;
  readonly refreshTokens: RefreshTokens;
  readonly limits: IdentityLimits;
}

export class Sessions {
  readonly #options: SessionsOptions;

  constructor(options: SessionsOptions) {
    this.#options = options;
  }

  /**
   * Begins a session. Refused as `sign_in_failed` when the user was disabled, or the password changed, since they proved who
   * they are: either is noticed here, or ends the session that is there by then.
   */
  async begin(p: NewSession): Promise<Result<SignedIn>> {
    const { store } = this.#options;
    const made = await this.#make(p);
    const by = sessionActor(p.user, made.session.id, p.caller);
    await this.#makeRoom(p.user, by);
    await store.createSession({ by, session: made.session });
    const now = await store.getUser({ user: p.user.id });
    if (now === undefined || now.disabled || now.passwordHash !== p.user.passwordHash) {
      await this.#end(by, { session: made.session.id }, "disabled");
      return fail({ code: "sign_in_failed", message: "The account was changed while signing in.", hint: "Try again." });
    }
    return ok(made);
  }

  async #make({ caller, kind, method, user }: NewSession): Promise<SignedIn> {
    const { accessTokens, clock, limits, random, refreshTokens } = this.#options;
    const now = clock.now();
    const id = newId(random, "ses");
    const base = {
      id,
      user: user.id,
      kind,
      method,
      createdAt: now,
      seenAt: now,
      ...(caller.address === undefined ? {} : { address: caller.address }),
      ...(caller.agent === undefined ? {} : { agent: caller.agent.slice(0, agentCharactersMax) }),
    };
    if (kind === "console") {
      const cookie = newSecret(random);
      const session = { ...base, secretHash: hashOf(cookie), expiresAt: now + limits.sessionMsMax };
      return { user, session, cookie, expiresAt: session.expiresAt };
    }
    const refreshToken = await refreshTokens.write({ session: id, place: 0 });
    const session = { ...base, secretHash: hashOf(refreshToken), expiresAt: this.#programUntil(now) };
    const access = await accessTokens.issue({ user: user.id, session: id });
    return { user, session, accessToken: access.token, refreshToken, expiresAt: access.expiresAt };
  }

  #programUntil(createdAt: number): number {
    const { clock, limits } = this.#options;
    return Math.min(clock.now() + limits.refreshTokenMs, createdAt + limits.programSessionMsMax);
  }

  /** The oldest sessions end when there are too many of one user. */
  async #makeRoom(user: UserRecord, by: Actor): Promise<void> {
    const { clock, limits, store } = this.#options;
    const sessions = await store.listSessions({ user: user.id, now: clock.now() });
    for (const { id } of sessions.slice(limits.sessionsPerUserMax - 1)) {
      await this.#end(by, { session: id }, "revoked");
    }
  }

  /** New tokens for a refresh token. Refused as `session_ended`; a token that was used before ends its session. */
  async refresh(p: { readonly refreshToken: string; readonly caller: CallerInfo }): Promise<Result<SignedIn>> {
    const { clock, refreshTokens, store } = this.#options;
    const token = await refreshTokens.read(p.refreshToken);
    const session = token === undefined ? undefined : await store.getSession({ session: token.session });
    if (token === undefined || session?.kind !== "program" || clock.now() >= session.expiresAt) return ended();
    const known = await store.getUser({ user: session.user });
    if (known === undefined || known.disabled) return ended();
    const presented = hashOf(p.refreshToken);
    const successor = await refreshTokens.write({ session: token.session, place: token.place + 1 });
    const next = hashOf(successor);
    if (session.secretHash === presented) {
      const expiresAt = this.#programUntil(session.createdAt);
      const now = clock.now();
      const rotated = await store.rotateSession({ session: session.id, expect: presented, next, expiresAt, now });
      if (rotated.outcome === "not_found") return ended();
      if (rotated.outcome === "ok") return this.#refreshed(known, session, successor);
    }
    // Somebody else was first: when it was just now, both get what is good since; later it is a token that was stolen.
    const now = await store.getSession({ session: session.id });
    if (now === undefined) return ended();
    if (now.secretHash === next && this.#isWithinGrace(now)) return this.#refreshed(known, now, successor);
    const by = sessionActor(known, session.id, p.caller);
    await this.#end(by, { session: session.id }, "reused");
    return ended();
  }

  #isWithinGrace(session: SessionRecord): boolean {
    const { clock, limits } = this.#options;
    return session.rotatedAt !== undefined && clock.now() - session.rotatedAt <= limits.refreshGraceMs;
  }

  async #refreshed(user: UserRecord, session: SessionRecord, refreshToken: string): Promise<Result<SignedIn>> {
    const access = await this.#options.accessTokens.issue({ user: user.id, session: session.id });
    return ok({ user, session, accessToken: access.token, refreshToken, expiresAt: access.expiresAt });
  }

  /** Sessions that have not ended, newest first: one's own, or a user's for who may `user:read`. */
  async list(principal: Principal, user?: string): Promise<Result<readonly SessionRecord[]>> {
    const { activity, clock, limits, store } = this.#options;
    const own = ownUser(principal);
    const whose = user ?? own;
    if (whose === undefined) return needsSession();
    if (whose !== own && !principal.may("user:read")) return forbidden("user:read", "see the sessions of others");
    const now = clock.now();
    const sessions = await store.listSessions({ user: whose, now });
    return ok(
      sessions.flatMap((session) => {
        const seenAt = activity.seenAt(session.id, session.seenAt);
        const idle = session.kind === "console" && seenAt + limits.sessionIdleMs <= now;
        return idle ? [] : [{ ...session, seenAt }];
      }),
    );
  }

  /** Ends one of one's own sessions, or of somebody else's for who may `user:write`. */
  async end(principal: Principal, session: string): Promise<Result<void>> {
    const found = await this.#options.store.getSession({ session });
    const own = found !== undefined && found.user === ownUser(principal);
    if (found === undefined || (!own && !principal.may("user:write"))) {
      return fail({
        code: "session_not_found",
        message: `There is no session ${JSON.stringify(session.slice(0, 80))}.`,
      });
    }
    await this.#end(principal.actor, { session }, session === principal.session ? "signed_out" : "revoked");
    return ok(undefined);
  }

  /** Ends the session it came with, or all of the user's. */
  async signOut(
    principal: Principal,
    p: { readonly everywhere: boolean },
  ): Promise<Result<{ readonly ended: number }>> {
    const user = ownUser(principal);
    if (user === undefined || principal.session === undefined) return needsSession();
    const which = p.everywhere ? { user } : { session: principal.session };
    return ok({ ended: (await this.#end(principal.actor, which, "signed_out")).length });
  }

  /** Ends all sessions of a user but one. */
  async endAll(p: {
    readonly by: Actor;
    readonly user: string;
    readonly why: EndingWord;
    readonly except?: string | undefined;
  }): Promise<number> {
    return (await this.#end(p.by, { user: p.user, except: p.except }, p.why)).length;
  }

  async #end(
    by: Actor,
    which: {
      readonly session?: string | undefined;
      readonly user?: string | undefined;
      readonly except?: string | undefined;
    },
    why: EndingWord & EndedReason,
  ): Promise<readonly string[]> {
    const { book, clock, endings, store } = this.#options;
    const sessions = await book.change(() => store.endSessions({ by, ...which, why, now: clock.now() }));
    endings.ended({ sessions }, why);
    return sessions;
  }
}

/** The user who signed in. A token acts for its owner in what it was made for; the owner's account is not part of that. */
export function ownUser(principal: Principal): string | undefined {
  return principal.kind === "session" ? principal.user?.id : undefined;
}

/** A user at the beginning or going on of their own session. */
function sessionActor(user: UserRecord, session: string | undefined, caller: CallerInfo): Actor {
  const { address } = caller;
  return {
    kind: "user",
    id: user.id,
    origin: {
      name: user.name,
      ...(address === undefined ? {} : { address }),
      ...(session === undefined ? {} : { session }),
    },
  };
}

export function needsSession(): Result<never> {
  return fail({
    code: "forbidden",
    message: "Only a user who has signed in has this; a token has not.",
    hint: "Sign in with a user.",
  });
}

export function forbidden(permission: string, what: string): Result<never> {
  return fail({
    code: "forbidden",
    message: `To ${what} one needs the permission ${permission}.`,
    details: { permission },
  });
}

function ended(): Result<never> {
  return fail({ code: "session_ended", message: "The session has ended.", hint: "Sign in again." });
}
