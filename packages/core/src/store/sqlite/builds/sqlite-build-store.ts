// The build port on SQLite: changes go to the writer's thread, rows are read here.
import type { BuildStore, BuildWriteVerb } from "../../../kernel/build-store.ts";
import type { StorePaths } from "../store-paths.ts";
import type { BuildTable } from "./build-table.ts";

type Params<Verb extends keyof BuildStore> = Parameters<BuildStore[Verb]>[0];
type Answer<Verb extends keyof BuildStore> = ReturnType<BuildStore[Verb]>;

export class SqliteBuildStore implements BuildStore {
  readonly #paths: StorePaths;
  #table: BuildTable | undefined;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  #write<Verb extends BuildWriteVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#paths.write(verb, p) as Answer<Verb>;
  }

  /** Loaded with the first look: a server at rest has no builds. */
  async #look<T>(read: (table: BuildTable) => T): Promise<T> {
    const tables = await import("./build-table.ts");
    return this.#paths.look((db) => read((this.#table ??= new tables.BuildTable(db))));
  }

  createBuild(p: Params<"createBuild">): Answer<"createBuild"> {
    return this.#write("createBuild", p);
  }
  claimBuild(p: Params<"claimBuild">): Answer<"claimBuild"> {
    return this.#write("claimBuild", p);
  }
  appendBuild(p: Params<"appendBuild">): Answer<"appendBuild"> {
    return this.#write("appendBuild", p);
  }
  releaseBuilds(p: Params<"releaseBuilds">): Answer<"releaseBuilds"> {
    return this.#write("releaseBuilds", p);
  }
  cancelBuild(p: Params<"cancelBuild">): Answer<"cancelBuild"> {
    return this.#write("cancelBuild", p);
  }
  sweepBuilds(p: Params<"sweepBuilds">): Answer<"sweepBuilds"> {
    return this.#write("sweepBuilds", p);
  }
  bindWorker(p: Params<"bindWorker">): Answer<"bindWorker"> {
    return this.#write("bindWorker", p);
  }
  drainWorker(p: Params<"drainWorker">): Answer<"drainWorker"> {
    return this.#write("drainWorker", p);
  }
  removeWorker(p: Params<"removeWorker">): Answer<"removeWorker"> {
    return this.#write("removeWorker", p);
  }

  getBuild(p: Params<"getBuild">): Answer<"getBuild"> {
    return this.#look((table) => table.build(p.build));
  }
  listBuilds(p: Params<"listBuilds">): Answer<"listBuilds"> {
    return this.#look((table) => {
      const builds = table.list(p);
      const last = builds.length < p.limit ? undefined : builds.at(-1)?.id;
      return { builds, ...(last === undefined ? {} : { next: last }) };
    });
  }
  readBuildEvents(p: Params<"readBuildEvents">): Answer<"readBuildEvents"> {
    return this.#look((table) => table.events(p));
  }
  findWorker(p: Params<"findWorker">): Answer<"findWorker"> {
    return this.#look((table) => {
      if ("worker" in p) return table.binding(p.worker);
      return "token" in p ? table.bindingOfToken(p.token) : table.bindingOfCredential(p.credentialHash);
    });
  }
  listWorkerBindings(): Answer<"listWorkerBindings"> {
    return this.#look((table) => table.bindings());
  }
}
