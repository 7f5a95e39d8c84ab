// The identity port in plain memory.
import type { IdentityStore } from "../../../kernel/identity-store.ts";
import { nameKey } from "../../identity/user-change.ts";
import { badCursor, linkSlot, newestFirst, newestPage, type Accounts } from "./accounts.ts";
import type { IdentityWriteVerb } from "./identity-verbs.ts";

type Params<Verb extends keyof IdentityStore> = Parameters<IdentityStore[Verb]>[0];
type Result<Verb extends keyof IdentityStore> = Awaited<ReturnType<IdentityStore[Verb]>>;

/** What the identity store is given by the store it is part of. */
export interface IdentityParts {
  /** Throws when the store is closed. */
  readonly accounts: () => Accounts;
  /** Carries out a verb and writes the audit row about it. */
  readonly write: <Verb extends IdentityWriteVerb>(verb: Verb, p: Params<Verb>) => Result<Verb>;
}

export class MemoryIdentityStore implements IdentityStore {
  readonly #accounts: IdentityParts["accounts"];
  readonly #write: IdentityParts["write"];

  constructor(parts: IdentityParts) {
    this.#accounts = parts.accounts;
    this.#write = parts.write;
  }

  async createUser(p: Params<"createUser">): Promise<Result<"createUser">> {
    return this.#write("createUser", p);
  }

  async updateUser(p: Params<"updateUser">): Promise<Result<"updateUser">> {
    return this.#write("updateUser", p);
  }

  async getUser(p: Params<"getUser">): Promise<Result<"getUser">> {
    return this.#accounts().users.get(p.user);
  }

  async findUser(p: Params<"findUser">): Promise<Result<"findUser">> {
    return this.#accounts().findUser(p.name);
  }

  async listUsers(p: Params<"listUsers">): Promise<Result<"listUsers">> {
    const after = p.cursor === undefined ? undefined : nameOf(p.cursor);
    const text = p.text?.toLowerCase() ?? "";
    const found = [...this.#accounts().users.values()]
      .map((user) => ({ user, key: nameKey(user.name) }))
      .filter(({ key, user }) => key.includes(text) || user.email?.toLowerCase().includes(text) === true)
      .filter(({ key }) => after === undefined || key > after)
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
    const page = found.slice(0, p.limit);
    const last = page.at(-1);
    const users = page.map(({ user }) => user);
    return found.length > page.length && last !== undefined ? { users, next: `n${last.key}` } : { users };
  }

  async countUsers(): Promise<number> {
    return this.#accounts().users.size;
  }

  async putRole(p: Params<"putRole">): Promise<void> {
    this.#write("putRole", p);
  }

  async deleteRole(p: Params<"deleteRole">): Promise<Result<"deleteRole">> {
    return this.#write("deleteRole", p);
  }

  async listRoles(): Promise<Result<"listRoles">> {
    return [...this.#accounts().roles.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  async createSession(p: Params<"createSession">): Promise<void> {
    this.#write("createSession", p);
  }

  async getSession(p: Params<"getSession">): Promise<Result<"getSession">> {
    return this.#accounts().sessions.get(p.session);
  }

  async findSession(p: Params<"findSession">): Promise<Result<"findSession">> {
    return this.#accounts().findSession(p.hash);
  }

  async rotateSession(p: Params<"rotateSession">): Promise<Result<"rotateSession">> {
    return this.#write("rotateSession", p);
  }

  async listSessions(p: Params<"listSessions">): Promise<Result<"listSessions">> {
    return [...this.#accounts().sessions.values()]
      .filter(({ expiresAt, user }) => user === p.user && expiresAt > p.now)
      .toSorted(newestFirst);
  }

  async endSessions(p: Params<"endSessions">): Promise<readonly string[]> {
    return this.#write("endSessions", p);
  }

  async createToken(p: Params<"createToken">): Promise<void> {
    this.#write("createToken", p);
  }

  async findToken(p: Params<"findToken">): Promise<Result<"findToken">> {
    return [...this.#accounts().tokens.values()].find(({ secretHash }) => secretHash === p.hash);
  }

  async getToken(p: Params<"getToken">): Promise<Result<"getToken">> {
    return this.#accounts().tokens.get(p.token);
  }

  async listTokens(p: Params<"listTokens">): Promise<Result<"listTokens">> {
    const all = [...this.#accounts().tokens.values()];
    const { page, next } = newestPage(
      all.filter(({ owner }) => p.owner === undefined || owner === p.owner),
      p,
    );
    return { tokens: page, ...(next === undefined ? {} : { next }) };
  }

  async revokeToken(p: Params<"revokeToken">): Promise<Result<"revokeToken">> {
    return this.#write("revokeToken", p);
  }

  async touch(p: Params<"touch">): Promise<void> {
    this.#write("touch", p);
  }

  async addPasskey(p: Params<"addPasskey">): Promise<Result<"addPasskey">> {
    return this.#write("addPasskey", p);
  }

  async getPasskey(p: Params<"getPasskey">): Promise<Result<"getPasskey">> {
    return this.#accounts().passkeys.get(p.passkey);
  }

  async listPasskeys(p: Params<"listPasskeys">): Promise<Result<"listPasskeys">> {
    return [...this.#accounts().passkeys.values()].filter(({ user }) => user === p.user).toSorted(newestFirst);
  }

  async usePasskey(p: Params<"usePasskey">): Promise<void> {
    this.#write("usePasskey", p);
  }

  async removePasskey(p: Params<"removePasskey">): Promise<Result<"removePasskey">> {
    return this.#write("removePasskey", p);
  }

  async findLink(p: Params<"findLink">): Promise<string | undefined> {
    return this.#accounts().links.get(linkSlot(p.issuer, p.subject));
  }

  async putLink(p: Params<"putLink">): Promise<void> {
    this.#write("putLink", p);
  }

  async sweepIdentity(p: Params<"sweepIdentity">): Promise<{ readonly swept: number }> {
    return this.#write("sweepIdentity", p);
  }
}

function nameOf(cursor: string): string {
  if (!cursor.startsWith("n")) throw badCursor();
  return cursor.slice(1);
}
