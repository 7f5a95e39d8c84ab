// Looks by itself whether a component is still as it was applied, for as long as its file says so: told as an event that anything can begin
// at, or put right by a plan as somebody would make it. One run for each component; it goes on anew before its journal becomes long.
import type { Actor } from "@sluice/core";
import type { Clusters } from "@sluice/core/cluster";
import type { Context, Workflow } from "@sluice/sdk";
import { workflow } from "@sluice/sdk";
import { bringUp } from "./bootstrap-workflow.ts";
import { retryOf } from "./operation-workflow.ts";
import type { Patience } from "./operation-workflow.ts";

/** Name that no project's workflow can take. */
export const driftWorkflow = "cluster.drift";
/** Told when a component is no longer as it was applied, and when it is again; its key is the component. */
const driftEvent = "cluster.drifted";
/** Told when a component's file was read anew; its key is the component. */
export const readEvent = "cluster.component.read";
/** Looks before the run goes on as a new one. */
const looksMax = 50;

export interface DriftInput {
  readonly component: string;
  readonly by: Pick<Actor, "kind" | "id">;
  /** What was drifted at the last look. */
  readonly known: readonly string[];
}

/** The workflow over these clusters. */
export function makeDriftWorkflow(clusters: () => Promise<Clusters>, patience: Patience): Workflow<DriftInput, string> {
  const singleton = { mode: "skip", key: "input.component" } as const;
  return workflow(
    { name: driftWorkflow, retry: retryOf(patience), singleton },
    async (ctx: Context, input: DriftInput) => {
      const { component, by } = input;
      let { known } = input;
      for (let looks = 0; looks < looksMax; looks++) {
        const watch = await ctx.step(
          "read",
          async () => (await (await clusters()).operations.driftWatch(component)) ?? null,
        );
        if (watch === null) return "no longer watched";
        await ctx.waitFor(readEvent, { key: component, timeout: watch.everyMs, onTimeout: null });
        const found = await ctx.step("look", async () => {
          const drift = await (await clusters()).drift({ component });
          // A cluster that does not answer has not drifted: it is looked at again next time.
          if (!drift.ok) return { failed: drift.error.message, keys: [] };
          return { failed: null, keys: drift.value.changes.map(({ key }) => key).toSorted() };
        });
        ctx.progress({ drifted: found.keys, failed: found.failed });
        if (found.failed !== null) continue;
        if (found.keys.join() !== known.join()) {
          known = found.keys;
          await ctx.emit(driftEvent, { component, objects: found.keys }, { key: component });
        }
        if (found.keys.length > 0 && watch.mode === "repair") await repair(ctx, { clusters, component, by });
      }
      return ctx.continueAs({ component, by, known });
    },
  );
}

/** A failure is shown on its own run, and tried again at the next look. */
async function repair(
  ctx: Context,
  {
    clusters,
    component,
    by,
  }: { readonly clusters: () => Promise<Clusters>; readonly component: string; readonly by: DriftInput["by"] },
): Promise<void> {
  const input = { by, person: `${by.kind} ${by.id}`, as: null };
  const came = await bringUp(ctx, component, { clusters, input });
  ctx.log(`${component} drifted: ${came}`);
}

/** What a start is made with. */
export function driftInput(component: string, by: Actor): DriftInput {
  return { component, by: { kind: by.kind, id: by.id }, known: [] };
}
