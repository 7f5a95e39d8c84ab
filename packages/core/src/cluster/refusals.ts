// What is said when something of the room is not there, or cannot be done now.
import type { WireError } from "@sluice/protocol";

const codes = {
  cluster: "cluster_not_found",
  component: "component_not_found",
  plan: "plan_not_found",
  operation: "operation_not_found",
} as const;

export function notFound(what: keyof typeof codes, name: string): WireError {
  const hints = {
    cluster: "sluice cluster list shows what there is.",
    component: "sluice cluster component list shows what there is.",
    plan: "Make one: sluice cluster plan COMPONENT.",
    operation: "The component names its last operation.",
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
    case "not_open":
      return { code: "already_decided", message: `${plan} has been approved already.` };
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
    case "stale":
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
