// What the verbs of clusters do, one text for all adapters.
import type {
  ClusterStore,
  ClusterWriteVerb,
  ComponentRecord,
  OperationRecord,
  PlanRecord,
} from "../../kernel/cluster-store.ts";
import type { FailoverRecord, RecoveryWriteVerb } from "../../kernel/recovery-store.ts";
import type { ClusterRows } from "./cluster-rows.ts";

type Params<Verb extends ClusterWriteVerb> = Parameters<ClusterStore[Verb]>[0];
type Answer<Verb extends ClusterWriteVerb> = Awaited<ReturnType<ClusterStore[Verb]>>;

function putPlan(rows: ClusterRows, plan: PlanRecord): void {
  rows.put("plan", plan, { id: plan.id, of: plan.component });
}

function putComponent(rows: ClusterRows, component: ComponentRecord): void {
  rows.put("component", component, { id: component.name, of: component.cluster });
}

function putOperation(rows: ClusterRows, operation: OperationRecord): void {
  rows.put("operation", operation, { id: operation.id, of: operation.component });
}

function running(rows: ClusterRows, component: ComponentRecord): OperationRecord | undefined {
  const last = component.operation === undefined ? undefined : rows.get("operation", component.operation);
  return last?.status === "running" ? last : undefined;
}

/** The operation and its component, while it is the one that has it. */
function holder(
  rows: ClusterRows,
  id: string,
): { readonly operation: OperationRecord; readonly component: ComponentRecord } | undefined {
  const operation = rows.get("operation", id);
  const component = operation === undefined ? undefined : rows.get("component", operation.component);
  if (operation === undefined || component === undefined) return undefined;
  return operation.status === "running" && component.epoch === operation.epoch ? { operation, component } : undefined;
}

function putFailover(rows: ClusterRows, failover: FailoverRecord): void {
  rows.put("failover", failover, { id: failover.id, of: failover.recovery });
}

/** The failover that the recovery is about, while it is under way. */
function underWay(rows: ClusterRows, id: string | undefined): FailoverRecord | undefined {
  const found = id === undefined ? undefined : rows.get("failover", id);
  return found?.status === "running" ? found : undefined;
}

