// The port of data keys on SQLite: changes go to the writer's thread, rows are read here.
import type { PayloadKeyStore } from "../../../kernel/payload-keys.ts";
import type { StorePaths } from "../store-paths.ts";
import { PayloadKeyTable } from "./payload-keys.ts";
import type { PayloadKeyWriteVerb } from "./payload-key-verbs.ts";

type Params<Verb extends keyof PayloadKeyStore> = Parameters<PayloadKeyStore[Verb]>[0];
type Answer<Verb extends keyof PayloadKeyStore> = ReturnType<PayloadKeyStore[Verb]>;

export class SqlitePayloadKeyStore implements PayloadKeyStore {
  readonly #paths: StorePaths;
  #table: PayloadKeyTable | undefined;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  #write<Verb extends PayloadKeyWriteVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#paths.write(verb, p) as Answer<Verb>;
  }

  #look<T>(read: (table: PayloadKeyTable) => T): Promise<T> {
    return this.#paths.look((db) => read((this.#table ??= new PayloadKeyTable(db))));
  }

  putPayloadKey(p: Params<"putPayloadKey">): Answer<"putPayloadKey"> {
    return this.#write("putPayloadKey", p);
  }
  rewrapPayloadKeys(p: Params<"rewrapPayloadKeys">): Answer<"rewrapPayloadKeys"> {
    return this.#write("rewrapPayloadKeys", p);
  }
  erasePayloadKey(p: Params<"erasePayloadKey">): Answer<"erasePayloadKey"> {
    return this.#write("erasePayloadKey", p);
  }
  getPayloadKey(p: Params<"getPayloadKey">): Answer<"getPayloadKey"> {
    return this.#look((table) => table.get(p.id));
  }
  listPayloadKeys(p: Params<"listPayloadKeys">): Answer<"listPayloadKeys"> {
    return this.#look((table) => table.list(p));
  }
  countPayloadKeys(): Answer<"countPayloadKeys"> {
    return this.#look((table) => table.counts());
  }
}
