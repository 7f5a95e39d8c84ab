// Users as those see them who look after them: made, changed and disabled, by nobody who could not do what they can do.
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Clock } from "../kernel/clock.ts";
import type { Random } from "../kernel/ids.ts";
import type { IdentityStore, UserChange, UserRecord } from "../kernel/identity-store.ts";
import type { Actor } from "../kernel/run-records.ts";
import type { AccessBook } from "./access/access-book.ts";
import type { Endings } from "./access/endings.ts";
import type { Principal } from "./access/principal.ts";
import { lackedBy } from "./access/rank.ts";
import { newId } from "./keys/secrets.ts";
import type { Sessions } from "./sessions/sessions.ts";
import type { Passwords } from "./sign-in/passwords.ts";

export interface NewUser {
  /** Letters, digits and `._@+-`. */
  readonly name: string;
  readonly email?: string | null | undefined;
  /** Without one the user signs in by other means. */
  readonly password?: string | null | undefined;
  readonly roles: readonly string[];
}

/** What is to be different; what is absent stays. */
export interface UserEdit {
  readonly email?: string | null | undefined;
  readonly password?: string | null | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly disabled?: boolean | undefined;
  /** Takes the second factor away from who has lost it. */
  readonly secondFactor?: false | undefined;
}

const admin = "admin";
/** Its permission is no person's. */
const workerRole = "worker";

export interface UsersOptions {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly book: AccessBook;
  readonly endings: Endings;
  readonly sessions: Sessions;
  readonly passwords: Passwords;
}

export class Users {
  readonly #options: UsersOptions;

  constructor(options: UsersOptions) {
    this.#options = options;
  }

  /** In order of names. */
  async list(p: {
    readonly text?: string | undefined;
    readonly limit: number;
    readonly cursor?: string | undefined;
  }): Promise<{ readonly users: readonly UserRecord[]; readonly next?: string | undefined }> {
    return this.#options.store.listUsers(p);
  }

  /** By id, or by name without regard to case. */
  async get(idOrName: string): Promise<Result<UserRecord>> {
    const { store } = this.#options;
    const found = (await store.getUser({ user: idOrName })) ?? (await store.findUser({ name: idOrName }));
    return found === undefined ? noUser(idOrName) : ok(found);
  }

  async create(principal: Principal, p: NewUser): Promise<Result<UserRecord>> {
    const allowed = await this.#mayGive(principal, p.roles);
    if (!allowed.ok) return allowed;
    if (!this.#options.book.hasUsers && !p.roles.includes(admin)) {
      return fail({
        code: "last_admin",
        message: "The first user has to have the role admin.",
        hint: "With a first user the token of the first start is not taken any more.",
      });
    }
    const hashed = await this.hashed(p.password, [p.name, p.email]);
    if (!hashed.ok) return hashed;
    return this.insert(principal.actor, { ...p, passwordHash: hashed.value });
  }

  /** The same without asking who may: for the set-up link and identity providers. `first`: only as long as there is no user. */
  async insert(
    by: Actor,
    p: Omit<NewUser, "password"> & { readonly passwordHash?: string | undefined; readonly first?: boolean | undefined },
  ): Promise<Result<UserRecord>> {
    const { book, clock, endings, random, store } = this.#options;
    const user: UserRecord = {
      id: newId(random, "usr"),
      name: p.name,
      roles: [...new Set(p.roles)],
      disabled: false,
      recoveryCodes: [],
      createdAt: clock.now(),
      version: 1,
      ...(p.email === null || p.email === undefined ? {} : { email: p.email }),
      ...(p.passwordHash === undefined ? {} : { passwordHash: p.passwordHash }),
    };
    const { outcome } = await store.createUser({ by, user, first: p.first });
    if (outcome === "name_taken") return fail({ code: "name_taken", message: `There is a user ${p.name} already.` });
    if (outcome === "not_first") return fail({ code: "already_set_up", message: "There is a user already: sign in." });
    if (!book.hasUsers) {
      book.firstUserCreated();
      endings.ended({ bootstrap: true }, "access_changed");
    }
    return ok(user);
  }

  /** Hash of a password that may be taken; undefined where none is given. */
  async hashed(
    password: string | null | undefined,
    names: readonly (string | null | undefined)[],
  ): Promise<Result<string | undefined>> {
    if (password === null || password === undefined) return ok(undefined);
    const checked = await this.#options.passwords.check(password, names);
    return checked.ok ? this.#options.passwords.hash(password) : checked;
  }

