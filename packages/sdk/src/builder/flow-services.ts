// What a flow has as `ctx.services`: plain objects of functions as cronflow has them, and services that the worker starts.
import { SluiceError } from "@sluice/protocol";
import type { StepContext } from "../context.ts";
import { callService, isService } from "../service.ts";
import type { Service, Services } from "../service.ts";
import type { DefineOptions, Loose } from "./types.ts";

/** Services by their names in the flow: ids where they are a list. */
export function servicesByName(services: DefineOptions["services"]): Readonly<Record<string, unknown>> {
  if (services === undefined) return {};
  if (!isList(services)) return services;
  return Object.fromEntries(services.map((service) => [service.id, service]));
}

type Given = NonNullable<DefineOptions["services"]>;

/** Those that the engine is told of. */
export function startedServices(services: DefineOptions["services"]): Services {
  const all = Object.entries(servicesByName(services));
  return Object.fromEntries(all.filter((entry): entry is [string, Service] => isService(entry[1])));
}

/** The services as the functions of one attempt see them. */
export function servicesWithin(
  services: DefineOptions["services"],
  step: StepContext,
): Readonly<Record<string, Loose>> {
  const all = Object.entries(servicesByName(services));
  return Object.fromEntries(
    all.map(([name, service]) => [name, isService(service) ? actionsWithin(service, step) : actionsOf(service)]),
  );
}

/** Which actions there are is known when the service runs: until then every name stands for one. */
function actionsWithin(service: Service, step: StepContext): Loose {
  return new Proxy<Record<string, unknown>>(
    {},
    {
      get(_target, action) {
        // What has a `then` is taken for a promise.
        if (typeof action !== "string" || action === "then") return undefined;
        return (input?: unknown) => step[callService]?.(service, action, input) ?? noService(service);
      },
    },
  );
}

function noService({ id }: Service): Promise<never> {
  const message = `A hook of a run that has ended cannot call the service ${id}; call it in a step.`;
  return Promise.reject(new SluiceError({ code: "bad_request", message }));
}

function actionsOf(service: unknown): unknown {
  if (typeof service !== "object" || service === null || !("actions" in service)) return service;
  const { actions } = service;
  return typeof actions === "object" && actions !== null ? { ...service, ...actions } : service;
}

function isList(services: Given): services is Extract<Given, readonly unknown[]> {
  return Array.isArray(services);
}
