// The identity port on SQLite: changes go to the writer's thread, lists to the reader's, reads of a row are done here.
import type { IdentityStore } from "../../../kernel/identity-store.ts";
import type { StorePaths } from "../store-paths.ts";
import { IdentityLookups } from "./identity-lookups.ts";
import type { IdentityWriteVerb } from "./identity-verbs.ts";

type Params<Verb extends keyof IdentityStore> = Parameters<IdentityStore[Verb]>[0];
type Answer<Verb extends keyof IdentityStore> = ReturnType<IdentityStore[Verb]>;

export class SqliteIdentityStore implements IdentityStore {
  readonly #paths: StorePaths;
  #lookups: IdentityLookups | undefined;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  #write<Verb extends IdentityWriteVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#paths.write(verb, p) as Answer<Verb>;
  }

  #look<T>(read: (lookups: IdentityLookups) => T): Promise<T> {
    return this.#paths.look((db) => read((this.#lookups ??= new IdentityLookups(db))));
  }

  createUser(p: Params<"createUser">): Answer<"createUser"> {
    return this.#write("createUser", p);
  }
  updateUser(p: Params<"updateUser">): Answer<"updateUser"> {
    return this.#write("updateUser", p);
  }
  putRole(p: Params<"putRole">): Answer<"putRole"> {
    return this.#write("putRole", p);
  }
  deleteRole(p: Params<"deleteRole">): Answer<"deleteRole"> {
    return this.#write("deleteRole", p);
  }
  createSession(p: Params<"createSession">): Answer<"createSession"> {
    return this.#write("createSession", p);
  }
  rotateSession(p: Params<"rotateSession">): Answer<"rotateSession"> {
    return this.#write("rotateSession", p);
  }
  endSessions(p: Params<"endSessions">): Answer<"endSessions"> {
    return this.#write("endSessions", p);
  }
  createToken(p: Params<"createToken">): Answer<"createToken"> {
    return this.#write("createToken", p);
  }
  revokeToken(p: Params<"revokeToken">): Answer<"revokeToken"> {
    return this.#write("revokeToken", p);
  }
  touch(p: Params<"touch">): Answer<"touch"> {
    return this.#write("touch", p);
  }
  addPasskey(p: Params<"addPasskey">): Answer<"addPasskey"> {
    return this.#write("addPasskey", p);
  }
  usePasskey(p: Params<"usePasskey">): Answer<"usePasskey"> {
    return this.#write("usePasskey", p);
  }
  removePasskey(p: Params<"removePasskey">): Answer<"removePasskey"> {
    return this.#write("removePasskey", p);
  }
  putLink(p: Params<"putLink">): Answer<"putLink"> {
    return this.#write("putLink", p);
  }
  sweepIdentity(p: Params<"sweepIdentity">): Answer<"sweepIdentity"> {
    return this.#write("sweepIdentity", p);
  }

  getUser(p: Params<"getUser">): Answer<"getUser"> {
    return this.#look((lookups) => lookups.getUser(p));
  }
  findUser(p: Params<"findUser">): Answer<"findUser"> {
    return this.#look((lookups) => lookups.findUser(p));
  }
  getSession(p: Params<"getSession">): Answer<"getSession"> {
    return this.#look((lookups) => lookups.getSession(p));
  }
  findSession(p: Params<"findSession">): Answer<"findSession"> {
    return this.#look((lookups) => lookups.findSession(p));
  }
  listSessions(p: Params<"listSessions">): Answer<"listSessions"> {
    return this.#look((lookups) => lookups.listSessions(p));
  }
  findToken(p: Params<"findToken">): Answer<"findToken"> {
    return this.#look((lookups) => lookups.findToken(p));
  }
  getToken(p: Params<"getToken">): Answer<"getToken"> {
    return this.#look((lookups) => lookups.getToken(p));
  }
  getPasskey(p: Params<"getPasskey">): Answer<"getPasskey"> {
    return this.#look((lookups) => lookups.getPasskey(p));
  }
  listPasskeys(p: Params<"listPasskeys">): Answer<"listPasskeys"> {
    return this.#look((lookups) => lookups.listPasskeys(p));
  }
  findLink(p: Params<"findLink">): Answer<"findLink"> {
    return this.#look((lookups) => lookups.findLink(p));
  }
  countUsers(): Answer<"countUsers"> {
    return this.#look((lookups) => lookups.countUsers());
  }
  listRoles(): Answer<"listRoles"> {
    return this.#look((lookups) => lookups.listRoles());
  }

  listUsers(p: Params<"listUsers">): Answer<"listUsers"> {
    return this.#paths.read("listUsers", p) as Answer<"listUsers">;
  }
  listTokens(p: Params<"listTokens">): Answer<"listTokens"> {
    return this.#paths.read("listAccessTokens", p) as Answer<"listTokens">;
  }
}
