// Connections to clusters that are kept: each has been seen to be the cluster it was, and speaks for the server or for one person.
import type { Clock } from "../kernel/clock.ts";
import type { ClusterRecord, ClusterStore } from "../kernel/cluster-store.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import { ClusterClient } from "./client/client.ts";
import { identityChange, readIdentity } from "./client/identity.ts";
import { inCluster, readKubeconfig } from "./client/kubeconfig.ts";
import type { ClusterAccess } from "./client/kubeconfig.ts";
import { Resources } from "./client/resources.ts";
import type { ClusterLimits } from "./limits.ts";
import type { Files, HttpTransport, ProcessRunner, Sha256 } from "./ports.ts";
import { notFound } from "./refusals.ts";

/** Keeps what must not be read: kubeconfigs and values of Secrets. */
export interface Keeper {
  keep(name: string, value: string): Promise<void>;
  kept(name: string): Promise<string | undefined>;
}

export interface ConnectionsOptions {
  readonly store: ClusterStore;
  readonly keeper: Keeper;
  readonly transport: HttpTransport;
  readonly processes: ProcessRunner;
  /** Of the machine: what kubeconfigs name. */
  readonly machine: Files;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly sha256: Sha256;
  readonly limits: ClusterLimits;
}

export interface ClusterStatus {
  readonly cluster: ClusterRecord;
  readonly reachable: boolean;
  readonly reason: string | undefined;
  readonly latencyMs: number | undefined;
  readonly clockSkewMs: number | undefined;
}

export class Connections {
  readonly #options: ConnectionsOptions;
  /** By cluster, and by cluster and person. */
  readonly #opened = new Map<string, Promise<Result<Resources>>>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** A connection to a cluster that is the one it was when it was added; in the name of a person where the cluster takes that. */
  async open(name: string, as?: string): Promise<Result<Resources>> {
    const key = as === undefined ? name : `${name} ${as}`;
    const kept = this.#opened.get(key);
    if (kept !== undefined) return kept;
    const opening = as === undefined ? this.#connect(name) : this.#connectAs(name, as);
    this.#opened.set(key, opening);
    const opened = await opening;
    if (!opened.ok && this.#opened.get(key) === opening) this.#opened.delete(key);
    return opened;
  }

  forget(name: string): void {
    for (const key of this.#opened.keys()) if (key === name || key.startsWith(`${name} `)) this.#opened.delete(key);
  }

  /** Who it is is asked again before a plan is made and before one is carried out. */
  async reopen(name: string, as?: string): Promise<Result<Resources>> {
    this.forget(name);
    return this.open(name, as);
  }

  async #connect(name: string): Promise<Result<Resources>> {
    const { store, keeper, sha256 } = this.#options;
    const cluster = await store.getCluster({ name });
    const kept = await keeper.kept(accessName(name));
    if (cluster === undefined || kept === undefined) return fail(notFound("cluster", name));
    const { text, context } = JSON.parse(kept) as { readonly text: string | null; readonly context: string | null };
    const access = await this.accessOf({ text: text ?? undefined, context: context ?? undefined });
    if (!access.ok) return access;
    const resources = this.resourcesOf(access.value);
    const found = await readIdentity(resources, sha256);
    if (!found.ok) return found;
    const change = identityChange(name, cluster.identity, found.value);
    return change === undefined ? ok(resources) : fail(change);
  }

  async #connectAs(name: string, as: string): Promise<Result<Resources>> {
    const own = await this.open(name);
    if (!own.ok) return own;
    const cluster = await this.#options.store.getCluster({ name });
    if (cluster?.impersonate !== true) return own;
    return ok(this.resourcesOf({ ...own.value.client.access, impersonate: { user: as, groups: [] } }));
  }

  /** How a cluster is reached; without a kubeconfig it is the one that this program runs in. */
  accessOf({
    text,
    context,
  }: {
    readonly text: string | undefined;
    readonly context: string | undefined;
  }): Promise<Result<ClusterAccess>> {
    const { machine, env } = this.#options;
    if (text === undefined) return inCluster({ env, files: machine });
    return readKubeconfig({ text, context, folder: "", files: machine });
  }

  resourcesOf(access: ClusterAccess): Resources {
    const { transport, machine, processes, clock, limits } = this.#options;
    return new Resources(new ClusterClient({ access, transport, files: machine, processes, clock, limits }));
  }
}

/** Of a cluster's kubeconfig among secrets: a name that no secret of the user can have. */
export function accessName(cluster: string): string {
  return ` cluster ${cluster}`;
}
