// Load at a constant rate of arrivals, whatever the server does. Each answer is timed from when its request was due, so that
// what waits behind a slow one, here or there, is not left out.

import { within } from "../clock.ts";
import type { HttpClient } from "../http-client.ts";

const LEAD_MS = 5;
const TICK_MS = 1;
/** The last answers have to be there so long after the last request was due. */
const DRAIN_MS_MAX = 20_000;

export interface OpenLoop {
  readonly client: HttpClient;
  /** Paths to get, in turn. */
  readonly paths: readonly string[];
  readonly perSecond: number;
  readonly seconds: number;
}

export interface Timings {
  /** Milliseconds from due to answered, by path. */
  readonly answeredMs: Readonly<Record<string, readonly number[]>>;
  /** Milliseconds from due to sent, of all: what the load itself was late by. Part of the times above. */
  readonly sentLateMs: readonly number[];
}

/** Rejects when an answer is not 200, a connection breaks, or answers stay out. */
export async function runOpenLoop(load: OpenLoop): Promise<Timings> {
  const { client, paths, perSecond, seconds } = load;
  const answeredMs: Record<string, number[]> = Object.fromEntries(paths.map((path) => [path, []]));
  const sentLateMs: number[] = [];
  const ask = async (index: number, dueMs: number): Promise<void> => {
    const path = paths[index % paths.length] ?? "";
    sentLateMs.push(performance.now() - dueMs);
    const { status, body } = await client.request("GET", path);
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${body.slice(0, 300)}`);
    answeredMs[path]?.push(performance.now() - dueMs);
  };
  await arrive({ perSecond, count: Math.round(perSecond * seconds), ask });
  return { answeredMs, sentLateMs };
}

interface Arrivals {
  readonly perSecond: number;
  readonly count: number;
  /** Called for each arrival at the first tick after it was due, with how many came before it and when it was due. */
  readonly ask: (index: number, dueMs: number) => Promise<void>;
  /** No further ones once this is aborted. */
  readonly signal?: AbortSignal;
}

/** Calls `ask` at a constant rate, however long earlier calls take; resolves when all of them have. Rejects with the first error. */
export async function arrive({ perSecond, count, ask, signal }: Arrivals): Promise<void> {
  const eachMs = 1_000 / perSecond;
  const startMs = performance.now() + LEAD_MS;
  const all = Promise.withResolvers<void>();
  let asked = 0;
  let open = 0;
  const finished = (): boolean => asked === count || signal?.aborted === true;
  const settle = (): void => {
    open -= 1;
    if (finished() && open === 0) all.resolve();
  };
  const tick = (): void => {
    const nowMs = performance.now();
    for (let dueMs = startMs + asked * eachMs; !finished() && dueMs <= nowMs; dueMs += eachMs) {
      open += 1;
      ask(asked, dueMs).then(settle, all.reject);
      asked += 1;
    }
    if (!finished()) setTimeout(tick, TICK_MS);
    else if (open === 0) all.resolve();
  };
  setTimeout(tick, TICK_MS);
  await within(count * eachMs + DRAIN_MS_MAX, `${count} requests at ${perSecond}/s`, all.promise);
}
