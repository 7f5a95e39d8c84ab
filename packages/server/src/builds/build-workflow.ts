// A build as a workflow: each task that may have to be executed is a step, so that a build that was killed goes on where it was. What
// it does next depends on journaled outcomes alone; which steps there are belongs to the journals of runs: a change of it needs
// another version.
import { hasSucceeded, runTasks } from "@sluice/core/builds";
import type { BuildPlan, Continuing, Journal, TaskOutcome, TaskPerformer } from "@sluice/core/builds";
import type { Context, Workflow } from "@sluice/sdk";
import { workflow } from "@sluice/sdk";
import { buildWorkflow } from "./build-names.ts";
import type { TaskTeller } from "./task-teller.ts";

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
  readonly status: "completed" | "failed" | "cancelled";
  readonly tasks: readonly TaskOutcome[];
}

export interface BuildWork {
  readonly plan: BuildPlan;
  readonly performer: TaskPerformer;
  readonly continuing: Continuing;
  /** What needed nothing to be executed when this process looked. */
  readonly settled: ReadonlyMap<string, TaskOutcome>;
  readonly ended: (outcome: TaskOutcome) => void;
  /** What the workflow has come to, before anybody knows of it. */
  readonly finished?: ((output: BuildOutput) => void) | undefined;
  /** Where somebody else keeps what tasks write. */
  readonly teller?: TaskTeller | undefined;
}

/** What is done as steps of a run. The outcome of a build that fails is the run's output: nothing about it is an error of the run. */
export function makeBuildWorkflow<Input extends BuildInput>(work: BuildWork): Workflow<Input, BuildOutput> {
  const { plan, performer, continuing, settled, teller } = work;
  return workflow({ name: buildWorkflow }, async (ctx: Context, _input: Input): Promise<BuildOutput> => {
    // Of the first process that had this run: later ones find more, and must not take another way for it.
    const hits = await ctx.step("take from the cache", () => {
      teller?.tellHits(ctx);
      return [...settled.values()];
    });
    teller?.planned(ctx, plan.graph.tasks.size, hits.length);
    const within = <T>(name: string, body: () => Promise<T>): Promise<T> =>
      teller === undefined ? body() : teller.within(ctx, name, body);
    const journal: Journal = {
      step: (name, body) =>
        ctx.step(name, ({ signal }) => within(name, () => body(signal)), { retry: { attempts: 1 } }),
    };
    const known = new Map(hits.map((each) => [each.id, each]));
    const ended = (outcome: TaskOutcome): void => {
      if (!known.has(outcome.id)) teller?.ended();
      work.ended(outcome);
    };
    const tasks = await runTasks({ graph: plan.graph, journal, performer, continuing, settled: known, ended });
    const output: BuildOutput = { status: statusOf(tasks), tasks };
    work.finished?.(output);
    return output;
  });
}

function statusOf(tasks: readonly TaskOutcome[]): BuildOutput["status"] {
  if (hasSucceeded(tasks)) return "completed";
  return tasks.some(({ status }) => status === "cancelled") ? "cancelled" : "failed";
}
