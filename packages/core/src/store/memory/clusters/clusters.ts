// Clusters, components, plans and operations in plain memory.
import type { ClusterStore, ClusterWriteVerb } from "../../../kernel/cluster-store.ts";
import type { ClusterRowKind, ClusterRowKinds, ClusterRows } from "../../clusters/cluster-rows.ts";
import { clusterVerbs } from "../../clusters/clusters.ts";

type Params<Verb extends keyof ClusterStore> = Parameters<ClusterStore[Verb]>[0];
type Answer<Verb extends keyof ClusterStore> = Awaited<ReturnType<ClusterStore[Verb]>>;

interface Row {
  readonly of: string;
  readonly row: unknown;
}

/** The rows, by kind and id. */
export class MemoryClusterRows implements ClusterRows {
  readonly #kinds = new Map<ClusterRowKind, Map<string, Row>>();

  #of(kind: ClusterRowKind): Map<string, Row> {
    const rows = this.#kinds.get(kind) ?? new Map<string, Row>();
    this.#kinds.set(kind, rows);
    return rows;
  }

  get<Kind extends ClusterRowKind>(kind: Kind, id: string): ClusterRowKinds[Kind] | undefined {
    return this.#of(kind).get(id)?.row as ClusterRowKinds[Kind] | undefined;
  }

  put<Kind extends ClusterRowKind>(
    kind: Kind,
    row: ClusterRowKinds[Kind],
    { id, of }: { readonly id: string; readonly of: string },
  ): void {
    this.#of(kind).set(id, { of, row });
  }

  list<Kind extends ClusterRowKind>(
    kind: Kind,
    p?: { readonly of: string; readonly limit: number },
  ): readonly ClusterRowKinds[Kind][] {
    const sorted = [...this.#of(kind)].toSorted(([a], [b]) => (a < b ? -1 : 1));
    const fitting =
      p === undefined
        ? sorted
        : sorted
            .filter(([, { of }]) => of === p.of)
            .toReversed()
            .slice(0, p.limit);
    return fitting.map(([, { row }]) => row as ClusterRowKinds[Kind]);
  }

  trim(kind: ClusterRowKind, { of, keepMax }: { readonly of: string; readonly keepMax: number }): void {
    const rows = this.#of(kind);
    const ids = [...rows].filter(([, row]) => row.of === of).map(([id]) => id);
    for (const id of ids.toSorted().toReversed().slice(keepMax)) rows.delete(id);
  }
}

/** What of the store it is part of it needs. */
interface ClusterTables {
  readonly clusters: MemoryClusterRows;
}
type Audited = <T>(
  asked: { readonly verb: string; readonly params: unknown },
  carryOut: (tables: ClusterTables) => T,
) => T;

export class MemoryClusterStore implements ClusterStore {
  readonly #audited: Audited;

  /** `audited` carries out a verb and writes the audit row about it; it throws when the store is closed. */
  constructor(audited: Audited) {
    this.#audited = audited;
  }

  #write<Verb extends ClusterWriteVerb>(verb: Verb, params: Params<Verb>): Answer<Verb> {
    return this.#audited({ verb, params }, ({ clusters }) => clusterVerbs[verb](clusters, params));
  }

  #rows(): MemoryClusterRows {
    return this.#audited({ verb: "", params: undefined }, ({ clusters }) => clusters);
  }

  async putCluster(p: Params<"putCluster">): Promise<Answer<"putCluster">> {
    return this.#write("putCluster", p);
  }
  async putComponent(p: Params<"putComponent">): Promise<Answer<"putComponent">> {
    return this.#write("putComponent", p);
  }
  async createPlan(p: Params<"createPlan">): Promise<Answer<"createPlan">> {
    return this.#write("createPlan", p);
  }
  async approvePlan(p: Params<"approvePlan">): Promise<Answer<"approvePlan">> {
    return this.#write("approvePlan", p);
  }
  async beginOperation(p: Params<"beginOperation">): Promise<Answer<"beginOperation">> {
    return this.#write("beginOperation", p);
  }
  async noteInventory(p: Params<"noteInventory">): Promise<Answer<"noteInventory">> {
    return this.#write("noteInventory", p);
  }
  async noteReason(p: Params<"noteReason">): Promise<Answer<"noteReason">> {
    return this.#write("noteReason", p);
  }
  async endOperation(p: Params<"endOperation">): Promise<Answer<"endOperation">> {
    return this.#write("endOperation", p);
  }
  async noteHealth(p: Params<"noteHealth">): Promise<Answer<"noteHealth">> {
    return this.#write("noteHealth", p);
  }

  async putRecovery(p: Params<"putRecovery">): Promise<Answer<"putRecovery">> {
    return this.#write("putRecovery", p);
  }
  async noteReadiness(p: Params<"noteReadiness">): Promise<Answer<"noteReadiness">> {
    return this.#write("noteReadiness", p);
  }
  async createFailover(p: Params<"createFailover">): Promise<Answer<"createFailover">> {
    return this.#write("createFailover", p);
  }
  async approveFailover(p: Params<"approveFailover">): Promise<Answer<"approveFailover">> {
    return this.#write("approveFailover", p);
  }
  async beginFailover(p: Params<"beginFailover">): Promise<Answer<"beginFailover">> {
    return this.#write("beginFailover", p);
  }
  async noteFailover(p: Params<"noteFailover">): Promise<Answer<"noteFailover">> {
    return this.#write("noteFailover", p);
  }
  async endFailover(p: Params<"endFailover">): Promise<Answer<"endFailover">> {
    return this.#write("endFailover", p);
  }
  async reviewFailover(p: Params<"reviewFailover">): Promise<Answer<"reviewFailover">> {
    return this.#write("reviewFailover", p);
  }
  async getRecovery(p: Params<"getRecovery">): Promise<Answer<"getRecovery">> {
    return this.#rows().get("recovery", p.name);
  }
  async listRecoveries(): Promise<Answer<"listRecoveries">> {
    return this.#rows().list("recovery");
  }
  async getFailover(p: Params<"getFailover">): Promise<Answer<"getFailover">> {
    return this.#rows().get("failover", p.failover);
  }
  async listFailovers(p: Params<"listFailovers">): Promise<Answer<"listFailovers">> {
    return this.#rows().list("failover", { of: p.recovery, limit: p.limit });
  }

  async getCluster(p: Params<"getCluster">): Promise<Answer<"getCluster">> {
    return this.#rows().get("cluster", p.name);
  }
  async listClusters(): Promise<Answer<"listClusters">> {
    return this.#rows().list("cluster");
  }
  async getComponent(p: Params<"getComponent">): Promise<Answer<"getComponent">> {
    return this.#rows().get("component", p.name);
  }
  async listComponents(): Promise<Answer<"listComponents">> {
    return this.#rows().list("component");
  }
  async getPlan(p: Params<"getPlan">): Promise<Answer<"getPlan">> {
    return this.#rows().get("plan", p.plan);
  }
  async listPlans(p: Params<"listPlans">): Promise<Answer<"listPlans">> {
    return this.#rows().list("plan", { of: p.component, limit: p.limit });
  }
  async getOperation(p: Params<"getOperation">): Promise<Answer<"getOperation">> {
    return this.#rows().get("operation", p.operation);
  }
  async listOperations(p: Params<"listOperations">): Promise<Answer<"listOperations">> {
    return this.#rows().list("operation", { of: p.component, limit: p.limit });
  }
  async listHealth(p: Params<"listHealth">): Promise<Answer<"listHealth">> {
    return this.#rows()
      .list("health", { of: p.component, limit: p.limit })
      .map(({ seen }) => seen);
  }
}
