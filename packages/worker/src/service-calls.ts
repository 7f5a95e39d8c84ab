// `ctx.services`: every action of the services that a workflow names, as a call that is a step.
import type { CallOptions, CallPolicy, Context, Service, StepContext } from "@sluice/sdk";
import type { Caller } from "./caller.ts";
import { callStep } from "./step-call.ts";
import { planOf } from "./step-plan.ts";
import type { Gate } from "./steps.ts";

type ServiceCall = (input?: unknown, options?: CallOptions<never>) => Promise<unknown>;

/** The services of the workflow that the caller's run is of. */
export function makeServices(caller: Caller): Context["services"] {
  const services = Object.entries(caller.run.workflow.options.services ?? {});
  return Object.fromEntries(services.map(([as, service]) => [as, callsOf(caller, as, service)])) as Context["services"];
}

/** Which actions there are is known when the service runs: until then every name stands for one. */
function callsOf(caller: Caller, as: string, service: Service): Readonly<Record<string, ServiceCall>> {
  const calls = new Map<string, ServiceCall>();
  return new Proxy<Record<string, ServiceCall>>(
    {},
    {
      get(_target, action) {
        // What has a `then` is taken for a promise.
        if (typeof action !== "string" || action === "then") return undefined;
        const known = calls.get(action) ?? callOf(caller, { as, service, action });
        calls.set(action, known);
        return known;
      },
    },
  );
}

function callOf(
  caller: Caller,
  { as, service, action }: { readonly as: string; readonly service: Service; readonly action: string },
): ServiceCall {
  const { host } = caller.run;
  return (input, options = {}) => {
    const refused = caller.refuse(`services.${as}.${action}`);
    if (refused !== undefined) return refused;
    const policy = (): CallPolicy => policyOf(options, host.services.running(service)?.policyOf(action), service);
    const fallback = caller.run.workflow.options.retry;
    const gate: Gate = async () => {
      await host.services.started(service);
      const { circuitBreaker } = policy();
      return circuitBreaker === undefined ? undefined : host.breakers.enter(circuitBreaker);
    };
    // Options that make no sense are refused here, where they are written.
    planOf(options.retry, fallback, options.timeout);
    return callStep(caller, {
      name: options.name ?? `${as}.${action}`,
      body: async (step: StepContext) => (await host.services.started(service)).call(action, input, step),
      undo: options.undo,
      plan: () => {
        const { retry, timeout } = policy();
        return planOf(retry, fallback, timeout);
      },
      gate,
    });
  };
}

/** What the call says comes before what the action says, and that before what the service says. */
function policyOf(call: CallPolicy, action: CallPolicy | undefined, service: CallPolicy): CallPolicy {
  return {
    retry: call.retry ?? action?.retry ?? service.retry,
    timeout: call.timeout ?? action?.timeout ?? service.timeout,
    circuitBreaker: call.circuitBreaker ?? action?.circuitBreaker ?? service.circuitBreaker,
  };
}
