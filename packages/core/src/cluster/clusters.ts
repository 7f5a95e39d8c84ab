// The desk of the room: clusters are added, components declared, plans made, approved and begun. What runs, runs in `Operations`.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { ClusterRecord, ComponentRecord, OperationRecord, PlanRecord } from "../kernel/cluster-store.ts";
import type { Ids } from "../kernel/ids.ts";
import { fail, ok } from "../kernel/result.ts";
import type { Result } from "../kernel/result.ts";
import type { Actor } from "../kernel/run-records.ts";
import { identityChange, readIdentity } from "./client/identity.ts";
import { mayImpersonate } from "./client/impersonation.ts";
import type { Resources } from "./client/resources.ts";
import { Bootstrap } from "./bootstrap.ts";
import { accessName, Connections } from "./connections.ts";
import type { ClusterStatus, ConnectionsOptions } from "./connections.ts";
import { parseComponent } from "./components/component-file.ts";
import type { ComponentSpec } from "./components/component-file.ts";
import { readSource } from "./components/sources.ts";
import type { ComponentHealth, HealthRules } from "./health/health.ts";
import { textAt } from "./objects.ts";
import { Mesh } from "./mesh/mesh.ts";
import type { MeshRunner } from "./mesh/mesh.ts";
import { inventoryOf, Operations } from "./operations/operation.ts";
import { isOpen } from "./plans/policy.ts";
import { makePlan } from "./plans/planner.ts";
import type { Intent, PlannedChange } from "./plans/plan.ts";
import { withSecrets } from "./plans/secret-values.ts";
import type { SecretValues } from "./plans/secret-values.ts";
import type { Checkouts, PlacedFiles } from "./ports.ts";
import { recoveriesOver } from "./recovery/recoveries.ts";
import type { Recoveries, RecoveryGround } from "./recovery/recoveries.ts";
import {
  cannotApprove,
  cannotBegin,
  cannotUndo,
  closedWindow,
  inAnotherCluster,
  notFound,
  refusedPlan,
  renamed,
} from "./refusals.ts";

/** Carries operations out as runs. */
export interface OperationRunner extends MeshRunner {
  /** Asked again for the same run it does nothing. */
  start(p: { readonly by: Actor; readonly run: string; readonly operation: OperationRecord }): Promise<Result<null>>;
  cancel(p: { readonly by: Actor; readonly run: string; readonly reason: string }): Promise<void>;
  /** Begins to bring components up; the run's id. */
  bootstrap(p: {
    readonly by: Actor;
    readonly person: string;
    readonly as?: string | undefined;
    readonly components: readonly string[] | undefined;
    readonly run: string;
  }): Promise<Result<string>>;
  /** Begins to look at a component by itself, once; the run that does is told that its file was read anew. */
  watchDrift(p: { readonly by: Actor; readonly component: string; readonly watched: boolean }): Promise<Result<null>>;
  /** Tells the runs that wait for it. */
  approved(p: { readonly by: Actor; readonly plan: string }): Promise<void>;
}

export interface ClustersOptions extends ConnectionsOptions {
  readonly runner: OperationRunner;
  /** Of the project: component files and what they name. */
  readonly project: PlacedFiles;
  readonly checkouts: Checkouts;
  readonly ids: Ids;
  /** Random text, another each time. */
  readonly salt: () => string;
  readonly rules: HealthRules;
  /** Without it there are no failover plans. */
  readonly recovery?: RecoveryGround;
}

export class Clusters {
  readonly #options: ClustersOptions;
  readonly operations: Operations;
  readonly mesh: Mesh;
  readonly bootstrap: Bootstrap;
  readonly recoveries: Recoveries | undefined;
  readonly #connections: Connections;

  constructor(options: ClustersOptions) {
    this.#options = options;
    const { store, rules, sha256, clock, limits } = options;
    this.#connections = new Connections(options);
    this.bootstrap = new Bootstrap({ ...options, plan: (p) => this.plan(p) });
    const open = (cluster: string, as?: string): Promise<Result<Resources>> => this.#connections.open(cluster, as);
    this.mesh = new Mesh({ ...options, open });
    this.recoveries = recoveriesOver(options, open);
    this.operations = new Operations({
      store,
      open,
      secrets: (plan) => this.#secretsOf(plan),
      rules,
      sha256,
      clock,
      limits,
    });
  }

