// For tests of triggers: an engine on simulated time, and workflows that show what they were given.
import { decodeValue } from "@sluice/protocol";
import { workflow } from "@sluice/sdk";
import type { StandardSchemaV1, Workflow } from "@sluice/sdk";
import { MemoryRunStore } from "../store/memory/index.ts";
import { SimulatedClock } from "../testing/simulated-clock.ts";
import { EngineFixture } from "./engine-fixture.suite.ts";
import type { FixtureOptions } from "./engine-fixture.suite.ts";

export const begin = Date.UTC(2026, 0, 1);

/** A workflow that returns its input. */
export function echo(
  name: string,
  triggers: NonNullable<Workflow["options"]["triggers"]>,
  input?: StandardSchemaV1,
): Workflow {
  const same = async (_ctx: unknown, given: unknown): Promise<unknown> => given;
  return input === undefined ? workflow<unknown>({ name, triggers }, same) : workflow({ name, triggers, input }, same);
}

/** Inputs of all runs, oldest first. */
export async function inputsOf(store: MemoryRunStore): Promise<unknown[]> {
  const { runs } = await store.listRuns({ filter: {}, limit: 1_000 });
  return runs.map((run) => decodeValue(run.input)).toReversed();
}

/** An engine on simulated time. */
export async function make(workflows: readonly Workflow[], more: Partial<FixtureOptions> = {}) {
  const clock = new SimulatedClock(begin);
  const store = new MemoryRunStore();
  const fixture = await EngineFixture.start({ workflows, clock, store, ...more });
  return { clock, store, fixture };
}

/** Takes `{ n }` and makes it ten times as much. */
export const numbers: StandardSchemaV1<unknown, { n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { n } = (value ?? {}) as { n?: unknown };
      return typeof n === "number"
        ? { value: { n: n * 10 } }
        : { issues: [{ message: "is not a number", path: ["n"] }] };
    },
  },
};
