// A step whose output is remembered under a key, or that is not tried while a service is known to be down.
import type { StepOptions } from "../context.ts";
import { NonRetryableError } from "../errors.ts";
import type { FlowPlace, FlowRun } from "./flow-run.ts";
import type { StepNode } from "./nodes.ts";
import { errorOf, stepOptions } from "./step-plan.ts";
import type { CircuitBreakerConfig } from "./types.ts";

const breakerKeyPrefix = "cronflow.breaker/";
const failureThresholdDefault = 5;
const recoveryTimeoutDefault = "30s";

/** Code of the error of a step that was not tried. */
const breakerOpenCode = "circuit_open";

export async function runGuarded(run: FlowRun, node: StepNode, place: FlowPlace): Promise<unknown> {
  const { cache } = node.options;
  const options = stepOptions(node.options);
  if (cache === undefined) return runBroken(run, node, { place, options });
  // What the key is made of may differ on a replay: it is a result too.
  const key = String(await run.call(`${node.name}: cache key`, cache.key, { place }));
  return runBroken(run, node, { place, options: { ...options, cache: { key, ttl: cache.ttl } } });
}

interface Guarded {
  readonly place: FlowPlace;
  readonly options: StepOptions<unknown>;
}

interface BreakerState {
  readonly failures: number;
  /** Milliseconds since 1970; undefined while it is closed. */
  readonly openedAt: number | undefined;
}

const closed: BreakerState = { failures: 0, openedAt: undefined };

async function runBroken(run: FlowRun, node: StepNode, call: Guarded): Promise<unknown> {
  const { circuitBreaker } = node.options;
  if (circuitBreaker === undefined) return run.call(node.name, node.handler, call);
  const { recoveryTimeout = recoveryTimeoutDefault, name = `step-${node.name}` } = circuitBreaker;
  const key = breakerKeyPrefix + name;
  const { state } = run.ctx;
  const before = await state.global.get<BreakerState>(key, closed);
  if (before.openedAt !== undefined && run.ctx.now() < before.openedAt + run.milliseconds(recoveryTimeout))
    throw new NonRetryableError(`Circuit breaker '${name}' is OPEN`, { code: breakerOpenCode });
  try {
    const output = await run.call(node.name, node.handler, call);
    if (before.failures > 0) await state.global.set(key, closed);
    return output;
  } catch (thrown) {
    if (!run.ctx.signal.aborted && counts(circuitBreaker, errorOf(thrown))) await noteFailure(run, key, circuitBreaker);
    throw thrown;
  }
}

async function noteFailure(
  run: FlowRun,
  key: string,
  { failureThreshold = failureThresholdDefault }: CircuitBreakerConfig,
): Promise<void> {
  const { state } = run.ctx;
  const now = await state.global.get<BreakerState>(key, closed);
  const failures = now.failures + 1;
  const opens = now.openedAt !== undefined || failures >= failureThreshold;
  await state.global.set(key, { failures, openedAt: opens ? run.ctx.now() : undefined });
}

function counts({ expectedErrors = [] }: CircuitBreakerConfig, error: Error): boolean {
  return expectedErrors.length === 0 || expectedErrors.some((part) => error.message.includes(part));
}
