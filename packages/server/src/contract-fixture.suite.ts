// For tests of the API: requests whose answers are held against the contract.
import { routes } from "@sluice/protocol/http";
import type { RouteName } from "@sluice/protocol/http";
import { contracts, schemas } from "@sluice/protocol/http-schemas";
import type { Answer, HttpFixture } from "./http-fixture.ts";

const json = { "content-type": "application/json" };

interface Question {
  readonly query?: string;
  readonly body?: unknown;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Asks a route, and notes that it was asked. */
export type Ask = (name: RouteName, params?: readonly string[], more?: Question) => Promise<Answer>;

/** Sends, and holds the answer against the contract. Without `authorization` of its own it comes with the fixture's token. */
export function asking(f: () => HttpFixture, visited: Set<RouteName>): Ask {
  return async (name, params = [], more = {}) => {
    const spec = routes[name];
    let at = 0;
    const path = spec.path.replace(/:\w+|\*/g, () => encodeURIComponent(params[at++] ?? ""));
    const method = more.method ?? spec.methods[0];
    const headers = { ...(more.body === undefined ? {} : json), ...more.headers };
    const body = more.body === undefined ? {} : { body: JSON.stringify(more.body) };
    const answer = await f().send(path + (more.query ?? ""), { method, headers, ...body });
    visited.add(name);
    const contract = answer.status >= 400 ? { body: "Failure" as const } : contracts[name].responses[answer.status];
    if (contract === undefined) throw new Error(`${name} answered ${answer.status}, which its contract does not have`);
    if (contract.body !== undefined && typeof answer.body === "object") {
      const parsed = schemas[contract.body].safeParse(answer.body);
      if (!parsed.success) throw new Error(`${name}: ${parsed.error.message}\n${JSON.stringify(answer.body)}`);
    }
    return answer;
  };
}

/** Routes for which anything, or nothing at all, may be what somebody means. */
export const takesAnything: ReadonlySet<RouteName> = new Set([
  "setState",
  "sendEvent",
  "bootstrapComponents",
  "beginBuild",
]);
