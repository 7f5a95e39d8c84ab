// Services and circuit breakers: how they are, and closing a breaker by hand.
import { unwrap } from "@sluice/core";
import type { BreakerRecord, WorkerService } from "@sluice/core";
import type { Call } from "../call.ts";
import { done, reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

export function listServices(call: Call): Response {
  call.query().done();
  return reply("json", 200, { services: call.engine.facilities.services.map(shownService) });
}

export async function listBreakers(call: Call): Promise<Response> {
  call.query().done();
  const breakers = await call.engine.facilities.breakers();
  return reply("json", 200, { breakers: breakers.map(shownBreaker) });
}

export async function resetBreaker(call: Call): Promise<Response> {
  await bodyOf(call, []);
  unwrap(await call.engine.facilities.resetBreaker({ by: call.actor, name: call.param(0) }));
  return done();
}

function shownService({ checked, message, ...service }: WorkerService): object {
  return { ...service, checkedAt: checked ?? null, message: message ?? null };
}

function shownBreaker({
  name,
  state,
  failures,
  openUntil,
  opened,
  changedAt,
  failedAt,
  error,
  plan,
}: BreakerRecord): object {
  return {
    name,
    state,
    failures,
    failureThreshold: plan.threshold,
    recoveryTimeoutMs: plan.recovery,
    halfOpenMax: plan.probes,
    openUntil: openUntil === 0 ? null : openUntil,
    openedCount: opened,
    changedAt,
    failedAt: failedAt === 0 ? null : failedAt,
    error: error ?? null,
  };
}
