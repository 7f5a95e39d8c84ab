// Identity as the edge sees it: who is asking, signing in, users, roles and tokens. Binds the parts to each other.
import type { WireError } from "@sluice/protocol";
import { lazily } from "../kernel/lazily.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { AuditLog } from "../kernel/audit-log.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Random } from "../kernel/ids.ts";
import type { IdentityStore, SessionRecord } from "../kernel/identity-store.ts";
import type { Logger } from "../kernel/log.ts";
import { AccessBook } from "./access/access-book.ts";
import { Activity } from "./access/activity.ts";
import { Authenticator } from "./access/authenticator.ts";
import { Endings } from "./access/endings.ts";
import type { EndedReason } from "./access/endings.ts";
import type { CallerInfo, Principal } from "./access/principal.ts";
import { Account } from "./account.ts";
import { AccessTokens } from "./keys/access-tokens.ts";
import type { KeyFolder } from "./keys/key-folder.ts";
import { Seal } from "./keys/seal.ts";
import { isSameSecret, newSecret } from "./keys/secrets.ts";
import { Roles } from "./roles.ts";
import { RefreshTokens } from "./sessions/refresh-token.ts";
import { Sessions } from "./sessions/sessions.ts";
import type { SignedIn } from "./sessions/sessions.ts";
import { Tickets } from "./sessions/tickets.ts";
import { identityDefaults } from "./settings.ts";
import type { IdentitySettings } from "./settings.ts";
import type { Accounts } from "./sign-in/accounts.ts";
import { HashQueue } from "./sign-in/hash-queue.ts";
import type { OpenId } from "./sign-in/openid.ts";
import type { Passkeys } from "./sign-in/passkeys.ts";
import { systemHasher } from "./sign-in/password-hasher.ts";
import type { PasswordHasher } from "./sign-in/password-hasher.ts";
import { Passwords } from "./sign-in/passwords.ts";
import { SignIn } from "./sign-in/sign-in.ts";
import type { SignInRequest } from "./sign-in/sign-in.ts";
import { Throttle } from "./sign-in/throttle.ts";
import type { CiExchange, ExchangedToken } from "./tokens/ci.ts";
import { Tokens } from "./tokens/tokens.ts";
import { Users } from "./users.ts";

export interface IdentityOptions {
  readonly store: IdentityStore;
  readonly audit: AuditLog;
  /** Name of the data folder: tokens of one are not good for another. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly keys: KeyFolder;
  readonly log: Logger;
  /** May everything until there is a user. */
  readonly bootstrapToken?: string | undefined;
  readonly settings?: Partial<IdentitySettings> | undefined;
  readonly hasher?: PasswordHasher | undefined;
}

/** What a request carries. */
export type Credential =
  | { readonly kind: "bearer"; readonly value: string }
  | { readonly kind: "cookie"; readonly value: string }
  /** `origin`: of the page that asks; undefined for programs. It has to be that of who asked for the ticket. */
  | { readonly kind: "ticket"; readonly value: string; readonly route: string; readonly origin: string | undefined };

/** How one can sign in here. */
export interface SignInMethods {
  /** There is no user yet. */
  readonly setUp: boolean;
  readonly password: boolean;
  /** Users can turn on one-time codes as a second factor. */
  readonly totp: boolean;
  readonly passkey: boolean;
  readonly openid: { readonly name: string } | null;
  readonly passwordCharsMin: number;
}

export class Identity {
  readonly users: Users;
  readonly roles: Roles;
  readonly tokens: Tokens;
  readonly sessions: Sessions;
  readonly tickets: Tickets;
  /** One's own. */
  readonly account: Account;
  readonly #options: IdentityOptions & { readonly settings: IdentitySettings };
  readonly #book: AccessBook;
  readonly #activity: Activity;
  readonly #authenticator: Authenticator;
  readonly #endings: Endings;
  readonly #signIn: SignIn;
  readonly #passkeys: () => Promise<Passkeys>;
  readonly #openid: () => Promise<{ readonly provider: OpenId; readonly accounts: Accounts } | undefined>;
  readonly #ci: () => Promise<CiExchange>;
  #setUpSecret: string | undefined;
  #stopSweeping = (): void => {};

