// Why a run that another one calls or starts does not come to be: what the caller's entry fails with.
import type { Refused } from "../kernel/flow.ts";
import type { NewRun } from "../kernel/run-store.ts";

export type ChildRefusal = Refused | { readonly outcome: "conflict" } | { readonly outcome: "id_taken" };

export function childRefusal(
  child: NewRun,
  refused: ChildRefusal,
): { readonly name: string; readonly code: string; readonly message: string; readonly details?: unknown } {
  const name = "SluiceError";
  const { workflow } = child;
  if (refused.outcome === "conflict") {
    const message = `A run of ${workflow} with the key ${child.key ?? ""} was started with another input.`;
    return { name, code: "idempotency_conflict", message };
  }
  if (refused.outcome === "id_taken")
    return { name, code: "run_id_taken", message: `There is already a run with the id ${child.id}.` };
  if (refused.outcome === "queue_full")
    return { name, code: "queue_full", message: `${refused.queued} runs of ${workflow} are waiting already.` };
  const message = `The rate limit of ${workflow} takes no more starts for now.`;
  return { name, code: "rate_limited", message, details: { retryAt: refused.retryAt } };
}
