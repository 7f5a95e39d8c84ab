// An action of a service called from inside of a step, as part of its attempt: what chained flows do, whose functions are steps.
import { parseDuration } from "@sluice/protocol";
import { TimeoutError } from "@sluice/sdk";
import type { Service, StepContext } from "@sluice/sdk";
import type { Incarnation } from "./incarnation.ts";

/**
 * Starts the service unless it runs, and calls the action. Action and service say how long it may take; the attempt around it
 * is what is tried again, and what a circuit breaker counts.
 */
export async function callWithin(
  { host }: Incarnation,
  step: StepContext,
  [service, action, input]: readonly [service: Service, action: string, input: unknown],
): Promise<unknown> {
  const running = await host.services.started(service);
  const timeout = running.policyOf(action).timeout ?? service.timeout;
  if (timeout === undefined) return running.call(action, input, step);
  const timeoutMs = parseDuration(timeout);
  const late = new AbortController();
  const signal = AbortSignal.any([step.signal, late.signal]);
  const { idempotencyKey, attempt, traceparent, secret } = step;
  const call = running.call(action, input, { idempotencyKey, attempt, traceparent, secret, signal });
  return new Promise((resolve, reject) => {
    const cancel = host.clock.after(timeoutMs, () => {
      const error = new TimeoutError(`${service.id}.${action} took longer than ${timeoutMs} ms.`);
      late.abort(error);
      reject(error);
    });
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- passed on as it came
    void call.then(resolve, (error: unknown) => reject(error)).finally(cancel);
  });
}
