// Plans and operations: made, looked at, approved, begun and taken back.
import { unwrap } from "@sluice/core";
import type { OperationRecord, PlanRecord } from "@sluice/core";
import type { PlanContent, PlannedChange } from "@sluice/core/cluster";
import { decodeValue, SluiceError } from "@sluice/protocol";
import type { Permission } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { optionalTextOf, optionalTextsOf, quoted, textOf } from "../fields.ts";
import { reply } from "../wire.ts";
import { clustersIn, componentFor, seen } from "./clusters.ts";
import { bodyOf } from "./sign-in.ts";

const listedMax = 50;
const componentsMax = 1_000;
const nameCharsMax = 63;
const hashCharsMax = 128;
const codeCharsMax = 64;
const planHint = "Make one: sluice cluster plan COMPONENT.";
const operationHint = "A component names its last operation.";

/** The person behind a request: the same for a user's sessions and tokens. */
export function personOf(call: Call): string {
  const { actor, principal } = call;
  return principal.user?.id ?? `${actor.kind} ${actor.id}`;
}

/** Who asks, and in whose name the cluster is asked where it takes that. */
export function behind(call: Call) {
  return { by: call.actor, person: personOf(call), as: call.principal.user?.name };
}

async function planFor(call: Call, permission: Permission): Promise<PlanRecord> {
  const id = call.param(0);
  const found = await call.parts.store.clusters.getPlan({ plan: id });
  if (found === undefined || !seen(call)(found.cluster)) {
    throw new SluiceError({ code: "plan_not_found", message: `There is no plan ${quoted(id)}.`, hint: planHint });
  }
  call.require(permission, found.cluster);
  return found;
}

async function operationFor(call: Call, permission: Permission): Promise<OperationRecord> {
  const id = call.param(0);
  const found = await call.parts.store.clusters.getOperation({ operation: id });
  if (found === undefined || !seen(call)(found.cluster)) {
    throw new SluiceError({
      code: "operation_not_found",
      message: `There is no operation ${quoted(id)}.`,
      hint: operationHint,
    });
  }
  call.require(permission, found.cluster);
  return found;
}

export async function createPlan(call: Call): Promise<Response> {
  await bodyOf(call, []);
  const { name } = await componentFor(call, call.param(0), "cluster:plan");
  const clusters = await clustersIn(call);
  const plan = unwrap(await clusters.plan({ ...behind(call), component: name }));
  return reply("json", 201, { plan: shownPlan(plan) });
}

export async function getComponentDrift(call: Call): Promise<Response> {
  call.query().done();
  const { name } = await componentFor(call, call.param(0), "cluster:plan");
  const { as } = behind(call);
  const { at, changes } = unwrap(await (await clustersIn(call)).drift({ component: name, as }));
  return reply("json", 200, { drift: { component: name, at, changes: changes.map(shownChange) } });
}

export async function listPlans(call: Call): Promise<Response> {
  call.query().done();
  const { name } = await componentFor(call, call.param(0), "cluster:read");
  const plans = await call.parts.store.clusters.listPlans({ component: name, limit: listedMax });
  return reply("json", 200, { plans: plans.map(shownPlan) });
}

export async function getPlan(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { plan: shownPlan(await planFor(call, "cluster:read")) });
}

export async function approvePlan(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["hash", "code"]);
  const hash = textOf(body, "hash", hashCharsMax);
  const code = optionalTextOf(body, "code", codeCharsMax);
  const { id } = await planFor(call, "cluster:approve");
  const { principal, caller } = call;
  unwrap(await call.parts.identity.account.proveSecondFactor(principal, { code, caller }));
  const clusters = await clustersIn(call);
  const plan = unwrap(await clusters.approve({ by: call.actor, person: personOf(call), plan: id, hash }));
  return reply("json", 200, { plan: shownPlan(plan) });
}

export async function applyPlan(call: Call): Promise<Response> {
  const hash = textOf(await bodyOf(call, ["hash"]), "hash", hashCharsMax);
  const { id } = await planFor(call, "cluster:apply");
  const operation = unwrap(await (await clustersIn(call)).apply({ ...behind(call), plan: id, hash }));
  return reply("json", 201, { operation: shownOperation(operation) });
}

export async function bootstrapComponents(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["components"]);
  const components = optionalTextsOf(body, "components", { items: componentsMax, chars: nameCharsMax });
  const clusters = await clustersIn(call);
  for (const { name } of unwrap(await clusters.bootstrap.order(components))) {
    const { cluster } = await componentFor(call, name, "cluster:apply");
    call.require("cluster:plan", cluster);
  }
  return reply("json", 201, { run: unwrap(await clusters.bootstrap.begin({ ...behind(call), components })) });
}

export async function listOperations(call: Call): Promise<Response> {
  call.query().done();
  const { name } = await componentFor(call, call.param(0), "cluster:read");
  const operations = await call.parts.store.clusters.listOperations({ component: name, limit: listedMax });
  return reply("json", 200, { operations: operations.map(shownOperation) });
}

export async function getOperation(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { operation: shownOperation(await operationFor(call, "cluster:read")) });
}

export async function undoOperation(call: Call): Promise<Response> {
  await bodyOf(call, []);
  const { id } = await operationFor(call, "cluster:apply");
  const clusters = await clustersIn(call);
  const operation = unwrap(await clusters.undo({ ...behind(call), operation: id }));
  return reply("json", 201, { operation: shownOperation(operation) });
}

function shownChange(change: PlannedChange): object {
  const { key, action, wave, fields, conflicts, migrates, risk, irreversible, reason } = change;
  return { key, action, wave, fields, conflicts, migrates, risk, irreversible, reason: reason ?? null };
}

function shownPlan(plan: PlanRecord): object {
  const content = decodeValue(plan.content) as PlanContent;
  const changes = content.changes.map(shownChange);
  const { id, component, cluster, kind, status, hash, person, approval, createdAt, expiresAt } = plan;
  return {
    id,
    component,
    cluster,
    kind,
    status,
    hash,
    requestedBy: person,
    approvedBy: plan.approvedBy ?? null,
    approval,
    revision: content.revision ?? null,
    createdAt,
    expiresAt,
    changes,
    prune: content.prune.map(({ key }) => key),
    unknown: content.changes.filter(({ action }) => action === "unknown").map(({ key }) => key),
    violations: content.violations,
  };
}

function shownOperation(operation: OperationRecord): object {
  const { id, component, cluster, plan, kind, status, epoch, run, startedAt } = operation;
  const as = operation.as ?? null;
  const ended = { reason: operation.reason ?? null, endedAt: operation.endedAt ?? null };
  return { id, component, cluster, plan, kind, status, epoch, run, as, startedAt, ...ended };
}