  /** Adds a cluster, once it has said who it is. Without a kubeconfig it is the one that this program runs in. */
  async addCluster(p: {
    readonly by: Actor;
    readonly name: string;
    readonly kubeconfig: string | undefined;
    readonly context: string | undefined;
    readonly acceptIdentity: boolean;
    /** What is planned and done there is asked for in the name of the person behind it. */
    readonly impersonate?: boolean;
  }): Promise<Result<ClusterRecord>> {
    const { store, keeper, clock, sha256 } = this.#options;
    const { kubeconfig: text, context, name } = p;
    const access = await this.#connections.accessOf({ text, context });
    if (!access.ok) return access;
    const resources = this.#connections.resourcesOf(access.value);
    const identity = await readIdentity(resources, sha256);
    if (!identity.ok) return identity;
    const allowed = p.impersonate === true ? await mayImpersonate(resources.client) : ok(null);
    if (!allowed.ok) return allowed;
    const version = await resources.client.json({ path: "/version" });
    const cluster: ClusterRecord = {
      name,
      identity: identity.value,
      version: version.ok ? (textAt(version.value.body, "gitVersion") ?? "") : "",
      addedAt: clock.now(),
      ...(p.impersonate === true ? { impersonate: true } : {}),
      ...(context === undefined ? {} : { context }),
    };
    const put = await store.putCluster({ by: p.by, cluster, acceptIdentity: p.acceptIdentity, now: clock.now() });
    if (put.outcome === "changed") {
      const change = identityChange(name, put.known.identity, identity.value);
      if (change !== undefined) return fail(change);
    }
    await keeper.keep(accessName(name), JSON.stringify({ text: text ?? null, context: context ?? null }));
    this.#connections.forget(name);
    return ok((await store.getCluster({ name })) ?? cluster);
  }

  async status(name: string): Promise<Result<ClusterStatus>> {
    const { store, clock } = this.#options;
    const cluster = await store.getCluster({ name });
    if (cluster === undefined) return fail(notFound("cluster", name));
    const began = clock.now();
    const opened = await this.#connections.reopen(name);
    const reason = opened.ok ? undefined : opened.error.message;
    const latencyMs = opened.ok ? clock.now() - began : undefined;
    const clockSkewMs = opened.ok ? opened.value.client.clockSkewMs : undefined;
    return ok({ cluster, reachable: opened.ok, reason, latencyMs, clockSkewMs });
  }

  /** Adds a component by its file, or reads that anew. What is to be looked at by itself is from now on. */
  async addComponent(p: { readonly by: Actor; readonly file: string }): Promise<Result<ComponentRecord>> {
    const added = await this.#readComponent(p);
    if (!added.ok) return added;
    const watched = (decodeValue(added.value.spec) as ComponentSpec).drift !== undefined;
    const told = await this.#options.runner.watchDrift({ by: p.by, component: added.value.name, watched });
    return told.ok ? added : told;
  }

