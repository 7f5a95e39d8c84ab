// Records a build in which nothing had to be executed: it is a run like any other, which the server carries out itself.
import type { TaskOutcome } from "@sluice/core/builds";
import type { Engine } from "@sluice/core";
import type { Context, Workflow } from "@sluice/sdk";
import { workflow } from "@sluice/sdk";
import { attachInProcess, manifestOf, systemWorkerClock, workerLimits } from "@sluice/worker";
import { AsyncStepScope } from "@sluice/worker/step-scope";
import { buildWorkflow, settledVersion } from "./build-names.ts";

interface SettledInput {
  readonly settled?: readonly TaskOutcome[];
}

/** Makes the engine know builds, and carry out those in which nothing is to be done. */
export function attachSettledBuilds(engine: Engine): void {
  if (engine.deployments.workflow(buildWorkflow) !== undefined) return;
  const settled: Workflow = workflow({ name: buildWorkflow }, async (_ctx: Context, input: SettledInput) => ({
    status: "completed",
    tasks: input.settled ?? [],
  }));
  engine.deployments.addBuiltIn(settledVersion, manifestOf([settled]));
  const worker = attachInProcess(engine, {
    id: "settled-builds",
    version: settledVersion,
    workflows: [settled],
    clock: systemWorkerClock,
    limits: workerLimits,
    stepScope: new AsyncStepScope(),
  });
  worker.deploy();
}
