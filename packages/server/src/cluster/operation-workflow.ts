// An operation as a workflow: its steps are journaled, so that it goes on after a crash where it was, and what it has done is taken back
// in reverse order when it fails or is cancelled. The order of steps is part of the journals of runs that are under way: a change of it
// needs another version beside this one.
import { unwrap } from "@sluice/core";
import type { Result } from "@sluice/core";
import type { ClusterLimits, Operations, Tally } from "@sluice/core/cluster";
import type { Context, StepRetry, Workflow } from "@sluice/sdk";
import { DeniedError, workflow } from "@sluice/sdk";

/** Name that no project's workflow can take. */
export const operationWorkflow = "cluster.operation";
/** Of the steps below. */
export const operationVersion = "cluster-operation-1";

/** The cluster could not be asked: whoever asks again later may. */
const passing = new Set(["cluster_unreachable", "cluster_timeout", "cluster_busy"]);
function isPassing(error: unknown): error is Error {
  return error instanceof Error && "code" in error && passing.has(String(error.code));
}

export type Patience = Pick<ClusterLimits, "operationAttemptsMax" | "operationDelayMs" | "operationDelayMsMax">;

export function retryOf({ operationAttemptsMax, operationDelayMs, operationDelayMsMax }: Patience): StepRetry {
  return { attempts: operationAttemptsMax, delay: operationDelayMs, maxDelay: operationDelayMsMax, when: isPassing };
}
/** Told when a plan has been approved; its key is the plan. */
export const approvedEvent = "cluster.plan.approved";
/** Longest pause between two looks whether it was, should nobody have told. */
export const approvalLook = "5m";
/** Waits end by the component's own time. */
const waitMax = "25h";

interface Input {
  readonly operation: string;
}

type Act<T> = (operation: string, signal: AbortSignal) => Promise<Result<T>>;

/**
 * Does it, and asks when nobody can know what became of it: the cluster has not answered for as long as it was asked. Approved, it is
 * done again, which looks first; denied, the operation is taken back.
 */
export async function settled<T>(ctx: Context, name: string, act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!isPassing(error)) throw error;
      const description = `Nobody knows what became of it: ${error.message} Approve to look and go on, deny to take the operation back.`;
      try {
        await ctx.approve(`${name}: the outcome is unknown`, { description });
      } catch (denied) {
        throw denied instanceof DeniedError ? error : denied;
      }
    }
  }
}

/** Journals from before there were waves of which nobody could know say nothing of them. */
function isOpen({ unknown }: { readonly unknown?: readonly number[] }, wave: number): boolean {
  return unknown?.includes(wave) === true;
}

interface Knowing {
  readonly wave: number;
  readonly step: <T>(name: string, act: Act<T>) => Promise<T>;
  readonly ops: Operations;
}

/** Plans what was unknown of a wave, and waits until somebody has approved that. */
async function approvedOnceKnown(ctx: Context, { wave, step, ops }: Knowing): Promise<void> {
  const plan = await step(`look at what was unknown in wave ${wave}`, (id, signal) => ops.nowKnown(id, wave, signal));
  while (!(await step(`look whether ${plan} is approved`, (id) => ops.isApproved(id, plan))))
    await ctx.waitFor(approvedEvent, { key: plan, timeout: approvalLook, onTimeout: null });
}

/** The workflow over these operations. */
export function makeOperationWorkflow(
  operations: () => Promise<Operations>,
  patience: Patience,
): Workflow<Input, Tally> {
  return workflow({ name: operationWorkflow, retry: retryOf(patience) }, async (ctx: Context, input: Input) => {
    const { operation } = input;
    const tally: Record<string, number> = {};
    const step = async <T>(name: string, act: Act<T>, undo?: Act<unknown>): Promise<T> =>
      settled(ctx, name, () =>
        ctx.step(
          name,
          async ({ signal }) => {
            const result = await act(operation, signal);
            // Noted where it happened: what is undone afterwards cannot know why.
            if (!result.ok && !passing.has(result.error.code))
              await (await operations()).noteReason(operation, result.error.message);
            return unwrap(result);
          },
          {
            timeout: waitMax,
            ...(undo === undefined
              ? {}
              : { undo: async (_result, { signal }) => unwrap(await undo(operation, signal)) }),
          },
        ),
      );
    const ops = await operations();
    const add = (counts: Tally): void => {
      for (const [what, count] of Object.entries(counts)) tally[what] = (tally[what] ?? 0) + count;
    };
    const shape = await step(
      "prepare",
      (id) => ops.shape(id),
      async (id) => {
        await ops.giveUp(id);
        return { ok: true, value: null };
      },
    );
    await step("take over", (id, signal) => ops.takeOver(id, signal));
    for (const wave of shape.waves) {
      if (isOpen(shape, wave)) await approvedOnceKnown(ctx, { wave, step, ops });
      add(
        await step(
          `apply wave ${wave}`,
          (id, signal) => ops.applyWave(id, wave, signal),
          (id, signal) => ops.undoWave(id, wave, signal),
        ),
      );
      await step(`wait for wave ${wave}`, (id, signal) => ops.waitForWave(id, wave, signal));
    }
    if (shape.prune > 0) {
      add(
        await step(
          "prune",
          (id, signal) => ops.prune(id, signal),
          (id, signal) => ops.undoPrune(id, signal),
        ),
      );
    }
    await step("verify", (id, signal) => ops.verify(id, signal));
    await step("finish", (id) => ops.finish(id));
    return tally;
  });
}
