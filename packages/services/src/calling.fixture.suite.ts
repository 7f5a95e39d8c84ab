// For tests of this package only: a service under the real engine and worker, on virtual time, called as workflows call it.
import { workflow } from "sluice";
import type { RunHandle, Service } from "sluice";
import { testEngine } from "sluice/testing";
import type { TestEngine } from "sluice/testing";

export interface Calling extends AsyncDisposable {
  readonly engine: TestEngine;
  /** The result of one call, with every attempt that its policy allows. */
  call<T>(action: string, input?: unknown): Promise<T>;
}

interface Asked {
  readonly action: string;
  readonly input: unknown;
}

/** Starts an engine whose one workflow calls the service. */
export async function calling(service: Service, secrets: Readonly<Record<string, string>> = {}): Promise<Calling> {
  const flow = workflow({ name: "call", services: { it: service } }, async (ctx, { action, input }: Asked) => {
    const actions = ctx.services.it as unknown as Readonly<
      Record<string, (input: unknown, options: object) => Promise<unknown>>
    >;
    // What is on the way out there takes real time, while virtual time leaps to the next attempt.
    return actions[action]?.(input, { timeout: "365 days" });
  });
  const engine = await testEngine({ workflows: [flow], secrets });
  return {
    engine,
    async call<T>(action: string, input?: unknown): Promise<T> {
      const run = await engine.start(flow, { action, input });
      return (await resultOf(engine, run)) as T;
    },
    [Symbol.asyncDispose]: () => engine.close(),
  };
}

/** The result of a run whose steps wait for each other and for the world outside. */
async function resultOf(engine: TestEngine, run: RunHandle): Promise<unknown> {
  const result = run.result();
  const over = result.then(
    () => true,
    () => true,
  );
  // Time passes only while nothing but the next attempt is waited for.
  for (let ended = false; !ended;) {
    if ((await run.get()).status === "waiting") await engine.advance("1m");
    const turn = new Promise<boolean>((resolve) => void setImmediate(() => resolve(false)));
    ended = await Promise.race([over, turn]);
  }
  return result;
}
