// Signing in with a name, a password, and a code where one is asked for: slowed down, the same for who exists and who does not.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { AuditLog } from "../../kernel/audit-log.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { IdentityStore, SessionRecord, UserChange, UserRecord } from "../../kernel/identity-store.ts";
import type { Logger } from "../../kernel/log.ts";
import type { CallerInfo } from "../access/principal.ts";
import type { Sessions, SignedIn } from "../sessions/sessions.ts";
import type { Passwords } from "./passwords.ts";
import { isOutdated } from "./password-hasher.ts";
import type { Attempt, Throttle } from "./throttle.ts";
import type { Totp } from "./totp.ts";

export interface SignInRequest {
  readonly name: string;
  readonly password: string;
  /** Of an authenticator app, or a recovery code. */
  readonly code?: string | null | undefined;
  readonly kind: SessionRecord["kind"];
  readonly caller: CallerInfo;
}

/** Bookkeeping of signing in is no change that anybody asked for: it is not written to the audit trail. */
const bookkeeper = { kind: "system", id: "sign-in" } as const;
/** Changes of the user that may come in between. */
const retriesMax = 5;

export interface SignInOptions {
  readonly store: IdentityStore;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly log: Logger;
  readonly throttle: Throttle;
  readonly passwords: Passwords;
  readonly totp: () => Promise<Totp>;
  readonly sessions: Sessions;
}

export class SignIn {
  readonly #options: SignInOptions;

  constructor(options: SignInOptions) {
    this.#options = options;
  }

  /**
   * Refused as `sign_in_failed` whatever was wrong, as `second_factor_required` when only the code is missing, and as
   * `too_many_requests` with `retryAfterMs` after too many failures, or when too many sign in at once.
   */
  async withPassword(p: SignInRequest): Promise<Result<SignedIn>> {
    const { store } = this.#options;
    const admitted = await this.#admit(p.name, p.caller);
    if (!admitted.ok) return admitted;
    const attempt = admitted.value;
    const user = await store.findUser({ name: p.name });
    const verified = await this.#verify(attempt, p.password, user);
    if (!verified.ok) return verified;
    if (user === undefined || !verified.value || user.disabled) return this.#failed(user, p.caller);
    const factor = await this.#secondFactor(user, p.code ?? undefined);
    if (!factor.ok) {
      if (factor.error.code === "second_factor_required") attempt.undecided();
      else await this.noteRefusal({ user, caller: p.caller, reason: "wrong_code" });
      return factor;
    }
    const begun = await this.#begin(user, factor.value, p);
    if (begun.ok) attempt.succeeded();
    return begun;
  }

  /** Whether this is the user's password, asked again before something that matters; failures count as for signing in. */
  async confirmPassword(user: UserRecord, password: string, caller: CallerInfo): Promise<Result<void>> {
    if (user.passwordHash === undefined) return ok(undefined);
    const admitted = await this.#admit(user.name, caller);
    if (!admitted.ok) return admitted;
    const verified = await this.#verify(admitted.value, password, user);
    if (!verified.ok) return verified;
    if (!verified.value) return this.#failed(user, caller);
    admitted.value.succeeded();
    return ok(undefined);
  }

  /** Takes a code of the user's second factor, asked for again before something that matters; failures count as for signing in. */
  async confirmCode(user: UserRecord, code: string, caller: CallerInfo): Promise<Result<void>> {
    const admitted = await this.#admit(user.name, caller);
    if (!admitted.ok) return admitted;
    const factor = await this.#secondFactor(user, code);
    const noted = factor.ok ? await this.#note(user, factor.value, {}) : factor;
    if (noted.ok) {
      admitted.value.succeeded();
      return ok(undefined);
    }
    if (noted.error.code === "second_factor_required") admitted.value.undecided();
    else await this.noteRefusal({ user, caller, reason: "wrong_code" });
    return noted;
  }

  /** Begins a session for a user who proved who they are by other means, and notes when. */
  async withProof(
    user: UserRecord,
    p: { readonly kind: SessionRecord["kind"]; readonly method: SessionRecord["method"]; readonly caller: CallerInfo },
  ): Promise<Result<SignedIn>> {
    if (user.disabled) return this.#failed(user, p.caller);
    const noted = await this.#note(user, () => Promise.resolve({}));
    return noted.ok ? this.#options.sessions.begin({ ...p, user: noted.value }) : noted;
  }

