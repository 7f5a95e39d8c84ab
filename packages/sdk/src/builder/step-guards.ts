// A step whose output is remembered under a key, or that is not tried while a service is known to be down.
import type { StepOptions } from "../context.ts";
import { NonRetryableError } from "../errors.ts";
import type { FlowPlace, FlowRun } from "./flow-run.ts";
import type { StepNode } from "./nodes.ts";
import { errorOf, stepOptions } from "./step-plan.ts";
import type { CircuitBreakerConfig, CronflowContext } from "./types.ts";

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
/** Breakers are shared by all workflows. */
const breakersScope = "cronflow.breakers";

/** Looks at the breaker and tells it what came of it, in the step itself: the journal holds nothing but the step. */
function runBroken(run: FlowRun, node: StepNode, call: Guarded): Promise<unknown> {
  const { circuitBreaker } = node.options;
  if (circuitBreaker === undefined) return run.call(node.name, node.handler, call);
  const { recoveryTimeout = recoveryTimeoutDefault, name = `step-${node.name}` } = circuitBreaker;
  const now = run.ctx.now();
  const guarded = async (c: CronflowContext): Promise<unknown> => {
    const state = run.sharedState(breakersScope);
    const before = (await state.get(name, closed)) as BreakerState;
    if (before.openedAt !== undefined && now < before.openedAt + run.milliseconds(recoveryTimeout))
      throw new NonRetryableError(`Circuit breaker '${name}' is OPEN`, { code: breakerOpenCode });
    try {
      const output = await node.handler(c);
      if (before.failures > 0) await state.set(name, closed);
      return output;
    } catch (thrown) {
      if (counts(circuitBreaker, errorOf(thrown))) await state.set(name, failedOnce(before, circuitBreaker, now));
      throw thrown;
    }
  };
  return run.call(node.name, guarded, call);
}

function failedOnce(
  before: BreakerState,
  { failureThreshold = failureThresholdDefault }: CircuitBreakerConfig,
  now: number,
): BreakerState {
  const failures = before.failures + 1;
  const opens = before.openedAt !== undefined || failures >= failureThreshold;
  return { failures, openedAt: opens ? now : undefined };
}

function counts({ expectedErrors = [] }: CircuitBreakerConfig, error: Error): boolean {
  return expectedErrors.length === 0 || expectedErrors.some((part) => error.message.includes(part));
}
