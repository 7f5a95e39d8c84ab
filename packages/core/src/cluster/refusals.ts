// What is said when something of the room is not there, or cannot be done now.
import { decodeValue } from "@sluice/protocol";
import type { WireError } from "@sluice/protocol";
import type { PlanRecord } from "../kernel/cluster-store.ts";

const codes = {
  cluster: "cluster_not_found",
  component: "component_not_found",
  plan: "plan_not_found",
  operation: "operation_not_found",
  recovery: "recovery_not_found",
  failover: "failover_not_found",
} as const;

export function notFound(what: keyof typeof codes, name: string): WireError {
  const hints = {
    cluster: "sluice cluster list shows what there is.",
    component: "sluice cluster component list shows what there is.",
    plan: "Make one: sluice cluster plan COMPONENT.",
    operation: "The component names its last operation.",
    recovery: "sluice cluster recovery list shows what there is.",
    failover: "sluice cluster failover plan NAME --to SITE makes one.",
  };
  return { code: codes[what], message: `There is no ${what} ${JSON.stringify(name)}.`, hint: hints[what] };
}

export function cannotApprove(
  plan: string,
  why: "not_found" | "other_hash" | "expired" | "same_person" | "not_open",
): WireError {
  switch (why) {
    case "not_found":
      return notFound("plan", plan);
    case "other_hash":
      return otherHash(plan);
    case "expired":
      return expired(plan);
    case "same_person":
      return {
        code: "requester_may_not_decide",
        message: `Whoever asked for ${plan} cannot approve it.`,
        hint: "Somebody else has to; policy.approval: self would let anybody who may.",
      };
    default:
      return {
        code: "already_decided",
        message: `${plan} has been approved already.`,
        hint: `Apply it: sluice cluster apply ${plan}.`,
      };
  }
}

export function cannotBegin(
  plan: string,
  why: "not_found" | "other_hash" | "expired" | "not_approved" | "stale",
): WireError {
  switch (why) {
    case "not_found":
      return notFound("plan", plan);
    case "other_hash":
      return otherHash(plan);
    case "expired":
      return expired(plan);
    case "not_approved":
      return {
        code: "plan_not_approved",
        message: `${plan} has not been approved.`,
        hint: `Approve it: sluice cluster approve ${plan}.`,
      };
    default:
      return { code: "plan_stale", message: `${plan} has been applied already.`, hint: "Make a new plan." };
  }
}

function otherHash(plan: string): WireError {
  return {
    code: "plan_stale",
    message: `${plan} is not what this hash stands for.`,
    hint: "Look at the plan again: it has its hash.",
  };
}

function expired(plan: string): WireError {
  return {
    code: "plan_expired",
    message: `${plan} is too old.`,
    hint: "Make a new plan: the cluster may have changed.",
  };
}

/** Undefined where the plan breaks no rule. */
export function refusedPlan(plan: PlanRecord): WireError | undefined {
  const { violations } = decodeValue(plan.content) as {
    readonly violations: readonly { readonly rule: string; readonly message: string }[];
  };
  if (violations.length === 0) return undefined;
  return {
    code: "plan_refused",
    message: `The plan breaks ${violations.length === 1 ? "a rule" : `${violations.length} rules`}: ${violations.map(({ rule, message }) => `${rule}: ${message}`).join(" ")}`,
    hint: "Change the component or its policy, and make a new plan.",
    details: { violations },
  };
}

export function closedWindow(plan: PlanRecord): WireError {
  return {
    code: "plan_refused",
    message: `The policy of ${plan.component} does not let it be applied at this time (windows).`,
    hint: "Apply it within one of the windows of its policy.",
  };
}

export function renamed(file: string, from: string, to: string): WireError {
  return {
    code: "invalid_component",
    message: `${file} now declares ${to} instead of ${from}.`,
    hint: `Add it: sluice cluster component add ${file}.`,
  };
}

export function inAnotherCluster(name: string): WireError {
  return {
    code: "conflict",
    message: `The component ${name} is in another cluster already, and has something there.`,
    hint: "Give it another name here, or take it out of that cluster first.",
  };
}

export function cannotUndo(operation: string, isFirst: boolean): WireError {
  return {
    code: "conflict",
    message: `Operation ${operation} cannot be undone: ${isFirst ? "there was nothing before it" : "others came after it"}.`,
    hint: "Undo the last operation first, or make a new plan.",
  };
}
