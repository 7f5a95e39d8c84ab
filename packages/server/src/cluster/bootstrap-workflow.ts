// Brings components up as a run: each is planned and applied once all that it stands on is up, as many at once as there are. What is up and
// as it is declared is left alone, so that doing it again, or going on after a crash, does only what is left.
import { unwrap } from "@sluice/core";
import type { Actor } from "@sluice/core";
import type { Clusters } from "@sluice/core/cluster";
import type { Context, Workflow } from "@sluice/sdk";
import { NonRetryableError, workflow } from "@sluice/sdk";
import { approvalLook, approvedEvent, retryOf } from "./operation-workflow.ts";
import type { Patience } from "./operation-workflow.ts";

/** Name that no project's workflow can take. */
export const bootstrapWorkflow = "cluster.bootstrap";

/** Pauses between looks at an operation: doubled from the first to the longest. */
const lookMs = 500;
const lookMsMax = 10_000;

export interface BootstrapInput {
  /** Null: all of them. */
  readonly components: readonly string[] | null;
  readonly by: Pick<Actor, "kind" | "id">;
  readonly person: string;
  readonly as: string | null;
}

type Came = "applied" | "unchanged" | "failed" | "refused" | "left out";
export type BootstrapOutput = Readonly<Record<string, Came>>;

/** The workflow over these clusters. */
export function makeBootstrapWorkflow(
  clusters: () => Promise<Clusters>,
  patience: Patience,
): Workflow<BootstrapInput, BootstrapOutput> {
  return workflow(
    { name: bootstrapWorkflow, retry: retryOf(patience) },
    async (ctx: Context, input: BootstrapInput) => {
      const order = await ctx.step("order", async () =>
        unwrap(await (await clusters()).bootstrap.order(input.components ?? undefined)),
      );
      const coming = new Map<string, Promise<Came>>();
      for (const { name, dependsOn } of order) {
        const up = async (): Promise<Came> => {
          const below = await Promise.all(dependsOn.flatMap((each) => coming.get(each) ?? []));
          if (below.some((came) => came !== "applied" && came !== "unchanged")) return "left out";
          return bringUp(ctx, name, { clusters, input });
        };
        coming.set(name, up());
      }
      const output: Record<string, Came> = {};
      for (const [name, came] of coming) output[name] = await came;
      const down = Object.entries(output).filter(([, came]) => came !== "applied" && came !== "unchanged");
      if (down.length === 0) return output;
      throw new NonRetryableError(`Not everything is up: ${down.map(([name, came]) => `${name} ${came}`).join(", ")}.`);
    },
  );
}

interface Desk {
  readonly clusters: () => Promise<Clusters>;
  readonly input: Pick<BootstrapInput, "by" | "person" | "as">;
}

/** Plans a component, waits for its approval, and applies it. */
export async function bringUp(ctx: Context, name: string, { clusters, input }: Desk): Promise<Came> {
  const who = { by: input.by, person: input.person, as: input.as ?? undefined };
  const plan = await ctx.step(`plan ${name}`, async () =>
    unwrap(await (await clusters()).bootstrap.planToBringUp({ ...who, component: name })),
  );
  if (plan.refused) return "refused";
  if (plan.unchanged) return "unchanged";
  const approved = async (): Promise<boolean> => unwrap(await (await clusters()).bootstrap.isApproved(plan.id));
  while (!(await ctx.step(`look whether ${name} is approved`, approved)))
    await ctx.waitFor(approvedEvent, { key: plan.id, timeout: approvalLook, onTimeout: null });
  const operation = await ctx.step(`apply ${name}`, async () => {
    const begun = unwrap(await (await clusters()).apply({ ...who, plan: plan.id, hash: plan.hash }));
    return begun.id;
  });
  for (let pauseMs = lookMs; ; pauseMs = Math.min(lookMsMax, pauseMs * 2)) {
    const status = await ctx.step(`look at ${name}`, async () =>
      unwrap(await (await clusters()).bootstrap.operationStatus(operation)),
    );
    if (status === "completed") return "applied";
    if (status !== "running") return "failed";
    await ctx.sleep(`until ${name} is up`, pauseMs);
  }
}
