// One's own account: password, one-time codes, passkeys. For users who have signed in, not for their tokens.
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Clock } from "../kernel/clock.ts";
import type { IdentityStore, PasskeyRecord, UserRecord } from "../kernel/identity-store.ts";
import type { CallerInfo, Principal } from "./access/principal.ts";
import type { IdentityLimits } from "./limits.ts";
import type { Sessions } from "./sessions/sessions.ts";
import { needsSession, ownUser } from "./sessions/sessions.ts";
import type { Passkeys } from "./sign-in/passkeys.ts";
import type { SignIn } from "./sign-in/sign-in.ts";
import type { Totp } from "./sign-in/totp.ts";
import { noUser } from "./users.ts";
import type { Users } from "./users.ts";

/** Something for which the password is asked once more; empty for who has none. */
export interface Confirmed {
  readonly password: string;
  readonly caller: CallerInfo;
}

export interface AccountOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly limits: Pick<IdentityLimits, "secondFactorMs">;
  readonly users: Users;
  readonly sessions: Sessions;
  readonly signIn: SignIn;
  readonly totp: () => Promise<Totp>;
  readonly passkeys: () => Promise<Passkeys>;
  /** Whether one-time codes can be turned on. */
  readonly totpOffered: boolean;
}

export class Account {
  readonly #options: AccountOptions;

  constructor(options: AccountOptions) {
    this.#options = options;
  }

  /** Sets another password; the user's other sessions end. */
  async changePassword(
    principal: Principal,
    p: { readonly current: string; readonly next: string; readonly caller: CallerInfo },
  ): Promise<Result<void>> {
    const user = await this.#confirmed(principal, { password: p.current, caller: p.caller });
    if (!user.ok) return user;
    const { sessions, users } = this.#options;
    const hashed = await users.hashed(p.next, [user.value.name, user.value.email]);
    if (!hashed.ok) return hashed;
    const by = principal.actor;
    const change = { passwordHash: hashed.value };
    const changed = await users.change(by, user.value.id, { change, ifVersion: user.value.version });
    if (!changed.ok) return changed;
    await sessions.endAll({ by, user: user.value.id, why: "password_changed", except: principal.session });
    return ok(undefined);
  }

  /** A secret for an authenticator app. Nothing changes until a code of it was shown. */
  async beginTotp(
    principal: Principal,
    p: Confirmed,
  ): Promise<Result<{ readonly secret: string; readonly uri: string }>> {
    if (!this.#options.totpOffered) {
      return fail({
        code: "bad_request",
        message: "One-time codes are not offered on this server.",
        hint: "The setting identity.totp turns them on.",
      });
    }
    const user = await this.#confirmed(principal, p);
    return user.ok ? ok(await (await this.#options.totp()).begin(user.value)) : user;
  }

  /** Codes are asked for from now on. The recovery codes are shown once, and are good once each. */
  async confirmTotp(
    principal: Principal,
    p: { readonly code: string },
  ): Promise<Result<{ readonly recoveryCodes: readonly string[] }>> {
    const user = await this.#user(principal);
    if (!user.ok) return user;
    const confirmed = await (await this.#options.totp()).confirm(user.value, p.code);
    if (!confirmed.ok) return confirmed;
    const { change, recoveryCodes } = confirmed.value;
    const changed = await this.#options.users.change(principal.actor, user.value.id, { change });
    return changed.ok ? ok({ recoveryCodes }) : changed;
  }

  async removeTotp(principal: Principal, p: Confirmed): Promise<Result<void>> {
    const user = await this.#confirmed(principal, p);
    if (!user.ok) return user;
    const change = { totpSecret: null, recoveryCodes: [] };
    const changed = await this.#options.users.change(principal.actor, user.value.id, { change });
    return changed.ok ? ok(undefined) : changed;
  }

  async listPasskeys(principal: Principal): Promise<Result<readonly PasskeyRecord[]>> {
    const user = ownUser(principal);
    return user === undefined ? needsSession() : ok(await this.#options.store.listPasskeys({ user }));
  }

  async beginPasskey(principal: Principal, p: Confirmed): Promise<Awaited<ReturnType<Passkeys["begin"]>>> {
    const user = await this.#confirmed(principal, p);
    return user.ok ? (await this.#options.passkeys()).begin(user.value) : user;
  }

  async addPasskey(
    principal: Principal,
    p: { readonly challenge: string; readonly name: string; readonly credential: unknown },
  ): Promise<Result<PasskeyRecord>> {
    const user = await this.#user(principal);
    return user.ok ? (await this.#options.passkeys()).add(user.value, { ...p, by: principal.actor }) : user;
  }

  async removePasskey(principal: Principal, passkey: string): Promise<Result<void>> {
    const user = ownUser(principal);
    if (user === undefined) return needsSession();
    const { clock, store } = this.#options;
    const { outcome } = await store.removePasskey({ by: principal.actor, user, passkey, now: clock.now() });
    return outcome === "ok" ? ok(undefined) : fail({ code: "not_found", message: "There is no such passkey." });
  }

  /**
   * Whether whoever asks has shown their second factor within `secondFactorMs`, where they have one: by signing in, or with a code
   * now. Refused as `second_factor_required` when one of both would help, and as `forbidden` for tokens of who has one.
   */
  async proveSecondFactor(
    principal: Principal,
    p: { readonly code: string | undefined; readonly caller: CallerInfo },
  ): Promise<Result<void>> {
    const { clock, limits, signIn, store } = this.#options;
    if (principal.user === undefined) return ok(undefined);
    const user = await store.getUser({ user: principal.user.id });
    if (user === undefined) return noUser(principal.user.id);
    const codes = user.totpSecret !== undefined;
    if (!codes && (await store.listPasskeys({ user: user.id })).length === 0) return ok(undefined);
    if (principal.session === undefined) return needsSession();
    if (codes && p.code !== undefined) return signIn.confirmCode(user, p.code, p.caller);
    const session = await store.getSession({ session: principal.session });
    const showed = session?.method === "passkey" || (codes && session?.method === "password");
    if (showed && session.createdAt + limits.secondFactorMs > clock.now()) return ok(undefined);
    return fail({
      code: "second_factor_required",
      message: "This needs your second factor once more.",
      hint: codes ? "Send a code of it as `code`." : "Sign in with a passkey again.",
    });
  }

  async #user(principal: Principal): Promise<Result<UserRecord>> {
    const id = ownUser(principal);
    if (id === undefined) return needsSession();
    const user = await this.#options.store.getUser({ user: id });
    return user === undefined ? noUser(id) : ok(user);
  }

  /** Who has found a browser left open does not know the password. */
  async #confirmed(principal: Principal, p: Confirmed): Promise<Result<UserRecord>> {
    const user = await this.#user(principal);
    if (!user.ok) return user;
    const confirmed = await this.#options.signIn.confirmPassword(user.value, p.password, p.caller);
    return confirmed.ok ? user : confirmed;
  }
}
