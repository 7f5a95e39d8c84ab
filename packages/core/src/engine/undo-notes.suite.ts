// What tests of undos share: steps that note what is done and undone, and an engine that executes them.
import type { Context, StepContext, workflow } from "@sluice/sdk";
import { EngineFixture } from "./engine-fixture.suite.ts";
import type { FixtureOptions } from "./engine-fixture.suite.ts";

/** Steps with undos that note what happens to them. */
export class Notes {
  readonly lines: string[] = [];
  readonly keys = new Map<string, string[]>();

  step(ctx: Context, name: string, body: (step: StepContext) => unknown = () => `result of ${name}`): Promise<unknown> {
    const run = (step: StepContext): unknown => {
      this.lines.push(`do ${name}`);
      this.#key(`do ${name}`, step);
      return body(step);
    };
    const undo = (result: unknown, step: StepContext): void => {
      this.lines.push(`undo ${name}: ${String(result)}${step.signal.aborted ? " (aborted)" : ""}`);
      this.#key(`undo ${name}`, step);
    };
    return ctx.step(name, run, { undo });
  }

  #key(what: string, { idempotencyKey }: StepContext): void {
    const keys = this.keys.get(what) ?? [];
    keys.push(idempotencyKey);
    this.keys.set(what, keys);
  }
}

export const never = (): Promise<never> => new Promise(() => undefined);

export async function started(flow: ReturnType<typeof workflow>, options: Partial<FixtureOptions> = {}) {
  const f = await EngineFixture.start({ workflows: [flow], workerLimits: { cancelGraceMs: 5 }, ...options });
  return { f, run: await f.run(flow) };
}
