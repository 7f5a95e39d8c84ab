// The cluster port on SQLite: changes go to the writer's thread, rows are read here.
import type { ClusterStore, ClusterWriteVerb } from "../../../kernel/cluster-store.ts";
import type { StorePaths } from "../store-paths.ts";
import type { ClusterTable } from "./cluster-table.ts";

type Params<Verb extends keyof ClusterStore> = Parameters<ClusterStore[Verb]>[0];
type Answer<Verb extends keyof ClusterStore> = ReturnType<ClusterStore[Verb]>;

export class SqliteClusterStore implements ClusterStore {
  readonly #paths: StorePaths;
  #table: ClusterTable | undefined;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  #write<Verb extends ClusterWriteVerb>(verb: Verb, p: Params<Verb>): Answer<Verb> {
    return this.#paths.write(verb, p) as Answer<Verb>;
  }

  /** Loaded with the first look: a server at rest has no clusters. */
  async #look<T>(read: (table: ClusterTable) => T): Promise<T> {
    const tables = await import("./cluster-table.ts");
    return this.#paths.look((db) => read((this.#table ??= new tables.ClusterTable(db))));
  }

  putCluster(p: Params<"putCluster">): Answer<"putCluster"> {
    return this.#write("putCluster", p);
  }
  putComponent(p: Params<"putComponent">): Answer<"putComponent"> {
    return this.#write("putComponent", p);
  }
  createPlan(p: Params<"createPlan">): Answer<"createPlan"> {
    return this.#write("createPlan", p);
  }
  approvePlan(p: Params<"approvePlan">): Answer<"approvePlan"> {
    return this.#write("approvePlan", p);
  }
  beginOperation(p: Params<"beginOperation">): Answer<"beginOperation"> {
    return this.#write("beginOperation", p);
  }
  noteInventory(p: Params<"noteInventory">): Answer<"noteInventory"> {
    return this.#write("noteInventory", p);
  }
  noteReason(p: Params<"noteReason">): Answer<"noteReason"> {
    return this.#write("noteReason", p);
  }
  endOperation(p: Params<"endOperation">): Answer<"endOperation"> {
    return this.#write("endOperation", p);
  }
  noteHealth(p: Params<"noteHealth">): Answer<"noteHealth"> {
    return this.#write("noteHealth", p);
  }

  putRecovery(p: Params<"putRecovery">): Answer<"putRecovery"> {
    return this.#write("putRecovery", p);
  }
  noteReadiness(p: Params<"noteReadiness">): Answer<"noteReadiness"> {
    return this.#write("noteReadiness", p);
  }
  createFailover(p: Params<"createFailover">): Answer<"createFailover"> {
    return this.#write("createFailover", p);
  }
  approveFailover(p: Params<"approveFailover">): Answer<"approveFailover"> {
    return this.#write("approveFailover", p);
  }
  beginFailover(p: Params<"beginFailover">): Answer<"beginFailover"> {
    return this.#write("beginFailover", p);
  }
  noteFailover(p: Params<"noteFailover">): Answer<"noteFailover"> {
    return this.#write("noteFailover", p);
  }
  endFailover(p: Params<"endFailover">): Answer<"endFailover"> {
    return this.#write("endFailover", p);
  }
  reviewFailover(p: Params<"reviewFailover">): Answer<"reviewFailover"> {
    return this.#write("reviewFailover", p);
  }
  getRecovery(p: Params<"getRecovery">): Answer<"getRecovery"> {
    return this.#look((table) => table.get("recovery", p.name));
  }
  listRecoveries(): Answer<"listRecoveries"> {
    return this.#look((table) => table.list("recovery"));
  }
  getFailover(p: Params<"getFailover">): Answer<"getFailover"> {
    return this.#look((table) => table.get("failover", p.failover));
  }
  listFailovers(p: Params<"listFailovers">): Answer<"listFailovers"> {
    return this.#look((table) => table.list("failover", { of: p.recovery, limit: p.limit }));
  }

  getCluster(p: Params<"getCluster">): Answer<"getCluster"> {
    return this.#look((table) => table.get("cluster", p.name));
  }
  listClusters(): Answer<"listClusters"> {
    return this.#look((table) => table.list("cluster"));
  }
  getComponent(p: Params<"getComponent">): Answer<"getComponent"> {
    return this.#look((table) => table.get("component", p.name));
  }
  listComponents(): Answer<"listComponents"> {
    return this.#look((table) => table.list("component"));
  }
  getPlan(p: Params<"getPlan">): Answer<"getPlan"> {
    return this.#look((table) => table.get("plan", p.plan));
  }
  listPlans(p: Params<"listPlans">): Answer<"listPlans"> {
    return this.#look((table) => table.list("plan", { of: p.component, limit: p.limit }));
  }
  getOperation(p: Params<"getOperation">): Answer<"getOperation"> {
    return this.#look((table) => table.get("operation", p.operation));
  }
  listOperations(p: Params<"listOperations">): Answer<"listOperations"> {
    return this.#look((table) => table.list("operation", { of: p.component, limit: p.limit }));
  }
  listHealth(p: Params<"listHealth">): Answer<"listHealth"> {
    return this.#look((table) => table.list("health", { of: p.component, limit: p.limit }).map(({ seen }) => seen));
  }
}