/** What each verb of recoveries does. */
const recoveryVerbs: {
  readonly [Verb in RecoveryWriteVerb]: (rows: ClusterRows, p: Params<Verb>) => Answer<Verb>;
} = {
  putRecovery(rows, { recovery: { name, file, spec }, now }) {
    const known = rows.get("recovery", name);
    const recovery = { ...known, name, file, spec, version: (known?.version ?? 0) + 1, updatedAt: now };
    rows.put("recovery", recovery, { id: name, of: "" });
    return { outcome: "ok", recovery };
  },

  noteReadiness(rows, { recovery: name, readiness, now }) {
    const known = rows.get("recovery", name);
    if (known === undefined) return { outcome: "not_found" };
    rows.put("recovery", { ...known, readiness, updatedAt: now }, { id: name, of: "" });
    return { outcome: "ok" };
  },

  createFailover(rows, { by: { kind, id }, failover }) {
    if (rows.get("recovery", failover.recovery) === undefined) return { outcome: "not_found" };
    putFailover(rows, { ...failover, by: { kind, id }, status: failover.approval === "none" ? "approved" : "open" });
    return { outcome: "ok" };
  },

  approveFailover(rows, { failover: id, hash, person, now }) {
    const failover = rows.get("failover", id);
    if (failover === undefined) return { outcome: "not_found" };
    if (failover.hash !== hash) return { outcome: "other_hash" };
    if (failover.status !== "open") return { outcome: "not_open" };
    if (failover.expiresAt <= now) return { outcome: "expired" };
    if (failover.approval === "other" && failover.person === person) return { outcome: "same_person" };
    const approved: FailoverRecord = { ...failover, status: "approved", approvedBy: person };
    putFailover(rows, approved);
    return { outcome: "ok", failover: approved };
  },

  beginFailover(rows, { failover: id, hash, run, breakGlass, now }) {
    const failover = rows.get("failover", id);
    const recovery = failover === undefined ? undefined : rows.get("recovery", failover.recovery);
    if (failover === undefined || recovery === undefined) return { outcome: "not_found" };
    if (failover.hash !== hash) return { outcome: "other_hash" };
    if (failover.status === "running") return { outcome: "existing", failover };
    if (failover.status !== "approved" && failover.status !== "open") return { outcome: "stale" };
    if (failover.status === "open" && breakGlass === undefined) return { outcome: "not_approved" };
    if (failover.expiresAt <= now) return { outcome: "expired" };
    const superseded = underWay(rows, recovery.failover);
    if (superseded !== undefined) putFailover(rows, { ...superseded, status: "superseded", endedAt: now });
    const glass = failover.status === "open" && breakGlass !== undefined ? { breakGlass } : {};
    const begun: FailoverRecord = { ...failover, ...glass, status: "running", run, startedAt: now };
    putFailover(rows, begun);
    rows.put("recovery", { ...recovery, failover: id, updatedAt: now }, { id: recovery.name, of: "" });
    return { outcome: "ok", failover: begun, ...(superseded === undefined ? {} : { superseded }) };
  },

  noteFailover(rows, { failover: id, state }) {
    const failover = underWay(rows, id);
    if (failover === undefined) return { outcome: "stale" };
    putFailover(rows, { ...failover, state });
    return { outcome: "ok" };
  },

  endFailover(rows, { failover: id, status, state, measured, now }) {
    const failover = underWay(rows, id);
    const recovery = failover === undefined ? undefined : rows.get("recovery", failover.recovery);
    if (failover === undefined || recovery === undefined) return { outcome: "stale" };
    const more = { ...(state === undefined ? {} : { state }), ...(measured === undefined ? {} : { measured }) };
    putFailover(rows, { ...failover, ...more, status, endedAt: now });
    if (failover.kind === "drill" && status === "completed")
      rows.put("recovery", { ...recovery, drill: id, updatedAt: now }, { id: recovery.name, of: "" });
    return { outcome: "ok" };
  },

  reviewFailover(rows, { failover: id, person }) {
    const failover = rows.get("failover", id);
    if (failover === undefined) return { outcome: "not_found" };
    if (failover.breakGlass === undefined || failover.reviewedBy !== undefined) return { outcome: "not_open" };
    if (failover.person === person) return { outcome: "same_person" };
    const reviewed = { ...failover, reviewedBy: person };
    putFailover(rows, reviewed);
    return { outcome: "ok", failover: reviewed };
  },
};