  /** Sessions end when the user is disabled or gets another password, also those that are just being begun. */
  async update(
    principal: Principal,
    id: string,
    p: UserEdit & { readonly ifVersion?: number | undefined },
  ): Promise<Result<UserRecord>> {
    const found = await this.get(id);
    if (!found.ok) return found;
    const allowed = await this.#mayChange(principal, found.value, p);
    if (!allowed.ok) return allowed;
    const hashed = await this.hashed(p.password, [found.value.name, p.email ?? found.value.email]);
    if (!hashed.ok) return hashed;
    const change: UserChange = {
      ...(p.email === undefined ? {} : { email: p.email }),
      ...(p.roles === undefined ? {} : { roles: [...new Set(p.roles)] }),
      ...(p.disabled === undefined ? {} : { disabled: p.disabled }),
      ...(hashed.value === undefined ? {} : { passwordHash: hashed.value }),
      ...(p.secondFactor === false ? { totpSecret: null, recoveryCodes: [] } : {}),
    };
    const by = principal.actor;
    // A session that outlived being disabled, as when the server died in between, must not come back to life.
    if (p.disabled === false && found.value.disabled) {
      await this.#options.sessions.endAll({ by, user: found.value.id, why: "disabled" });
    }
    const changed = await this.change(by, found.value.id, { change, ifVersion: p.ifVersion });
    if (!changed.ok) return changed;
    if (p.disabled === true) await this.#options.sessions.endAll({ by, user: found.value.id, why: "disabled" });
    else if (hashed.value !== undefined) {
      const except = principal.user?.id === found.value.id ? principal.session : undefined;
      await this.#options.sessions.endAll({ by, user: found.value.id, why: "password_changed", except });
    }
    return changed;
  }

  /** The same without asking who may, and without ending sessions. */
  async change(
    by: Actor,
    user: string,
    p: { readonly change: UserChange; readonly ifVersion?: number | undefined },
  ): Promise<Result<UserRecord>> {
    const { book, clock, endings, store } = this.#options;
    const answer = await book.change(() => store.updateUser({ by, user, ...p, now: clock.now() }));
    if (answer.outcome !== "ok") return notChanged(user, answer.outcome);
    if (p.change.disabled === true) endings.ended({ user }, "disabled");
    else if (p.change.roles !== undefined) endings.ended({ user }, "access_changed");
    return ok(answer.user);
  }

  async endSessions(principal: Principal, id: string): Promise<Result<{ readonly ended: number }>> {
    const found = await this.get(id);
    if (!found.ok) return found;
    const by = principal.actor;
    return ok({ ended: await this.#options.sessions.endAll({ by, user: found.value.id, why: "revoked" }) });
  }

  /** To change a user one has to have all that the user has: with somebody's password one could do what they can. */
  async #mayChange(principal: Principal, user: UserRecord, p: UserEdit): Promise<Result<void>> {
    const { book } = this.#options;
    const outranked = lackedBy(principal, await book.accessOfRoles(user.roles), `change ${user.name}`);
    if (!outranked.ok || p.roles === undefined) return outranked;
    return this.#mayGive(
      principal,
      p.roles.filter((role) => !user.roles.includes(role)),
    );
  }

  /** Roles have to exist, and nobody gives what they lack. */
  async #mayGive(principal: Principal, names: readonly string[]): Promise<Result<void>> {
    const { book } = this.#options;
    const roles = await book.roles();
    const unknown = names.find((name) => !roles.has(name));
    if (unknown !== undefined) return noRole(unknown);
    if (names.includes(workerRole)) {
      return fail({
        code: "invalid_input",
        message: "The role worker is for workers: give it to a token.",
        hint: "sluice token create --role worker --name NAME",
      });
    }
    return lackedBy(principal, await book.accessOfRoles(names), `give the roles ${names.join(", ")}`);
  }
}

function notChanged(user: string, outcome: "not_found" | "conflict" | "last_admin"): Result<never> {
  if (outcome === "not_found") return noUser(user);
  if (outcome === "conflict") {
    return fail({ code: "conflict", message: "The user was changed meanwhile.", hint: "Read it again." });
  }
  return fail({
    code: "last_admin",
    message: "This is the last user with the role admin who is not disabled.",
    hint: "Give the role to somebody else first.",
  });
}

export function noUser(id: string): Result<never> {
  return fail({ code: "user_not_found", message: `There is no user ${JSON.stringify(id.slice(0, 128))}.` });
}

export function noRole(name: string): Result<never> {
  return fail({ code: "role_not_found", message: `There is no role ${JSON.stringify(name.slice(0, 64))}.` });
}