  /** Writes to the audit trail that somebody was not let in. */
  async noteRefusal(p: {
    readonly user: UserRecord | undefined;
    readonly caller: CallerInfo;
    readonly reason: string;
  }): Promise<void> {
    const { audit, clock, log } = this.#options;
    const { address } = p.caller;
    // What was given as name is not written for who does not exist: it may be a password in the wrong field.
    const id = p.user?.id ?? "unknown";
    const origin = {
      ...(p.user === undefined ? {} : { name: p.user.name }),
      ...(address === undefined ? {} : { address }),
    };
    try {
      await audit.recordAudit({
        note: {
          at: clock.now(),
          by: { kind: "user", id, origin },
          action: "session:start",
          target: `user:${id}`,
          outcome: "refused",
          reason: p.reason,
        },
      });
    } catch (error) {
      // The answer is a refusal either way, and must not tell that something else went wrong.
      log("error", "A refused sign-in could not be written to the audit trail.", { error: String(error) });
    }
  }

  async #admit(account: string, caller: CallerInfo): Promise<Result<Attempt>> {
    const admission = this.#options.throttle.admit(account, caller.address);
    if (admission.admitted) return ok(admission.attempt);
    if (admission.first) {
      const user = await this.#options.store.findUser({ name: account });
      await this.noteRefusal({ user, caller, reason: "too_many_requests" });
    }
    return fail({
      code: "too_many_requests",
      message: "Too many sign-ins failed; the next one has to wait.",
      details: { retryAfterMs: admission.retryAfterMs },
    });
  }

  async #verify(attempt: Attempt, password: string, user: UserRecord | undefined): Promise<Result<boolean>> {
    const verified = await this.#options.passwords.verify(password, user?.passwordHash);
    // Not looked at, so not failed.
    if (!verified.ok) attempt.undecided();
    return verified;
  }

  async #failed(user: UserRecord | undefined, caller: CallerInfo): Promise<Result<never>> {
    await this.noteRefusal({ user, caller, reason: "sign_in_failed" });
    return fail({
      code: "sign_in_failed",
      message: "Name and password do not belong together, or the account is not open.",
    });
  }

  /** How to find out what has to be noted of the code; it is done again when the user is changed meanwhile. */
  async #secondFactor(
    user: UserRecord,
    code: string | undefined,
  ): Promise<Result<(user: UserRecord) => Promise<UserChange | undefined>>> {
    if (user.totpSecret === undefined) return ok(() => Promise.resolve({}));
    if (code === undefined || code === "") {
      return fail({ code: "second_factor_required", message: "A code is needed too.", hint: "Send it as `code`." });
    }
    const totp = await this.#options.totp();
    const take = (now: UserRecord): Promise<UserChange | undefined> => totp.take(now, code);
    return (await take(user)) === undefined ? wrongCode() : ok(take);
  }

  async #begin(
    user: UserRecord,
    take: (user: UserRecord) => Promise<UserChange | undefined>,
    p: SignInRequest,
  ): Promise<Result<SignedIn>> {
    const noted = await this.#note(user, take);
    if (!noted.ok) return noted;
    const { caller, kind } = p;
    const begun = await this.#options.sessions.begin({ user: noted.value, kind, method: "password", caller });
    if (begun.ok) await this.#upgrade(noted.value, p.password);
    return begun;
  }

  /** Another hash for a password whose hash was made elsewhere, or long ago. When it cannot be now, the next sign-in does it. */
  async #upgrade(user: UserRecord, password: string): Promise<void> {
    if (user.passwordHash === undefined || !isOutdated(user.passwordHash)) return;
    const { clock, passwords, store } = this.#options;
    const hashed = await passwords.hash(password);
    if (!hashed.ok) return;
    const change = { passwordHash: hashed.value };
    await store.updateUser({ by: bookkeeper, user: user.id, change, ifVersion: user.version, now: clock.now() });
  }

  /**
   * Notes what `change` says, and that the user signed in unless `also` says otherwise; it must be the user who proved who they are
   * still.
   */
  async #note(
    user: UserRecord,
    change: (now: UserRecord) => Promise<UserChange | undefined>,
    also?: UserChange,
  ): Promise<Result<UserRecord>> {
    const { clock, store } = this.#options;
    let now: UserRecord | undefined = user;
    for (let tries = 0; tries < retriesMax; tries++) {
      if (now === undefined || now.disabled || now.passwordHash !== user.passwordHash) break;
      const more = await change(now);
      if (more === undefined) return wrongCode();
      const at = clock.now();
      const answer = await store.updateUser({
        by: bookkeeper,
        user: user.id,
        change: { ...more, ...(also ?? { signedInAt: at }) },
        ifVersion: now.version,
        now: at,
      });
      if (answer.outcome === "ok") return ok(answer.user);
      now = await store.getUser({ user: user.id });
    }
    return fail({ code: "sign_in_failed", message: "The account was changed while signing in.", hint: "Try again." });
  }
}

function wrongCode(): Result<never> {
  return fail({ code: "sign_in_failed", message: "The code is not right, or was used before." });
}
