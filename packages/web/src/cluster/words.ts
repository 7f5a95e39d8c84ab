// What the screens of clusters are about, and what is counted and said of plans.
import type { Answer } from "../api.ts";

export type Cluster = Answer<"listClusters">["clusters"][number];
export type Component = Answer<"listComponents">["components"][number];
type SeenHealth = Answer<"getComponentHealth">["health"];
export type ObjectHealth = SeenHealth["objects"][number];
export type Plan = Answer<"getPlan">["plan"];
export type Change = Plan["changes"][number];
export type FieldChange = Change["fields"][number];
export type Operation = Answer<"listOperations">["operations"][number];

/** What of a plan there is to look at first. */
export interface Weight {
  readonly create: number;
  readonly update: number;
  readonly unknown: number;
  readonly prune: number;
  readonly unchanged: number;
  readonly high: number;
  readonly medium: number;
  readonly low: number;
  readonly irreversible: number;
  readonly conflicts: number;
}

type Weighed = Pick<Change, "action" | "risk" | "irreversible" | "conflicts">;

/** Counts objects. What is pruned is of high risk. */
export function weigh(changes: readonly Weighed[], pruned: number): Weight {
  const moving = changes.filter(({ action }) => action !== "unchanged");
  const acts = (wanted: Change["action"]): number => changes.filter(({ action }) => action === wanted).length;
  const risks = (wanted: Change["risk"]): number => moving.filter(({ risk }) => risk === wanted).length;
  return {
    create: acts("create"),
    update: acts("update"),
    unknown: acts("unknown"),
    prune: pruned,
    unchanged: acts("unchanged"),
    high: risks("high") + pruned,
    medium: risks("medium"),
    low: risks("low"),
    irreversible: moving.filter(({ irreversible }) => irreversible).length,
    conflicts: moving.filter(({ conflicts }) => conflicts.length > 0).length,
  };
}

/** The worst that a plan has; undefined where it changes nothing. */
export function worstRisk({ high, medium, low }: Weight): "high" | "medium" | "low" | undefined {
  if (high > 0) return "high";
  if (medium > 0) return "medium";
  return low > 0 ? "low" : undefined;
}

/** A value of a field as it is read: text as it is, everything else as JSON. */
export function valueText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

/** Why somebody cannot approve this plan now; undefined where they can. `me`: the user who looks. */
export function approvalProblem(
  plan: Pick<Plan, "status" | "approval" | "requestedBy" | "violations" | "expiresAt">,
  p: { readonly me: string | undefined; readonly now: number },
): string | undefined {
  if (plan.status !== "open") return "It has been decided.";
  if (plan.violations.length > 0) return "A plan that breaks the policy cannot be approved.";
  if (plan.expiresAt <= p.now) return "It is too old: the cluster may have changed. Make a new plan.";
  if (plan.approval === "other" && plan.requestedBy === p.me)
    return "You have asked for it: somebody else has to approve it.";
  return undefined;
}

/** Why a plan cannot be applied now; undefined where it can. */
export function applyProblem(plan: Pick<Plan, "status" | "violations" | "expiresAt">, now: number): string | undefined {
  if (plan.violations.length > 0) return "A plan that breaks the policy cannot be applied.";
  if (plan.status === "open") return "It has to be approved first.";
  if (plan.status === "applied") return "It has been applied.";
  return plan.expiresAt <= now ? "It is too old: the cluster may have changed. Make a new plan." : undefined;
}

/** The component of an operation's run, by its tags. */
export function componentOf(run: { readonly workflow: string; readonly tags: readonly string[] }): string | undefined {
  if (run.workflow !== "cluster.operation") return undefined;
  return run.tags.find((tag) => tag.startsWith("component:"))?.slice("component:".length);
}