  /** Looks whether there are users; nothing else is read. Throws `invalid_config` for a setting that cannot be meant. */
  static async open(options: IdentityOptions): Promise<Identity> {
    const identity = new Identity(options);
    await identity.#book.open();
    // What is wrong with the settings of these is said now; otherwise they are loaded when somebody signs in that way.
    if (identity.#options.settings.ci.length > 0) await identity.#ci();
    await identity.#openid();
    if (!identity.#book.hasUsers) identity.#setUpSecret = newSecret(options.random);
    identity.#sweepLater();
    return identity;
  }

  private constructor(given: IdentityOptions) {
    const settings = { ...identityDefaults, ...given.settings };
    const { limits } = settings;
    const options = { ...given, settings, limits };
    this.#options = options;
    const book = new AccessBook(options);
    const activity = new Activity(options);
    const accessTokens = new AccessTokens(options);
    const refreshTokens = new RefreshTokens(options.keys, options.random);
    const bootstrapToken = options.bootstrapToken;
    const authenticator = new Authenticator({ ...options, accessTokens, activity, book, bootstrapToken });
    const endings = new Endings({
      ...options,
      isCurrent: (principal) => principal.epoch === book.epoch,
      goodUntil: (principal) => authenticator.goodUntil(principal),
    });
    const seal = new Seal(options.keys, options.random);
    const queue = new HashQueue(options.clock, limits);
    const passwords = new Passwords({ ...options, hasher: options.hasher ?? systemHasher, queue });
    const sessions = new Sessions({ ...options, accessTokens, activity, book, endings, refreshTokens });
    const users = new Users({ ...options, book, endings, passwords, sessions });
    const totp = lazily(async () => new (await import("./sign-in/totp.ts")).Totp({ ...options, seal }));
    const throttle = new Throttle(options.clock, limits);
    const signIn = new SignIn({ ...options, passwords, sessions, throttle, totp });
    const passkeys = lazily(async () => {
      const { Passkeys } = await import("./sign-in/passkeys.ts");
      return new Passkeys({ ...options, seal, settings: settings.passkeys });
    });
    this.#book = book;
    this.#activity = activity;
    this.#authenticator = authenticator;
    this.#endings = endings;
    this.#signIn = signIn;
    this.#passkeys = passkeys;
    this.sessions = sessions;
    this.users = users;
    this.roles = new Roles({ ...options, book, endings });
    this.tokens = new Tokens({ ...options, book, endings });
    this.tickets = new Tickets(options);
    this.account = new Account({ ...options, passkeys, sessions, signIn, totp, totpOffered: settings.totp, users });
    this.#ci = lazily(async () => {
      const { CiExchange } = await import("./tokens/ci.ts");
      return new CiExchange({ ...options, book, rules: settings.ci, tokens: this.tokens });
    });
    const { openid } = settings;
    this.#openid = lazily(async () => {
      if (openid === undefined) return undefined;
      const [{ OpenId }, { Accounts }] = await Promise.all([
        import("./sign-in/openid.ts"),
        import("./sign-in/accounts.ts"),
      ]);
      return {
        provider: new OpenId({ ...options, seal, settings: openid }),
        accounts: new Accounts({ ...options, book, settings: openid, users }),
      };
    });
  }

  /**
   * Who carries this. Answers at once, without a promise, when it was looked up a moment ago. Refused as `unauthorized`,
   * `session_ended` or `ticket_invalid`.
   */
  authenticate(credential: Credential, caller: CallerInfo): Result<Principal> | Promise<Result<Principal>> {
    if (credential.kind === "bearer") return this.#authenticator.bearer(credential.value, caller);
    if (credential.kind === "cookie") return this.#authenticator.cookie(credential.value, caller);
    const { origin, route, value } = credential;
    const redeemed = this.tickets.redeem({ ticket: value, route, origin });
    return redeemed.ok ? this.#authenticator.again(redeemed.value, caller) : redeemed;
  }

  /** Who holds a token, by its id: for those who showed it before and were given something else to show. */
  holderOf(token: string, caller: CallerInfo): Result<Principal> | Promise<Result<Principal>> {
    return this.#authenticator.holderOf(token, caller);
  }

  /** Whoever reaches the server, where authentication is switched off. */
  everyone(caller: CallerInfo): Principal {
    return this.#authenticator.everyone(caller);
  }

  /**
   * Calls back once when a session or token that somebody came in with has ended, or may do something else than before: what
   * is open for them is to be closed. Also when that was already so. Answers how to stop listening.
   */
  onEnded(principal: Principal, listener: (why: EndedReason) => void): () => void {
    return this.#endings.watch(principal, listener);
  }

  methods(): SignInMethods {
    const { limits, openid, passkeys, totp } = this.#options.settings;
    return {
      setUp: !this.#book.hasUsers,
      password: true,
      totp,
      passkey: passkeys !== undefined,
      openid: openid === undefined ? null : { name: openid.name },
      passwordCharsMin: limits.passwordCharsMin,
    };
  }

  /** For the link that makes the first user; undefined as soon as there is one. It is kept nowhere. */
  get setUpSecret(): string | undefined {
    return this.#book.hasUsers ? undefined : this.#setUpSecret;
  }

  /** Makes the first user, an admin, and signs them in to the console. */
  async setUp(p: {
    readonly secret: string;
    readonly name: string;
    readonly password: string;
    readonly caller: CallerInfo;
  }): Promise<Result<SignedIn>> {
    const secret = this.setUpSecret;
    if (secret === undefined) return fail({ code: "already_set_up", message: "There is a user already: sign in." });
    if (!isSameSecret(p.secret, secret)) {
      return fail({
        code: "unauthorized",
        message: "The set-up link is not the one of this start of the server.",
        hint: "The server prints a new one each time it starts, as long as there is no user.",
      });
    }
    const hashed = await this.users.hashed(p.password, [p.name]);
    if (!hashed.ok) return hashed;
    const { address } = p.caller;
    const origin = { name: p.name, ...(address === undefined ? {} : { address }) };
    const by = { kind: "system", id: "setup", origin } as const;
    const user = { name: p.name, roles: ["admin"], passwordHash: hashed.value, first: true };
    const made = await this.users.insert(by, user);
    if (!made.ok) return made;
    return this.#signIn.withProof(made.value, { kind: "console", method: "setup", caller: p.caller });
  }

  async signIn(p: SignInRequest): Promise<Result<SignedIn>> {
    return this.#signIn.withPassword(p);
  }

  async refresh(p: { readonly refreshToken: string; readonly caller: CallerInfo }): Promise<Result<SignedIn>> {
    return this.sessions.refresh(p);
  }

  async beginPasskeySignIn(): ReturnType<Passkeys["beginSignIn"]> {
    return (await this.#passkeys()).beginSignIn();
  }

  async passkeySignIn(p: {
    readonly challenge: string;
    readonly credential: unknown;
    readonly kind: SessionRecord["kind"];
    readonly caller: CallerInfo;
  }): Promise<Result<SignedIn>> {
    const verified = await (await this.#passkeys()).verify(p);
    if (verified.ok)
      return this.#signIn.withProof(verified.value, { kind: p.kind, method: "passkey", caller: p.caller });
    if (verified.error.code === "sign_in_failed") {
      await this.#signIn.noteRefusal({ user: verified.user, caller: p.caller, reason: "wrong_passkey" });
    }
    return verified;
  }

  /** Where to send the browser; `binding` goes into a cookie of its own, for as long as `expiresAt` says. */
  async openidStart(p: {
    readonly returnTo: string;
  }): Promise<Result<{ readonly url: string; readonly binding: string; readonly expiresAt: number }>> {
    const openid = await this.#openid();
    return openid === undefined ? noOpenId() : openid.provider.start(p.returnTo);
  }

  /** `query`: of the URL that the provider sent the browser to, as it came. */
  async openidReturn(p: {
    readonly query: string;
    readonly binding: string;
    readonly caller: CallerInfo;
  }): Promise<Result<SignedIn & { readonly returnTo: string }>> {
    const openid = await this.#openid();
    if (openid === undefined) return noOpenId();
    const account = await openid.provider.finish(p);
    if (!account.ok) return this.#refused(account.error, p.caller);
    const user = await openid.accounts.userOf(account.value, p.caller);
    if (!user.ok) return this.#refused(user.error, p.caller);
    const by = { kind: "console", method: "openid", caller: p.caller } as const;
    const begun = await this.#signIn.withProof(user.value, by);
    return begun.ok ? ok({ ...begun.value, returnTo: account.value.returnTo }) : begun;
  }

  /** A token for a CI job that a rule of the settings lets in. */
  async exchange(p: { readonly token: string; readonly caller: CallerInfo }): Promise<Result<ExchangedToken>> {
    const exchanged = await (await this.#ci()).exchange(p);
    return exchanged.ok ? exchanged : this.#refused(exchanged.error, p.caller);
  }

  /** Notes a refusal of somebody who is not known to be a user. */
  async #refused(error: WireError, caller: CallerInfo): Promise<Result<never>> {
    await this.#signIn.noteRefusal({ user: undefined, caller, reason: error.code });
    return fail(error);
  }

  /** Writes what is not written yet, and calls nobody back any more. */
  async close(): Promise<void> {
    this.#stopSweeping();
    this.#endings.close();
    await this.#activity.flush();
  }

  #sweepLater(): void {
    const { clock, settings } = this.#options;
    this.#stopSweeping = clock.after(settings.limits.identitySweepMs, () => {
      void this.#sweep();
    });
  }

  async #sweep(): Promise<void> {
    const { clock, log, settings, store } = this.#options;
    const { endedKeptMs, identitySweepRowsMax } = settings.limits;
    try {
      await store.sweepIdentity({ before: clock.now() - endedKeptMs, limit: identitySweepRowsMax });
    } catch (error) {
      log("warn", "Sessions and tokens that have expired could not be deleted; it is tried again later.", {
        error: String(error),
      });
    }
    this.#sweepLater();
  }
}

function noOpenId(): Result<never> {
  return fail({ code: "bad_request", message: "Signing in at an identity provider is not set up on this server." });
}
