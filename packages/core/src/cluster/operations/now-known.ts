// What a plan could not show, such as an object whose namespace it makes itself, is planned again when its wave comes, and approved once it
// is known. The plan of that has an id of its own that follows from operation and wave, so that doing it again makes no second one.
import { decodeValue, encodeValue } from "@sluice/protocol";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { keyOf, refOf } from "../objects.ts";
import { eachOf } from "../plans/each-of.ts";
import { byRisk, planHash } from "../plans/plan.ts";
import type { PlanContent, PlannedChange } from "../plans/plan.ts";
import { look } from "../plans/planner.ts";
import { judge } from "../plans/policy.ts";
import { withSecrets } from "../plans/secret-values.ts";
import { waveOf } from "../plans/waves.ts";
import type { Held, OperationsOptions } from "./operation.ts";

type Desk = Pick<OperationsOptions, "store" | "clock" | "limits" | "sha256">;

function idOf(operation: string, wave: number): string {
  return `${operation.replace(/^op_/, "plan_")}-wave${wave}`;
}

/** Asks the cluster about the objects of a wave that nobody could know about, and keeps the answer to be approved; its id. */
export async function planNowKnown(held: Held, wave: number, desk: Desk): Promise<Result<string>> {
  const { operation, component, intent, content, secrets, writing, plan } = held;
  const { store, clock, limits, sha256 } = desk;
  const id = idOf(operation.id, wave);
  const kept = await store.getPlan({ plan: id });
  if (kept !== undefined) return ok(id);
  const open = new Set(content.changes.flatMap(({ key, action }) => (action === "unknown" ? [key] : [])));
  const objects = intent.objects.filter((object) => waveOf(object) === wave && open.has(keyOf(refOf(object))));
  const spec = { name: component.name };
  const { resources } = writing;
  const looked = await eachOf(objects, limits.applyConcurrency, (object) =>
    look(withSecrets(object, secrets), { spec, resources, sha256 }, []),
  );
  const failed = looked.find((each) => !each.ok);
  if (failed?.ok === false) return failed;
  const found = looked.flatMap((each) => (each.ok ? [each.value] : []));
  const changes = byRisk(found.map(({ change }) => change));
  const { policy } = intent.policy as Pick<Parameters<typeof judge>[0]["spec"], "policy">;
  // How much is changed at once was judged with the whole plan.
  const { objectsMax: _objectsMax, ...rules } = policy;
  const judged = judge({ spec: { policy: rules }, objects, changes, pruned: 0, minor: undefined });
  const violations = [
    ...found.flatMap((each) => each.violations),
    ...judged.filter(({ rule }) => rule !== "removed-api"),
  ];
  if (violations.length > 0) {
    const said = violations.map(({ rule, message }) => `${rule}: ${message}`).join(" ");
    return fail({ code: "plan_refused", message: `Now that it is known, wave ${wave} breaks the policy: ${said}` });
  }
  const { hash: _hash, ...before } = content;
  const body = { ...before, kind: "known" as const, changes, prune: [], violations: [] };
  const part = { ...intent, objects };
  const now = clock.now();
  const record = {
    id,
    component: component.name,
    cluster: component.cluster,
    kind: "known" as const,
    hash: planHash({ ...body, intent: part, secrets: "" }, sha256),
    person: plan.person,
    approval: plan.approval,
    createdAt: now,
    expiresAt: now + limits.planTtlMs,
  };
  const { hash } = record;
  const stored = { ...record, content: encodeValue({ ...body, hash }), intent: encodeValue(part) };
  await store.createPlan({ by: operation.by, plan: stored, now });
  return ok(id);
}

/** Whether somebody has approved it; a failure when nobody did in time. */
export async function isApproved(
  id: string,
  { store, clock }: Pick<Desk, "store" | "clock">,
): Promise<Result<boolean>> {
  const plan = await store.getPlan({ plan: id });
  if (plan?.status === "approved" || plan?.status === "applied") return ok(true);
  if (plan !== undefined && plan.expiresAt > clock.now()) return ok(false);
  return fail({
    code: "plan_expired",
    message: `Nobody approved ${id} in time.`,
    hint: "Make a new plan: the cluster may have changed.",
  });
}

/** What was approved of a wave once it was known. */
export async function changesNowKnown(
  { operation }: Pick<Held, "operation">,
  wave: number,
  { store }: Pick<Desk, "store">,
): Promise<readonly PlannedChange[]> {
  const plan = await store.getPlan({ plan: idOf(operation.id, wave) });
  return plan?.status === "approved" ? (decodeValue(plan.content) as PlanContent).changes : [];
}
