// The secret port on SQLite: changes go to the writer's thread, the few rows are read here.
import type { SecretStore } from "../../../kernel/secret-store.ts";
import type { StorePaths } from "../store-paths.ts";
import { SecretTable } from "./secrets.ts";
import type { SecretWriteVerb } from "./secret-verbs.ts";

type Params<Verb extends keyof SecretStore> = Parameters<SecretStore[Verb]>[0];
type Answer<Verb extends keyof SecretStore> = ReturnType<SecretStore[Verb]>;

export class SqliteSecretStore implements SecretStore {
  readonly #paths: StorePaths;
  #table: SecretTable | undefined;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  #write<Verb extends SecretWriteVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#paths.write(verb, p) as Answer<Verb>;
  }

  #look<T>(read: (table: SecretTable) => T): Promise<T> {
    return this.#paths.look((db) => read((this.#table ??= new SecretTable(db))));
  }

  putSecret(p: Params<"putSecret">): Answer<"putSecret"> {
    return this.#write("putSecret", p);
  }
  deleteSecret(p: Params<"deleteSecret">): Answer<"deleteSecret"> {
    return this.#write("deleteSecret", p);
  }
  resealSecrets(p: Params<"resealSecrets">): Answer<"resealSecrets"> {
    return this.#write("resealSecrets", p);
  }
  getSecret(p: Params<"getSecret">): Answer<"getSecret"> {
    return this.#look((table) => table.get(p.name));
  }
  listSecrets(): Answer<"listSecrets"> {
    return this.#look((table) => table.list());
  }
}
