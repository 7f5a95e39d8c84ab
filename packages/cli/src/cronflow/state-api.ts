// Values that outlive runs, as the program sees them: for everybody, and for each workflow.
import type { Duration } from "@sluice/protocol";
import type { Loose } from "@sluice/sdk";
import type { Program } from "./program.ts";
import { sharedState } from "./shared-state.ts";

interface StateStats {
  readonly totalKeys: number;
  /** Expired ones are gone at once: none is ever counted. */
  readonly expiredKeys: number;
  readonly namespace: string;
  readonly dbPath: string;
}

type SetOptions = { readonly ttl?: Duration };

export interface StateApi {
  readonly getGlobalState: (key: string, fallback?: unknown) => Promise<Loose>;
  readonly setGlobalState: (key: string, value: unknown, options?: SetOptions) => Promise<void>;
  readonly incrGlobalState: (key: string, amount?: number) => Promise<number>;
  readonly deleteGlobalState: (key: string) => Promise<boolean>;
  readonly getWorkflowState: (workflowId: string, key: string, fallback?: unknown) => Promise<Loose>;
  readonly setWorkflowState: (
    ...of: readonly [workflowId: string, key: string, value: unknown, options?: SetOptions]
  ) => Promise<void>;
  readonly incrWorkflowState: (workflowId: string, key: string, amount?: number) => Promise<number>;
  readonly deleteWorkflowState: (workflowId: string, key: string) => Promise<boolean>;
  readonly getStateStats: () => Promise<{
    readonly global: StateStats;
    readonly workflows: Readonly<Record<string, StateStats>>;
  }>;
  readonly cleanupExpiredState: () => Promise<{
    readonly global: number;
    readonly workflows: Readonly<Record<string, number>>;
  }>;
}

const pageMax = 1_000;

export function stateApi(program: Program, dbPath: () => string): StateApi {
  const scoped = (scope: string): ReturnType<typeof sharedState> => sharedState(() => program.started().client, scope);
  const of = (workflow: string): ReturnType<typeof sharedState> => scoped(`workflow:${workflow}`);
  const stats = async (scope: string): Promise<StateStats> => ({
    totalKeys: await countKeys(program, scope),
    expiredKeys: 0,
    namespace: scope,
    dbPath: dbPath(),
  });
  return {
    getGlobalState: async (key, fallback): Promise<Loose> => scoped("global").get(key, fallback) as Promise<unknown>,
    setGlobalState: async (key, value, options) => scoped("global").set(key, value, options),
    incrGlobalState: async (key, amount) => scoped("global").incr(key, amount),
    deleteGlobalState: async (key) => scoped("global").delete(key),
    getWorkflowState: async (id, key, fallback): Promise<Loose> => of(id).get(key, fallback) as Promise<unknown>,
    setWorkflowState: async (...[id, key, value, options]) => of(id).set(key, value, options),
    incrWorkflowState: async (id, key, amount) => of(id).incr(key, amount),
    deleteWorkflowState: async (id, key) => of(id).delete(key),
    getStateStats: async () => {
      const ids = [...program.workflows.keys()];
      const each = await Promise.all(ids.map(async (id) => [id, await stats(`workflow:${id}`)] as const));
      return { global: await stats("global"), workflows: Object.fromEntries(each) };
    },
    cleanupExpiredState: async () => {
      // The engine hides what has expired at once and removes it by itself; this only hurries it.
      program.started();
      return { global: 0, workflows: Object.fromEntries([...program.workflows.keys()].map((id) => [id, 0])) };
    },
  };
}

async function countKeys(program: Program, scope: string): Promise<number> {
  const { store } = program.started().engine;
  let total = 0;
  let cursor: string | undefined;
  do {
    const page = await store.listState({ scope, limit: pageMax, now: Date.now(), cursor });
    total += page.entries.length;
    cursor = page.next;
  } while (cursor !== undefined);
  return total;
}
