// The health of one object and of a whole component: both answers, why, on what evidence, and how old that is.
import { healthStates } from "@sluice/protocol";
import type { HealthState, ReconcileState } from "@sluice/protocol";
import { groupOf, keyOf } from "../objects.ts";
import type { KubeObject, ObjectRef } from "../objects.ts";
import { healthOf } from "./argo.ts";
import type { Health } from "./argo.ts";
import { conditionsOf, reconciled } from "./kstatus.ts";

/** What is known of one object. Times are milliseconds since 1970. */
export interface ObjectHealth {
  readonly key: string;
  readonly reconciled: ReconcileState;
  readonly reconciledReason: string;
  /** Undefined for kinds of which nobody knows how they work. */
  readonly health: HealthState | undefined;
  readonly healthReason: string;
  /** The conditions that say otherwise than `True`, and since when the last of them holds. */
  readonly evidence: readonly string[];
  readonly since: number | undefined;
}

/** A rule of the user's own; undefined leaves it to the rules there are. */
export type HealthRule = (object: KubeObject) => Health | undefined;

/** Rules by kind, as `Kind.group`. They come before the built-in ones. */
export type HealthRules = ReadonlyMap<string, HealthRule>;

export const noRules: HealthRules = new Map();

/** Of an object that was read; `object` undefined: it is not there. */
export function objectHealth(p: {
  readonly ref: ObjectRef;
  readonly object: KubeObject | undefined;
  readonly now: number;
  readonly rules?: HealthRules;
}): ObjectHealth {
  const { ref, object, now, rules = noRules } = p;
  const done = reconciled(object, now);
  const own = object === undefined ? undefined : ownRule(rules, object);
  const health = own ?? healthOf(object);
  const conditions = conditionsOf(object);
  const times = conditions.flatMap(({ at }) => at ?? []);
  return {
    key: keyOf(ref),
    reconciled: done.state,
    reconciledReason: done.reason,
    health: health?.state,
    healthReason: health?.reason ?? "Nobody has said how this kind works.",
    evidence: conditions
      .filter(({ status }) => status !== "True")
      .map(({ type, status, reason, message }) =>
        [`${type}=${status}`, reason, message].filter((each) => each !== "").join(" "),
      ),
    since: times.length === 0 ? undefined : Math.max(...times),
  };
}

function ownRule(rules: HealthRules, object: KubeObject): Health | undefined {
  const rule = rules.get(`${object.kind}.${groupOf(object.apiVersion)}`);
  if (rule === undefined) return undefined;
  try {
    return rule(object);
  } catch (error) {
    // A rule that cannot judge must not make what it judges look healthy.
    return {
      state: "Unknown",
      reason: `The rule for ${object.kind} failed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** An object that could not be read. */
export function unreadHealth(ref: ObjectRef, why: string): ObjectHealth {
  const key = keyOf(ref);
  const reason = `It could not be read: ${why}`;
  return {
    key,
    reconciled: "Unknown",
    reconciledReason: reason,
    health: "Unknown",
    healthReason: reason,
    evidence: [],
    since: undefined,
  };
}

/** How a component stands: the worst of what it is made of, and which object that is. */
export interface ComponentHealth {
  readonly reconciled: ReconcileState;
  readonly health: HealthState;
  readonly reason: string;
  readonly at: number;
  readonly objects: readonly ObjectHealth[];
}

const reconcileOrder: readonly ReconcileState[] = [
  "Current",
  "Terminating",
  "InProgress",
  "NotFound",
  "Unknown",
  "Failed",
];

export function componentHealth(objects: readonly ObjectHealth[], at: number): ComponentHealth {
  let [done, health, reason]: [ReconcileState, HealthState, string] = [
    "Current",
    "Healthy",
    "Everything is there and works.",
  ];
  if (objects.length === 0) reason = "It has nothing yet.";
  for (const each of objects) {
    if (reconcileOrder.indexOf(each.reconciled) > reconcileOrder.indexOf(done)) {
      done = each.reconciled;
      if (health === "Healthy") reason = `${each.key}: ${each.reconciledReason}`;
    }
    if (each.health !== undefined && healthStates.indexOf(each.health) > healthStates.indexOf(health)) {
      health = each.health;
      reason = `${each.key}: ${each.healthReason}`;
    }
  }
  return { reconciled: done, health, reason, at, objects };
}

export type Readiness =
  | { readonly kind: "ready" }
  | { readonly kind: "waiting"; readonly reason: string }
  | { readonly kind: "failed"; readonly reason: string };

/** Whether what was just written is as it should be. Fails fast: what has failed will not become ready by waiting. */
export function readinessOf(objects: readonly ObjectHealth[]): Readiness {
  let waiting: string | undefined;
  for (const each of objects) {
    if (each.reconciled === "Failed") return { kind: "failed", reason: `${each.key}: ${each.reconciledReason}` };
    if (each.health === "Degraded") return { kind: "failed", reason: `${each.key}: ${each.healthReason}` };
    if (each.reconciled !== "Current") waiting ??= `${each.key}: ${each.reconciledReason}`;
    else if (each.health === "Progressing" || each.health === "Missing")
      waiting ??= `${each.key}: ${each.healthReason}`;
  }
  return waiting === undefined ? { kind: "ready" } : { kind: "waiting", reason: waiting };
}
