// `ctx.transaction`: a step whose effect and checkpoint commit together in the user's own database.
import { isService } from "@sluice/sdk";
import type { StepContext, TransactionOptions } from "@sluice/sdk";
import type { Caller } from "./caller.ts";
import { callStep } from "./step-call.ts";
import { planOf } from "./step-plan.ts";
import type { Gate } from "./steps.ts";

export interface Transaction {
  readonly db: unknown;
  readonly body: (tx: never, step: StepContext) => unknown;
  readonly options: TransactionOptions<never>;
}

/** Makes the call. */
export function transact(caller: Caller, { db, body, options }: Transaction): Promise<unknown> {
  const refused = caller.refuse("transaction");
  if (refused !== undefined) return refused;
  const { host, workflow } = caller.run;
  const { circuitBreaker, undo, name = "transaction" } = options;
  const plan = planOf(options.retry, workflow.options.retry, options.timeout);
  const behind = circuitBreaker === undefined ? undefined : host.breakers.gate(circuitBreaker);
  const gate: Gate | undefined = isService(db)
    ? async () => {
        await host.services.started(db);
        return behind?.();
      }
    : behind;
  return callStep(caller, {
    name,
    body: async (step) => {
      const handle = isService(db) ? (await host.services.started(db)).database : db;
      return host.checkpoints.run(handle, { key: step.idempotencyKey, body: (tx) => body(tx, step) });
    },
    undo,
    plan: () => plan,
    gate,
  });
}
