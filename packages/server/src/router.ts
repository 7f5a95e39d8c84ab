// Finds the route of a request by its method and path. Loaded with the first request that is not for a run or the health of the
// process: those are told apart without it.
import { routes } from "@sluice/protocol/http";
import type { RouteName, RouteSpec } from "@sluice/protocol/http";
import { Hono } from "hono/tiny";
import type { Arrival } from "./arrival.ts";

export interface RouterEnds {
  readonly answer: (name: RouteName, arrival: Arrival) => Response | Promise<Response>;
  /** Nothing has this method and path. */
  readonly unmatched: (arrival: Arrival) => Response;
}

export class Router {
  readonly #hono = new Hono<{ Bindings: Arrival }>();

  constructor({ answer, unmatched }: RouterEnds) {
    for (const [name, spec] of Object.entries(routes) as [RouteName, RouteSpec][]) {
      this.#hono.on([...spec.methods], [spec.path], async ({ env }) => answer(name, env));
    }
    this.#hono.notFound(({ env }) => unmatched(env));
    // Failures have one place, which is the caller's.
    this.#hono.onError((error) => {
      throw error;
    });
  }

  route(arrival: Arrival): Response | Promise<Response> {
    return this.#hono.fetch(arrival.request, arrival);
  }
}
