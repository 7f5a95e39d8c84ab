// The desk of recoveries: failover plans are declared and checked, failovers planned, approved and begun. What runs, runs in `Failovers`.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { SafetyRule, WireError } from "@sluice/protocol";
import type { Clock } from "../../kernel/clock.ts";
import type { ClusterStore } from "../../kernel/cluster-store.ts";
import type { Ids } from "../../kernel/ids.ts";
import type { FailoverRecord, RecoveryRecord } from "../../kernel/recovery-store.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Actor } from "../../kernel/run-records.ts";
import { cannotApprove, cannotBegin, notFound } from "../refusals.ts";
import type { Files, Sha256 } from "../ports.ts";
import type { Desk } from "./drivers.ts";
import { Failovers } from "./failovers.ts";
import { openDesk } from "./open-desk.ts";
import type { DeskGround } from "./open-desk.ts";
import type { SqlServers } from "./ports.ts";
import { readinessOf, seenOf } from "./readiness.ts";
import type { Readiness } from "./readiness.ts";
import { parseRecovery } from "./recovery-file.ts";
import type { RecoverySpec } from "./recovery-file.ts";

/** Carries failovers and checks out as runs. */
export interface RecoveryRunner {
  /** Asked again for the same run it does nothing. */
  start(p: { readonly by: Actor; readonly run: string; readonly failover: FailoverRecord }): Promise<Result<null>>;
  /** Begins to look at a recovery now and then, as its file was read in this version. */
  watch(p: { readonly by: Actor; readonly recovery: RecoveryRecord; readonly everyMs: number }): Promise<Result<null>>;
  cancel(p: { readonly by: Actor; readonly run: string; readonly reason: string }): Promise<void>;
}

export interface RecoveriesOptions {
  /** Makes the drivers of a plan; `from` is the site that is to be left. */
  readonly open: (spec: RecoverySpec, from: string | undefined) => Promise<Result<Desk>>;
  readonly servers: SqlServers;
  /** Undefined where there is no such secret. */
  readonly secret: (name: string) => Promise<string | undefined>;
  readonly timeoutMs: number;
  readonly store: ClusterStore;
  readonly runner: RecoveryRunner;
  readonly project: Files;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly sha256: Sha256;
  readonly planTtlMs: number;
}

/** What the room has to be given for failover plans, besides what it has. */
export type RecoveryGround = Pick<RecoveriesOptions, "runner"> & Omit<DeskGround, "transport" | "openCluster">;

interface RoomOptions extends Omit<RecoveriesOptions, "open" | "planTtlMs" | keyof RecoveryGround> {
  readonly transport: DeskGround["transport"];
  readonly limits: { readonly planTtlMs: number };
  readonly recovery?: RecoveryGround;
}

/** Those of a room; undefined where it was given nothing for them. */
export function recoveriesOver(options: RoomOptions, openCluster: DeskGround["openCluster"]): Recoveries | undefined {
  const { recovery, limits } = options;
  if (recovery === undefined) return undefined;
  const ground = { ...options, ...recovery, openCluster };
  const { planTtlMs } = limits;
  return new Recoveries({ ...ground, planTtlMs, open: (plan, from) => openDesk(plan, ground, from) });
}

const failoversLookedAtMax = 200;

export class Recoveries {
  readonly #options: RecoveriesOptions;
  readonly failovers: Failovers;

  constructor(options: RecoveriesOptions) {
    this.#options = options;
    this.failovers = new Failovers(options);
  }