/** What each verb does. */
export const clusterVerbs: {
  readonly [Verb in ClusterWriteVerb]: (rows: ClusterRows, p: Params<Verb>) => Answer<Verb>;
} = {
  ...recoveryVerbs,

  putCluster(rows, { cluster, acceptIdentity }) {
    const known = rows.get("cluster", cluster.name);
    if (known !== undefined && !acceptIdentity) {
      const same = (["server", "ca", "uid"] as const).every((part) => known.identity[part] === cluster.identity[part]);
      if (!same) return { outcome: "changed", known };
    }
    rows.put("cluster", { ...cluster, addedAt: known?.addedAt ?? cluster.addedAt }, { id: cluster.name, of: "" });
    return { outcome: "ok" };
  },

  putComponent(rows, { component: { name, cluster, file, spec }, empty, now }) {
    if (rows.get("cluster", cluster) === undefined) return { outcome: "no_cluster" };
    const known = rows.get("component", name);
    if (known !== undefined && known.cluster !== cluster && known.objects > 0) return { outcome: "elsewhere" };
    const fresh = { epoch: 0, version: 0, inventory: empty, objects: 0 };
    const component = { ...fresh, ...known, name, cluster, file, spec, updatedAt: now };
    putComponent(rows, component);
    return { outcome: "ok", component };
  },

  createPlan(rows, { by: { kind, id }, plan }) {
    // With an approval of nobody it is as good as approved.
    putPlan(rows, { ...plan, by: { kind, id }, status: plan.approval === "none" ? "approved" : "open" });
    return { outcome: "ok" };
  },

  approvePlan(rows, { plan: id, hash, person, now }) {
    const plan = rows.get("plan", id);
    if (plan === undefined) return { outcome: "not_found" };
    if (plan.hash !== hash) return { outcome: "other_hash" };
    if (plan.status !== "open") return { outcome: "not_open" };
    if (plan.expiresAt <= now) return { outcome: "expired" };
    if (plan.approval === "other" && plan.person === person) return { outcome: "same_person" };
    const approved: PlanRecord = { ...plan, status: "approved", approvedBy: person };
    putPlan(rows, approved);
    return { outcome: "ok", plan: approved };
  },

  beginOperation(rows, { by: { kind, id }, operation: newId, run, plan: planId, hash, as, now }) {
    const plan = rows.get("plan", planId);
    const component = plan === undefined ? undefined : rows.get("component", plan.component);
    if (plan === undefined || component === undefined) return { outcome: "not_found" };
    if (plan.hash !== hash) return { outcome: "other_hash" };
    if (plan.status === "applied") {
      const done = rows.list("operation", { of: plan.component, limit: 1_000 }).find((each) => each.plan === planId);
      return done === undefined ? { outcome: "stale" } : { outcome: "existing", operation: done };
    }
    if (plan.kind === "known") return { outcome: "stale" };
    if (plan.status !== "approved") return { outcome: "not_approved" };
    if (plan.expiresAt <= now) return { outcome: "expired" };
    const superseded = running(rows, component);
    if (superseded !== undefined) {
      const reason = `Operation ${newId} has taken its place.`;
      putOperation(rows, { ...superseded, status: "superseded", reason, endedAt: now });
    }
    const { cluster } = plan;
    const of = plan.kind === "undo" ? "undo" : "apply";
    const epoch = component.epoch + 1;
    const begun = {
      id: newId,
      component: component.name,
      cluster,
      plan: planId,
      kind: of,
      status: "running",
      epoch,
      run,
    } as const;
    const operation: OperationRecord = {
      ...begun,
      by: { kind, id },
      startedAt: now,
      ...(as === undefined ? {} : { as }),
    };
    putOperation(rows, operation);
    putPlan(rows, { ...plan, status: "applied" });
    putComponent(rows, { ...component, epoch, operation: newId, updatedAt: now });
    return { outcome: "ok", operation, ...(superseded === undefined ? {} : { superseded }) };
  },

  noteInventory(rows, { operation, inventory, objects, now }) {
    const held = holder(rows, operation);
    if (held === undefined) return { outcome: "stale" };
    putComponent(rows, { ...held.component, inventory, objects, updatedAt: now });
    return { outcome: "ok" };
  },

  noteReason(rows, { operation: id, reason }) {
    const held = holder(rows, id);
    if (held === undefined) return { outcome: "stale" };
    putOperation(rows, { ...held.operation, reason: held.operation.reason ?? reason });
    return { outcome: "ok" };
  },

  endOperation(rows, { operation: id, status, reason, now }) {
    const operation = rows.get("operation", id);
    if (operation === undefined) return { outcome: "not_found" };
    const held = holder(rows, id);
    if (held === undefined) return { outcome: "stale" };
    putOperation(rows, { ...operation, status, endedAt: now, ...(reason === undefined ? {} : { reason }) });
    if (status !== "completed") return { outcome: "ok" };
    const { component } = held;
    const previous = component.applied === undefined ? {} : { previous: component.applied };
    putComponent(rows, {
      ...component,
      ...previous,
      applied: operation.plan,
      version: component.version + 1,
      updatedAt: now,
    });
    return { outcome: "ok" };
  },

  noteHealth(rows, { component: name, health, keepMax, now }) {
    const component = rows.get("component", name);
    if (component === undefined) return { outcome: "not_found" };
    putComponent(rows, { ...component, health });
    const id = `${name} ${String(now).padStart(15, "0")}`;
    rows.put("health", { id, seen: health }, { id, of: name });
    rows.trim("health", { of: name, keepMax });
    return { outcome: "ok" };
  },
};
