// What the verbs of recoveries do, one text for all adapters.
import type { FailoverRecord, RecoveryStore, RecoveryWriteVerb } from "../../kernel/recovery-store.ts";
import type { ClusterRows } from "./cluster-rows.ts";

type Params<Verb extends RecoveryWriteVerb> = Parameters<RecoveryStore[Verb]>[0];
type Answer<Verb extends RecoveryWriteVerb> = Awaited<ReturnType<RecoveryStore[Verb]>>;

function putFailover(rows: ClusterRows, failover: FailoverRecord): void {
  rows.put("failover", failover, { id: failover.id, of: failover.recovery });
}

/** The failover that the recovery is about, while it is under way. */
function running(rows: ClusterRows, id: string | undefined): FailoverRecord | undefined {
  const found = id === undefined ? undefined : rows.get("failover", id);
  return found?.status === "running" ? found : undefined;
}

/** What each verb does. */
export const recoveryVerbs: {
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
    const superseded = running(rows, recovery.failover);
    if (superseded !== undefined) putFailover(rows, { ...superseded, status: "superseded", endedAt: now });
    const glass = failover.status === "open" && breakGlass !== undefined ? { breakGlass } : {};
    const begun: FailoverRecord = { ...failover, ...glass, status: "running", run, startedAt: now };
    putFailover(rows, begun);
    rows.put("recovery", { ...recovery, failover: id, updatedAt: now }, { id: recovery.name, of: "" });
    return { outcome: "ok", failover: begun, ...(superseded === undefined ? {} : { superseded }) };
  },

  noteFailover(rows, { failover: id, state }) {
    const failover = running(rows, id);
    if (failover === undefined) return { outcome: "stale" };
    putFailover(rows, { ...failover, state });
    return { outcome: "ok" };
  },

  endFailover(rows, { failover: id, status, state, measured, now }) {
    const failover = running(rows, id);
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