  /** How often its file was read; undefined where there is none. */
  async version(recovery: string): Promise<number | undefined> {
    return (await this.#options.store.getRecovery({ name: recovery }))?.version;
  }

  /** Adds a failover plan by its file, or reads that anew, and begins to look at it. */
  async add(p: { readonly by: Actor; readonly file: string }): Promise<Result<RecoveryRecord>> {
    const { store, project, clock, runner } = this.#options;
    const text = await project.read(p.file);
    if (text === undefined) {
      const message = `There is no file ${p.file} in the project.`;
      return fail({ code: "invalid_component", message, hint: "The path begins in the project's folder." });
    }
    const spec = parseRecovery(p.file, text);
    if (!spec.ok) return spec;
    const { name, readiness } = spec.value;
    const recovery = { name, file: p.file, spec: encodeValue(spec.value) };
    const put = await store.putRecovery({ by: p.by, recovery, now: clock.now() });
    const watched = await runner.watch({ by: p.by, recovery: put.recovery, everyMs: readiness.everyMs });
    return watched.ok ? ok(put.recovery) : watched;
  }

  /** Looks whether a failover could be done now; it is kept. With `protect` the active site is made to wait for the other one first. */
  async check(p: { readonly recovery: string; readonly protect: boolean }): Promise<Result<RecoveryRecord>> {
    const { store, clock } = this.#options;
    const record = await store.getRecovery({ name: p.recovery });
    if (record === undefined) return fail(notFound("recovery", p.recovery));
    const spec = decodeValue(record.spec) as RecoverySpec;
    const desk = await this.#options.open(spec, undefined);
    if (!desk.ok) return desk;
    const begun = await this.#beginEpochs(spec, desk.value);
    if (p.protect) {
      const unprotected = begun.ok ? await protect(desk.value, begun.value.active) : begun.error;
      if (unprotected !== undefined) return fail(unprotected);
    }
    const readiness = await this.#readinessOf(record, spec, desk.value);
    await store.noteReadiness({ recovery: record.name, readiness: encodeValue(readiness), now: clock.now() });
    return ok((await store.getRecovery({ name: record.name })) ?? record);
  }

  /** Plans a failover: from the site that is active in the epoch that there is now, with which its hash is bound. */
  async plan(p: {
    readonly by: Actor;
    readonly person: string;
    readonly recovery: string;
    readonly to: string;
    readonly mode: "graceful" | "ungraceful";
    readonly kind: "failover" | "drill";
    readonly overrides: readonly SafetyRule[];
  }): Promise<Result<FailoverRecord>> {
    const { store, clock, ids, sha256, planTtlMs } = this.#options;
    const record = await store.getRecovery({ name: p.recovery });
    if (record === undefined) return fail(notFound("recovery", p.recovery));
    const spec = decodeValue(record.spec) as RecoverySpec;
    if (!spec.sites.some(({ name }) => name === p.to)) {
      const known = spec.sites.map(({ name }) => name).join(" and ");
      return fail({
        code: "bad_request",
        message: `${p.recovery} has no site ${p.to}.`,
        hint: `Its sites are ${known}.`,
      });
    }
    const desk = await this.#options.open(spec, undefined);
    if (!desk.ok) return desk;
    const claim = await this.#beginEpochs(spec, desk.value);
    if (!claim.ok) return claim;
    const { active } = claim.value;
    if (active.site === p.to) return fail(refused("already-active", `${p.to} is the active site already.`));
    if (p.kind === "drill" && spec.drill.url === undefined) {
      const hint = "Give it drill.url: the way that clients take to the data.";
      return fail({ code: "bad_request", message: `${p.recovery} does not say how a drill writes.`, hint });
    }
    const id = ids.failover();
    const now = clock.now();
    const { to, mode, kind, overrides } = p;
    const planned = { recovery: record.name, kind, from: active.site, to, mode, before: active.epoch, overrides };
    const failover = {
      ...planned,
      id,
      hash: sha256(JSON.stringify([id, planned, spec])),
      person: p.person,
      approval: spec.approval,
      createdAt: now,
      expiresAt: now + planTtlMs,
      spec: record.spec,
    };
    await store.createFailover({ by: p.by, failover, now });
    const made = await store.getFailover({ failover: id });
    return made === undefined ? fail(notFound("failover", id)) : ok(made);
  }

  async approve(p: {
    readonly by: Actor;
    readonly person: string;
    readonly failover: string;
    readonly hash: string;
  }): Promise<Result<FailoverRecord>> {
    const { store, clock } = this.#options;
    const approved = await store.approveFailover({ ...p, now: clock.now() });
    if (approved.outcome === "ok") return ok(approved.failover);
    return fail(
      approved.outcome === "not_found" ? notFound("failover", p.failover) : cannotApprove(p.failover, approved.outcome),
    );
  }

  /** Begins it as a run. Asked again it answers with the same one. */
  async begin(p: {
    readonly by: Actor;
    readonly failover: string;
    readonly hash: string;
    readonly breakGlass?: string | undefined;
  }): Promise<Result<FailoverRecord>> {
    const { store, clock, ids, runner } = this.#options;
    const begun = await store.beginFailover({ ...p, run: ids.run(), now: clock.now() });
    if (begun.outcome === "not_found") return fail(notFound("failover", p.failover));
    if (begun.outcome !== "ok" && begun.outcome !== "existing") return fail(cannotBegin(p.failover, begun.outcome));
    const { failover } = begun;
    const started = await runner.start({ by: p.by, run: failover.run ?? "", failover });
    if (!started.ok) return started;
    if (begun.outcome === "ok" && begun.superseded?.run !== undefined) {
      const reason = `Failover ${failover.id} has taken its place.`;
      await runner.cancel({ by: p.by, run: begun.superseded.run, reason });
    }
    return ok(failover);
  }

  async review(p: {
    readonly by: Actor;
    readonly person: string;
    readonly failover: string;
  }): Promise<Result<FailoverRecord>> {
    const { store, clock } = this.#options;
    const reviewed = await store.reviewFailover({ ...p, now: clock.now() });
    if (reviewed.outcome === "ok") return ok(reviewed.failover);
    if (reviewed.outcome === "not_found") return fail(notFound("failover", p.failover));
    const message =
      reviewed.outcome === "same_person"
        ? `Whoever began ${p.failover} cannot review it.`
        : `${p.failover} has nothing to review.`;
    const code = reviewed.outcome === "same_person" ? "requester_may_not_decide" : "already_decided";
    return fail({
      code,
      message,
      hint: "Only what was begun without an approval is reviewed, once, by somebody else.",
    });
  }

  /** The first site of the file is the active one, until somebody has begun with epochs. */
  async #beginEpochs(
    spec: RecoverySpec,
    desk: Desk,
  ): Promise<Result<{ readonly active: { readonly site: string; readonly epoch: number } }>> {
    const begun = await desk.epochs.begin({ site: spec.sites[0]?.name ?? "" });
    if (begun.outcome === "ok") return ok(begun.claim);
    if (begun.outcome === "refused") return fail(refused(begun.rule, begun.reason));
    const message = `The epoch store does not answer: ${begun.reason}`;
    return fail({ code: "unavailable", message, hint: "Without it nobody can decide who writes." });
  }

