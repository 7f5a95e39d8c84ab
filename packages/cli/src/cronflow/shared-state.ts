// Values shared by the runs of a workflow, from outside a run: from the program and from inside its steps.
import { SluiceError } from "@sluice/protocol";
import type { Duration } from "@sluice/protocol";
import type { Client, FlowState } from "@sluice/sdk";

/** How often a sum is tried anew when others were quicker. */
const incrTriesMax = 100;

/** Adds to a number of the scope; the sum. */
export type Add = (key: string, amount: number) => Promise<number>;

/** The values of a scope: `global`, or `workflow:ID`. `add`: another way to add to a number. */
export function sharedState(client: () => Client, scope: string, add?: Add): FlowState {
  return {
    get: async (key: string, fallback?: unknown) => {
      const entry = await client().state.get(scope, key);
      return entry === undefined ? fallback : entry.value;
    },
    set: async (key: string, value: unknown, options: { readonly ttl?: Duration } = {}) => {
      await client().state.set(scope, key, value, options.ttl === undefined ? {} : { ttl: options.ttl });
    },
    incr: (key: string, amount = 1) => add?.(key, amount) ?? increased(client(), [scope, key], amount),
    delete: (key: string) => client().state.delete(scope, key),
  };
}

/** Adds to a number: from the version that was read, or not at all. */
async function increased(client: Client, [scope, key]: readonly [string, string], amount: number): Promise<number> {
  for (let tries = 0; tries < incrTriesMax; tries++) {
    const entry = await client.state.get(scope, key);
    const before = entry?.value ?? 0;
    if (typeof before !== "number") {
      throw new SluiceError({
        code: "bad_request",
        message: `The value of ${JSON.stringify(key)} is no number: nothing can be added to it.`,
      });
    }
    const ttl = entry?.expiresAt === undefined || entry.expiresAt === null ? {} : { ttl: entry.expiresAt - Date.now() };
    try {
      await client.state.set(scope, key, before + amount, { ifVersion: entry?.version ?? 0, ...ttl });
      return before + amount;
    } catch (error) {
      if (!(error instanceof SluiceError) || error.code !== "state_version_conflict") throw error;
    }
  }
  throw new SluiceError({
    code: "state_version_conflict",
    message: `${JSON.stringify(key)} changed ${incrTriesMax} times while something was to be added to it.`,
  });
}
