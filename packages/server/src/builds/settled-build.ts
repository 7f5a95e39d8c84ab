// The server's own workflows of builds: one records a build in which nothing had to be executed, which is a run like any other; the
// other begins a build of the workspace that the server runs over, for whoever cannot carry it out.
import type { TaskOutcome } from "@sluice/core/builds";
import type { Engine } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import type { Context, Workflow } from "@sluice/sdk";
import { workflow } from "@sluice/sdk";
import { attachInProcess, systemWorkerClock, workerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { buildWorkflow, ownManifests, settledVersion, startWorkflow } from "./build-names.ts";

interface SettledInput {
  readonly settled?: readonly TaskOutcome[];
}

/** What is to be built. */
export interface StartInput {
  /** Of the workspace; the one that the server runs over without it. */
  readonly root: string | null;
  readonly tasks: readonly string[];
  readonly filters: readonly string[];
  readonly force: boolean;
  readonly args: readonly string[];
}

export interface StartedBuild {
  readonly run: string;
  readonly status: "completed" | "failed" | "cancelled";
  readonly tasks: readonly Pick<TaskOutcome, "id" | "status" | "cache" | "hash" | "durationMs" | "why">[];
}

/** Carries a build out in a process of its own. Throws where there is nothing to build, or it cannot be. */
export type BuildStarter = (input: StartInput, signal: AbortSignal) => Promise<StartedBuild>;

/** Brings up the code of these workflows, once for an engine. `start`: without it this server begins none. */
export function attachSettledBuilds(engine: Engine, start?: BuildStarter): void {
  if (engine.deployments.withVersion(settledVersion) !== undefined) return;
  const settled: Workflow = workflow({ name: buildWorkflow }, async (_ctx: Context, input: SettledInput) => ({
    status: "completed",
    tasks: input.settled ?? [],
  }));
  const begun: Workflow = workflow({ name: startWorkflow }, async (ctx: Context, input: Partial<StartInput> | null) => {
    if (start === undefined) throw nowhere();
    const wish = wishOf(input);
    // Another attempt goes on with the run of the one before.
    const { status, run, tasks } = await ctx.step("build", ({ signal }) => start(wish, signal), {
      retry: { attempts: 1 },
    });
    if (status === "completed") return { run, tasks };
    const failed = tasks
      .filter((task) => task.status === "failed")
      .map(({ id, why }) => `${id}: ${why ?? "it failed"}`);
    throw new SluiceError({
      code: "workflow_failed",
      message: `The build ${run} ${status === "failed" ? "failed" : "was cancelled"}${failed.length === 0 ? "." : ` (${failed.join("; ")}).`}`,
      details: { run },
    });
  });
  engine.deployments.addBuiltIn(settledVersion, ownManifests);
  const worker = attachInProcess(engine, {
    id: "own-builds",
    version: settledVersion,
    workflows: [settled, begun],
    clock: systemWorkerClock,
    limits: workerLimits,
    stepScope: new AsyncStepScope(),
  });
  worker.deploy();
}

function wishOf(input: Partial<StartInput> | null): StartInput {
  const { tasks = ["build"], filters = [], force = false, args = [], root = null } = input ?? {};
  const isTexts = (value: unknown): value is readonly string[] =>
    Array.isArray(value) && value.every((each) => typeof each === "string");
  const isPlace = root === null || typeof root === "string";
  if (isTexts(tasks) && isTexts(filters) && isTexts(args) && typeof force === "boolean" && isPlace)
    return { tasks: tasks.length === 0 ? ["build"] : tasks, filters, force, args, root };
  throw new SluiceError({
    code: "invalid_input",
    message: "A build takes tasks, filters and args, lists of texts, force, true or false, and root, a folder.",
  });
}

function nowhere(): SluiceError {
  return new SluiceError({
    code: "unavailable",
    message: "This server begins no builds.",
    hint: "One that was started with `sluice up` builds the workspace of its project.",
  });
}
