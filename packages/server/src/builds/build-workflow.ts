// A build as a workflow: each task that may have to be executed is a step, so that a build that was killed goes on where it was. What
// it does next depends on journaled outcomes alone; which steps there are belongs to the journals of runs: a change of it needs
// another version.
import { hasSucceeded, runTasks } from "@sluice/core/builds";
import type { BuildPlan, Continuing, Journal, TaskOutcome, TaskPerformer } from "@sluice/core/builds";
import type { Context, Workflow } from "@sluice/sdk";
import { workflow } from "@sluice/sdk";

/** Name that no project's workflow can take. */
export const buildWorkflow = "build.run";
const stepsVersion = "build-1";

/** Runs of a version go only to who builds the same from the same. */
export function versionFor(fingerprint: string): string {
  return `${stepsVersion}-${fingerprint.slice(0, 16)}`;
}

export interface BuildInput {
  readonly root: string;
  readonly tasks: readonly string[];
  readonly fingerprint: string;
}

export interface BuildOutput {
  readonly status: "completed" | "failed";
  readonly tasks: readonly TaskOutcome[];
}

export interface BuildWork {
  readonly plan: BuildPlan;
  readonly performer: TaskPerformer;
  readonly continuing: Continuing;
  /** What needed nothing to be executed when this process looked. */
  readonly settled: ReadonlyMap<string, TaskOutcome>;
  readonly ended: (outcome: TaskOutcome) => void;
}

/** What is done as steps of a run. The outcome of a build that fails is the run's output: nothing about it is an error of the run. */
export function makeBuildWorkflow({
  plan,
  performer,
  continuing,
  settled,
  ended,
}: BuildWork): Workflow<BuildInput, BuildOutput> {
  return workflow({ name: buildWorkflow }, async (ctx: Context, _input: BuildInput): Promise<BuildOutput> => {
    // Of the first process that had this run: later ones find more, and must not take another way for it.
    const hits = await ctx.step("take from the cache", () => [...settled.values()]);
    const journal: Journal = {
      step: (name, body) => ctx.step(name, ({ signal }) => body(signal), { retry: { attempts: 1 } }),
    };
    const known = new Map(hits.map((each) => [each.id, each]));
    const tasks = await runTasks({ graph: plan.graph, journal, performer, continuing, settled: known, ended });
    return { status: hasSucceeded(tasks) ? "completed" : "failed", tasks };
  });
}
