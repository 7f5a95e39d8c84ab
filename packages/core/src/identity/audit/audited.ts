// Actions that are no rows of the store: what is about to be done is written before, what became of it behind. Whatever ends the
// process in between, the trail says that it was begun.
import { toWire } from "@sluice/protocol";
import type { AuditLog, AuditNote } from "../../kernel/audit-log.ts";
import type { Clock } from "../../kernel/clock.ts";

/** What is about to be done, by whom, on what. */
export type Intent = Pick<AuditNote, "by" | "action" | "target" | "workflow" | "before" | "after">;

export interface IntentWriter {
  readonly log: Pick<AuditLog, "recordAudit">;
  readonly clock: Pick<Clock, "now">;
}

/** An intent that was written. One of the two is to be called, once. */
export interface StatedIntent {
  /** Number of its row. */
  readonly seq: number;
  /** It was done. `after`: what it came to, small. */
  done(after?: object): Promise<void>;
  /** It was not, or not wholly. The row names the error's code. */
  failed(error: unknown): Promise<void>;
}

/** Writes an intent; durable when it answers. */
export async function stateIntent({ log, clock }: IntentWriter, intent: Intent): Promise<StatedIntent> {
  const { seq } = await log.recordAudit({ note: { ...intent, at: clock.now(), outcome: "intended" } });
  const { by, action, target, workflow, after: planned } = intent;
  const told = async (outcome: Pick<AuditNote, "outcome" | "reason" | "after">): Promise<void> => {
    await log.recordAudit({ note: { by, action, target, workflow, ...outcome, at: clock.now(), intent: seq } });
  };
  return {
    seq,
    done: (after) => told({ outcome: "done", after: after === undefined ? planned : JSON.stringify(after) }),
    failed: (error) => told({ outcome: "failed", reason: toWire(error).code }),
  };
}

/** Does something between its intent and its outcome. `result` says what of the answer the trail keeps. */
export async function audited<T>(
  writer: IntentWriter,
  intent: Intent,
  { action, result }: { readonly action: () => Promise<T>; readonly result?: (answer: T) => object },
): Promise<T> {
  const stated = await stateIntent(writer, intent);
  let answer: T;
  try {
    answer = await action();
  } catch (error) {
    await stated.failed(error);
    throw error;
  }
  await stated.done(result?.(answer));
  return answer;
}