  async #readinessOf(record: RecoveryRecord, spec: RecoverySpec, desk: Desk): Promise<Readiness> {
    const { store, clock } = this.#options;
    const drill = record.drill === undefined ? undefined : await store.getFailover({ failover: record.drill });
    const past = await store.listFailovers({ recovery: record.name, limit: failoversLookedAtMax });
    const unreviewed = past.filter((each) => each.breakGlass !== undefined && each.reviewedBy === undefined);
    const sites = spec.sites.map(({ name }) => name);
    const more = { now: clock.now(), lastDrillAt: drill?.endedAt, unreviewed: unreviewed.map(({ id }) => id) };
    return readinessOf(spec, await seenOf(desk, sites, more));
  }
}

/** Undefined once all of it waits for the other site. */
async function protect(
  desk: Desk,
  active: { readonly site: string; readonly epoch: number },
): Promise<WireError | undefined> {
  for (const data of desk.data) {
    const done = await data.protect(active);
    if (done.outcome === "ok") continue;
    const why = done.outcome === "stale" ? "a failover is under way, or was" : done.reason;
    const hint = "Look at its replication: sluice cluster recovery check NAME.";
    return { code: "conflict", message: `${data.name} at ${active.site} cannot be protected: ${why}.`, hint };
  }
  return undefined;
}

export function refused(rule: SafetyRule, reason: string): WireError {
  return {
    code: "recovery_refused",
    message: `${rule}: ${reason}`,
    hint: "docs/recovery.md says what each rule wants.",
    details: { rule },
  };
}
