// Durable values from a workflow: reads and writes are journaled together with their effect.
import { decodeValue, encodeValue, parseDuration } from "@sluice/protocol";
import type { StateOp } from "@sluice/protocol";
import type { Context, StateScope } from "@sluice/sdk";
import type { Caller } from "./caller.ts";

type Request = Pick<StateOp, "verb" | "value" | "amount" | "ttl">;

/** The three scopes of a run. */
export function makeState(caller: Caller): Context["state"] {
  return { run: scopeOf(caller, "run"), workflow: scopeOf(caller, "workflow"), global: scopeOf(caller, "global") };
}

function scopeOf(caller: Caller, scope: StateOp["scope"]): StateScope {
  const ask = (key: string, request: Request): Promise<unknown> =>
    caller.call("state", {
      kind: "state",
      name: `${scope}:${request.verb}:${key}`,
      op: ({ seq, n }) => ({ op: "state", seq, name: `${scope}:${request.verb}:${key}`, n, scope, key, ...request }),
      value: (bytes) => (bytes === undefined ? undefined : decodeValue(bytes)),
    });
  return {
    get: async (key: string, fallback?: unknown) => ((await ask(key, { verb: "get" })) ?? fallback) as never,
    set: async (key, value, options = {}) => {
      const ttl = options.ttl === undefined ? {} : { ttl: parseDuration(options.ttl) };
      await ask(key, { verb: "set", value: encodeValue(value), ...ttl });
    },
    incr: async (key, amount = 1) => (await ask(key, { verb: "incr", amount })) as number,
    delete: async (key) => (await ask(key, { verb: "delete" })) as boolean,
  };
}
