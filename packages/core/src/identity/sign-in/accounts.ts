// Accounts of an identity provider as users of this server: made on first sign-in, their roles set from their groups each time.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { IdentityStore, UserRecord } from "../../kernel/identity-store.ts";
import type { Logger } from "../../kernel/log.ts";
import type { Actor } from "../../kernel/run-records.ts";
import type { AccessBook } from "../access/access-book.ts";
import type { CallerInfo } from "../access/principal.ts";
import type { OpenIdSettings } from "../settings.ts";
import type { Users } from "../users.ts";
import type { ProviderAccount } from "./openid.ts";

/** Names that are tried for somebody whose name is taken: `ada`, `ada-2`, … */
const namesMax = 50;
/** For workers, never for people. */
const workerRole = "worker";

export interface AccountsOptions {
  readonly settings: OpenIdSettings;
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly log: Logger;
  readonly book: AccessBook;
  readonly users: Users;
}

export class Accounts {
  readonly #options: AccountsOptions;
  /** One after the other: the same account coming twice at once must not become two users. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: AccountsOptions) {
    this.#options = options;
  }

  /** The user behind an account. Refused as `forbidden` when its groups give no role, or it may not become a user. */
  async userOf(account: ProviderAccount, caller: CallerInfo): Promise<Result<UserRecord>> {
    const turn = this.#last.then(() => this.#userOf(account, caller));
    // Whether it went well is for who asked to know; the next one comes in either way.
    this.#last = turn.then(
      () => {},
      () => {},
    );
    return turn;
  }

  async #userOf(account: ProviderAccount, caller: CallerInfo): Promise<Result<UserRecord>> {
    const { settings, store } = this.#options;
    const roles = await this.#rolesOf(account);
    const { issuer, subject } = account;
    const linked = await store.findLink({ issuer, subject });
    const user = linked === undefined ? undefined : await store.getUser({ user: linked });
    const { address } = caller;
    const origin = { name: settings.name, ...(address === undefined ? {} : { address }) };
    const by: Actor = { kind: "system", id: "openid", origin };
    if (roles.length === 0) {
      // Otherwise the sessions and tokens they have would go on with what their groups gave them before.
      if (user !== undefined) await this.#withRoles(user, roles, by);
      return fail({
        code: "forbidden",
        message: "None of your groups has a role on this server.",
        hint: "Ask who looks after it for a role.",
      });
    }
    if (user !== undefined) return this.#withRoles(user, roles, by);
    if (settings.createUsers === false) {
      return fail({ code: "forbidden", message: "This account belongs to no user of this server." });
    }
    return this.#create(account, roles, by);
  }

  async #rolesOf(account: ProviderAccount): Promise<readonly string[]> {
    const { book, log, settings } = this.#options;
    const mapped = account.groups.flatMap((group) =>
      Object.hasOwn(settings.roles, group) ? (settings.roles[group] ?? []) : [],
    );
    const names = [...new Set(mapped.length === 0 ? (settings.defaultRoles ?? []) : mapped)];
    const known = await book.roles();
    return names.filter((name) => {
      const good = known.has(name) && name !== workerRole;
      if (!good) log("warn", "The setting openid.roles names a role that no user can have.", { role: name });
      return good;
    });
  }

  async #withRoles(user: UserRecord, roles: readonly string[], by: Actor): Promise<Result<UserRecord>> {
    const same = user.roles.length === roles.length && roles.every((role) => user.roles.includes(role));
    if (same) return ok(user);
    const changed = await this.#options.users.change(by, user.id, { change: { roles } });
    if (changed.ok || changed.error.code !== "last_admin") return changed;
    this.#options.log("warn", "The last admin keeps the role, although no group gives it.", { user: user.name });
    return ok(user);
  }

  async #create(account: ProviderAccount, roles: readonly string[], by: Actor): Promise<Result<UserRecord>> {
    const { book, clock, store, users } = this.#options;
    if (!book.hasUsers && !roles.includes("admin")) {
      return fail({
        code: "forbidden",
        message: "The first user has to have the role admin.",
        hint: "Open the set-up link that the server printed.",
      });
    }
    for (let number = 1; number <= namesMax; number++) {
      const name = number === 1 ? account.name : `${account.name}-${number}`;
      const made = await users.insert(by, { name, email: account.email, roles });
      if (!made.ok && made.error.code === "name_taken") continue;
      if (!made.ok) return made;
      const { issuer, subject } = account;
      await store.putLink({ by, issuer, subject, user: made.value.id, now: clock.now() });
      return made;
    }
    return fail({ code: "name_taken", message: `Every name like ${account.name} is taken.` });
  }
}
