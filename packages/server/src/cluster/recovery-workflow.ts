// Failovers and the checks of their plans as workflows. A failover does what the machine says, phase by phase: each is a step, so that a
// run that comes back goes on where it was. The order of steps follows from what came of them, which the journal has.
import { unwrap } from "@sluice/core";
import { begun, next, settle } from "@sluice/core/cluster";
import type { Failovers, Recoveries, State } from "@sluice/core/cluster";
import type { Context, Workflow } from "@sluice/sdk";
import { NonRetryableError, workflow } from "@sluice/sdk";
import { retryOf, settled } from "./operation-workflow.ts";
import type { Patience } from "./operation-workflow.ts";

/** Names that no project's workflow can take. */
export const failoverWorkflow = "cluster.failover";
export const watchWorkflow = "cluster.recovery.watch";

interface FailoverInput {
  readonly failover: string;
  readonly kind: "failover" | "drill";
}
export interface WatchInput {
  readonly recovery: string;
  readonly version: number;
  readonly everyMs: number;
  /** Counts the looks at this reading of the file. */
  readonly look: number;
}

const lookTimeout = "10m";

type Do<T> = (failovers: Failovers) => Promise<T>;

/** The workflow over these recoveries. */
export function makeFailoverWorkflow(
  recoveries: () => Promise<Recoveries>,
  patience: Patience,
): Workflow<FailoverInput, object> {
  return workflow(
    { name: failoverWorkflow, retry: retryOf(patience) },
    async (ctx: Context, { failover, kind }: FailoverInput) => {
      const step = <T>(name: string, act: Do<T>, undo?: Do<unknown>): Promise<T> =>
        settled(ctx, name, () =>
          ctx.step(name, async () => act((await recoveries()).failovers), {
            timeout: lookTimeout,
            ...(undo === undefined ? {} : { undo: async () => void (await undo((await recoveries()).failovers)) }),
          }),
        );
      const takeBack: Do<unknown> = async (failovers) => unwrap(await failovers.takeBack(failover));
      const attempt = await step("read", async (failovers) => unwrap(await failovers.attempt(failover)), takeBack);
      if (kind === "drill")
        await step("begin to write", async (failovers) => unwrap(await failovers.beginDrill(failover)));
      let state: State = begun;
      let paused = false;
      for (;;) {
        const before = state;
        const command = next(attempt, before, paused);
        if (command.act === "end") break;
        if (command.act === "pause") {
          await ctx.sleep(`before ${before.phase} again`, command.ms);
          paused = true;
          continue;
        }
        const phase = command.act;
        state = settle(
          attempt,
          before,
          await step(phase, async (failovers) => unwrap(await failovers.act(failover, before, phase))),
        );
        paused = false;
      }
      const { ended = "failed", broken, exceptions, epoch, loss, proofs } = state;
      const measured =
        kind === "drill" && ended === "completed"
          ? await step("measure", async (failovers) => unwrap(await failovers.measure(failover)))
          : null;
      await step("end", async (failovers) => {
        await failovers.end(failover, ended, state);
        return null;
      });
      if (ended === "completed") return { epoch, exceptions, loss, proofs, measured };
      throw new NonRetryableError(broken === undefined ? "It has failed." : `${broken.rule}: ${broken.reason}`);
    },
  );
}

/** Looks at a failover plan, and sees to it that somebody looks again. It ends when the file has been read anew. */
export function makeWatchWorkflow(
  recoveries: () => Promise<Recoveries>,
  again: (input: WatchInput) => Promise<void>,
): Workflow<WatchInput, object> {
  return workflow(
    { name: watchWorkflow, retry: { attempts: 2, delay: 1_000 } },
    async (ctx: Context, input: WatchInput) => {
      const { recovery, version } = input;
      const ready = await ctx.step("look", async () => {
        const all = await recoveries();
        if ((await all.version(recovery)) !== version) return "read anew";
        const checked = await all.check({ recovery, protect: false });
        // What is in the way is kept where it belongs; the next look is due whatever came of this one.
        return checked.ok ? "looked" : checked.error.message;
      });
      if (ready === "read anew") return { ready };
      await ctx.step("look again later", async () => {
        await again({ ...input, look: input.look + 1 });
        return null;
      });
      return { ready };
    },
  );
}
