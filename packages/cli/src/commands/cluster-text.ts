// What is printed of plans and of what has changed in a cluster.
import { CliError, exitCodes } from "../io.ts";

export interface ChangeView {
  readonly key: string;
  readonly action: string;
  readonly risk: string;
  readonly irreversible: boolean;
  readonly conflicts: readonly { readonly field: string; readonly manager: string }[];
  readonly fields: readonly { readonly path: string; readonly before?: unknown; readonly after?: unknown }[];
}

export interface PlanView {
  readonly id: string;
  readonly component: string;
  readonly status: string;
  readonly hash: string;
  readonly changes: readonly ChangeView[];
  readonly prune: readonly string[];
  readonly unknown: readonly string[];
  readonly violations: readonly { readonly rule: string; readonly message: string }[];
}

/** What came out has been printed; what is left is to say that it is not good. */
export function ended(
  code: "cluster_conflict" | "cluster_unreachable" | "not_ready" | "plan_refused" | "workflow_failed",
  message: string,
): CliError {
  return new CliError(exitCodes.failed, { code, message }, true);
}

const signs: Readonly<Record<string, string>> = { create: "+", update: "~", prune: "-", unknown: "?" };

/** What would change, field by field. */
export function changeLines(changes: readonly ChangeView[]): readonly string[] {
  return changes.flatMap(({ key, action, risk, irreversible, fields }) => {
    if (action === "unchanged") return [];
    const head = `${signs[action] ?? " "} ${key} (${risk} risk${irreversible ? ", cannot be taken back" : ""})`;
    if (action !== "update") return [head];
    return [
      head,
      ...fields.map(({ path, before, after }) => `    ${path}: ${shownValue(before)} → ${shownValue(after)}`),
    ];
  });
}

export function shownPlan(plan: PlanView): readonly string[] {
  const lines = [...changeLines(plan.changes)];
  for (const key of plan.prune) lines.push(`- ${key} (high risk)`);
  for (const { rule, message } of plan.violations) lines.push(`! ${rule}: ${message}`);
  if (lines.length === 0) lines.push("Nothing would change.");
  const next = plan.status === "approved" ? "apply" : "approve";
  const last = plan.violations.length > 0 ? "The policy refuses it." : `Next: sluice cluster ${next} ${plan.id}`;
  return [...lines, "", `Plan ${plan.id} (${plan.status}), hash ${plan.hash.slice(0, 12)}. ${last}`];
}

function shownValue(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