  async #readComponent(p: { readonly by: Actor; readonly file: string }): Promise<Result<ComponentRecord>> {
    const { store, clock } = this.#options;
    const spec = await this.#specOf(p.file);
    if (!spec.ok) return spec;
    const { name, cluster } = spec.value;
    const component = { name, cluster, file: p.file, spec: encodeValue(spec.value) };
    const put = await store.putComponent({ by: p.by, component, empty: encodeValue([]), now: clock.now() });
    if (put.outcome === "ok") return ok(put.component);
    if (put.outcome === "no_cluster") return fail(notFound("cluster", cluster));
    return fail(inAnotherCluster(name));
  }

  /** Makes a plan of what the component's file declares now. */
  async plan(p: {
    readonly by: Actor;
    readonly person: string;
    /** Name of the person, as the cluster may know it. */
    readonly as?: string | undefined;
    readonly component: string;
  }): Promise<Result<PlanRecord>> {
    const { store, project: files } = this.#options;
    const known = await store.getComponent({ name: p.component });
    if (known === undefined) return fail(notFound("component", p.component));
    const added = await this.#readComponent({ by: { kind: p.by.kind, id: p.by.id }, file: known.file });
    if (!added.ok) return added;
    const spec = decodeValue(added.value.spec) as ComponentSpec;
    if (spec.name !== p.component) return fail(renamed(known.file, p.component, spec.name));
    const folder = known.file.split("/").slice(0, -1).join("/");
    const read = await readSource(spec, folder, { ...this.#options, files });
    if (!read.ok) return read;
    const { objects, revision } = read.value;
    return this.#keepPlan({ ...p, as: p.as, record: added.value, spec, objects, revision, kind: "apply" });
  }

  async approve(p: {
    readonly by: Actor;
    readonly person: string;
    readonly plan: string;
    readonly hash: string;
  }): Promise<Result<PlanRecord>> {
    const { store, clock } = this.#options;
    const plan = await store.getPlan({ plan: p.plan });
    if (plan === undefined) return fail(notFound("plan", p.plan));
    const refused = refusedPlan(plan);
    if (refused !== undefined) return fail(refused);
    const approved = await store.approvePlan({ ...p, now: clock.now() });
    if (approved.outcome !== "ok") return fail(cannotApprove(p.plan, approved.outcome));
    // Runs that wait for it look by themselves now and then; told of it, they look at once.
    await this.#options.runner.approved({ by: p.by, plan: p.plan });
    return ok(approved.plan);
  }

  /** Begins to carry a plan out. Asked again it answers with the same operation, whose run is there then at the latest. */
  async apply(p: {
    readonly by: Actor;
    readonly as?: string | undefined;
    readonly plan: string;
    readonly hash: string;
  }): Promise<Result<OperationRecord>> {
    const { store, clock, ids, runner } = this.#options;
    const plan = await store.getPlan({ plan: p.plan });
    if (plan === undefined) return fail(notFound("plan", p.plan));
    const refused = refusedPlan(plan);
    if (refused !== undefined) return fail(refused);
    const component = await store.getComponent({ name: plan.component });
    const spec = component === undefined ? undefined : (decodeValue(component.spec) as ComponentSpec);
    if (spec !== undefined && plan.status !== "applied" && !isOpen(spec.policy.windows, clock.now()))
      return fail(closedWindow(plan));
    const waits = await this.#unhealthyDependency(spec);
    if (waits !== undefined && plan.status !== "applied") return fail(waits);
    const opened = await this.#connections.reopen(plan.cluster);
    if (!opened.ok) return opened;
    const [operation, run] = [ids.operation(), ids.run()];
    const begun = await store.beginOperation({ ...p, operation, run, now: clock.now() });
    if (begun.outcome !== "ok" && begun.outcome !== "existing") return fail(cannotBegin(plan.id, begun.outcome));
    const started = await runner.start({ by: p.by, run: begun.operation.run, operation: begun.operation });
    if (!started.ok) return started;
    if (begun.outcome === "ok" && begun.superseded !== undefined) {
      const reason = `Operation ${begun.operation.id} has taken its place.`;
      await runner.cancel({ by: p.by, run: begun.superseded.run, reason });
    }
    return ok(begun.operation);
  }

  /** Applies what was declared before an operation. The intent was approved once; who asks is in the trail. */
  async undo(p: {
    readonly by: Actor;
    readonly person: string;
    readonly as?: string | undefined;
    readonly operation: string;
  }): Promise<Result<OperationRecord>> {
    const { store } = this.#options;
    const operation = await store.getOperation({ operation: p.operation });
    if (operation === undefined) return fail(notFound("operation", p.operation));
    const component = await store.getComponent({ name: operation.component });
    if (component === undefined) return fail(notFound("component", operation.component));
    const previous = component.applied === operation.plan ? component.previous : component.applied;
    if (component.operation !== operation.id || previous === undefined) {
      return fail(cannotUndo(operation.id, previous === undefined));
    }
    const before = await store.getPlan({ plan: previous });
    if (before === undefined) return fail(notFound("plan", previous));
    const secrets = await this.#secretsOf(previous);
    const objects = (decodeValue(before.intent) as Intent).objects.map((object) => withSecrets(object, secrets));
    const spec = decodeValue(component.spec) as ComponentSpec;
    const { by, person, as } = p;
    const made = await this.#keepPlan({ by, person, as, record: component, spec, objects, kind: "undo" });
    return made.ok ? this.apply({ by, as, plan: made.value.id, hash: made.value.hash }) : made;
  }

  /** What in the cluster is no longer as it was applied, by a dry run of that; nothing is written or kept. */
  async drift(p: {
    readonly component: string;
    readonly as?: string | undefined;
  }): Promise<Result<{ readonly at: number; readonly changes: readonly PlannedChange[] }>> {
    const { store, clock, sha256, salt } = this.#options;
    const record = await store.getComponent({ name: p.component });
    if (record === undefined) return fail(notFound("component", p.component));
    if (record.applied === undefined) return ok({ at: clock.now(), changes: [] });
    const [applied, cluster] = [
      await store.getPlan({ plan: record.applied }),
      await store.getCluster({ name: record.cluster }),
    ];
    if (applied === undefined) return fail(notFound("plan", record.applied));
    if (cluster === undefined) return fail(notFound("cluster", record.cluster));
    const opened = await this.#connections.reopen(record.cluster, p.as);
    if (!opened.ok) return opened;
    const secrets = await this.#secretsOf(record.applied);
    const objects = (decodeValue(applied.intent) as Intent).objects.map((object) => withSecrets(object, secrets));
    const spec = decodeValue(record.spec) as ComponentSpec;
    const { version } = record;
    const { identity } = cluster;
    const resources = opened.value;
    const looked = { spec, objects, inventory: [], version, identity, resources, sha256, salt: salt() };
    const made = await makePlan({ ...looked, kind: "apply" });
    if (!made.ok) return made;
    const { changes } = made.value.content;
    return ok({
      at: clock.now(),
      changes: changes.filter(({ action, conflicts }) => action !== "unchanged" || conflicts.length > 0),
    });
  }

  /** Health as the cluster says it now; it is kept. */
  async health(component: string): Promise<Result<ComponentHealth>> {
    const record = await this.#options.store.getComponent({ name: component });
    if (record === undefined) return fail(notFound("component", component));
    const health = await this.operations.health(record);
    if (health.ok) await this.operations.noteHealth(component, health.value);
    return health;
  }

  async #keepPlan(p: {
    readonly by: Actor;
    readonly person: string;
    readonly as: string | undefined;
    readonly record: ComponentRecord;
    readonly spec: ComponentSpec;
    readonly objects: Parameters<typeof makePlan>[0]["objects"];
    readonly kind: "apply" | "undo";
    /** The commit that it is of, where it is of one. */
    readonly revision?: string | undefined;
  }): Promise<Result<PlanRecord>> {
    const { store, keeper, clock, ids, sha256, salt, limits } = this.#options;
    const { by, person, record, spec, objects, kind } = p;
    const opened = await this.#connections.reopen(record.cluster, p.as);
    if (!opened.ok) return opened;
    const cluster = await store.getCluster({ name: record.cluster });
    if (cluster === undefined) return fail(notFound("cluster", record.cluster));
    const { identity } = cluster;
    const { version } = record;
    const made = await makePlan({
      spec,
      objects,
      kind,
      inventory: inventoryOf(record),
      version,
      identity,
      resources: opened.value,
      sha256,
      salt: salt(),
    });
    if (!made.ok) return made;
    const { content, intent, secrets } = made.value;
    const id = ids.plan();
    const now = clock.now();
    if (Object.keys(secrets.values).length > 0) await keeper.keep(secretsName(id), JSON.stringify(secrets));
    const plan = {
      id,
      component: spec.name,
      cluster: spec.cluster,
      kind,
      hash: content.hash,
      person,
      approval: kind === "undo" ? ("none" as const) : spec.policy.approval,
      createdAt: now,
      expiresAt: now + limits.planTtlMs,
      content: encodeValue(p.revision === undefined ? content : { ...content, revision: p.revision }),
      intent: encodeValue(intent),
    };
    await store.createPlan({ by, plan, now });
    const stored = await store.getPlan({ plan: id });
    return stored === undefined ? fail(notFound("plan", id)) : ok(stored);
  }

  async #unhealthyDependency(spec: ComponentSpec | undefined): Promise<ReturnType<typeof notFound> | undefined> {
    for (const name of spec?.dependsOn ?? []) {
      const health = await this.health(name);
      if (!health.ok) return health.error;
      const { reason, reconciled, health: state, objects } = health.value;
      if (objects.length > 0 && reconciled === "Current" && state === "Healthy") continue;
      return {
        code: "not_ready",
        message: `${spec?.name} stands on ${name}, which is not healthy: ${reason}`,
        hint: `Apply or mend ${name} first.`,
      };
    }
    return undefined;
  }

  async #specOf(file: string): Promise<Result<ComponentSpec>> {
    const text = await this.#options.project.read(file);
    if (text !== undefined) return parseComponent(file, text);
    return fail({
      code: "invalid_component",
      message: `There is no file ${file} in the project.`,
      hint: "The path begins in the project's folder.",
    });
  }

  async #secretsOf(plan: string): Promise<SecretValues | undefined> {
    const kept = await this.#options.keeper.kept(secretsName(plan));
    return kept === undefined ? undefined : (JSON.parse(kept) as SecretValues);
  }
}

/** A name that no secret of the user can have. */
function secretsName(plan: string): string {
  return ` plan ${plan}`;
}
