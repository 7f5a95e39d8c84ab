// An upgrade of a mesh as one run: beside the old revision the new one is installed, one namespace goes ahead, then the tag and the others;
// the old one goes last, when nobody uses it and somebody has said so. Until then a failure, a denial or a cancellation puts tags and
// labels back and restarts what strayed. The order of steps is part of journals.
import { unwrap } from "@sluice/core";
import type { Result } from "@sluice/core";
import type { Clusters, InjectionLabels, Mesh, UpgradeRequest } from "@sluice/core/cluster";
import type { Context, Workflow } from "@sluice/sdk";
import { NonRetryableError, workflow } from "@sluice/sdk";
import { bringUp } from "./bootstrap-workflow.ts";
import type { BootstrapInput } from "./bootstrap-workflow.ts";
import { retryOf } from "./operation-workflow.ts";
import type { Patience } from "./operation-workflow.ts";

/** Name that no project's workflow can take. */
export const upgradeWorkflow = "cluster.mesh.upgrade";
const stepMax = "1h";

export interface UpgradeInput extends Pick<BootstrapInput, "by" | "person" | "as"> {
  readonly cluster: string;
  readonly request: UpgradeRequest;
}

export interface UpgradeOutput {
  readonly namespaces: readonly string[];
  readonly proxies: number;
  readonly removed: number;
}

interface Upgrading {
  readonly ctx: Context;
  readonly request: UpgradeRequest;
  readonly mesh: () => Promise<Mesh>;
  /** What can be done again does it once. */
  readonly step: <T>(
    name: string,
    act: Act<T>,
    undo?: (made: T | undefined, signal: AbortSignal) => Promise<unknown>,
  ) => Promise<T>;
}
type Act<T> = (mesh: Mesh, signal: AbortSignal) => Promise<Result<T>>;

/** The workflow over these clusters. */
export function makeUpgradeWorkflow(
  clusters: () => Promise<Clusters>,
  patience: Patience,
): Workflow<UpgradeInput, UpgradeOutput> {
  const mesh = async (): Promise<Mesh> => (await clusters()).mesh;
  const concurrency = { limit: 1, key: "input.cluster", countWaiting: true };
  return workflow(
    { name: upgradeWorkflow, retry: retryOf(patience), concurrency },
    async (ctx: Context, input: UpgradeInput) => {
      const { request } = input;
      const step: Upgrading["step"] = (name, act, undo) =>
        ctx.step(name, async ({ signal }) => unwrap(await act(await mesh(), signal)), {
          timeout: stepMax,
          ...(undo === undefined ? {} : { undo: (made, { signal }) => undo(made, signal) }),
        });
      const upgrading = { ctx, request, mesh, step };
      const shape = await step(
        "look before",
        ({ upgrade }) => upgrade.precheck(request),
        // Runs last: tags and labels are as they were, and whoever followed them comes back.
        (_made, signal) => comeBack(upgrading, signal),
      );
      if (request.component !== null) await install(upgrading, { clusters, input, component: request.component });
      await step(`wait for ${request.to}`, ({ upgrade }, signal) => upgrade.installed(request, signal));
      await step("look at the configuration", ({ upgrade }) => upgrade.analyzed(request));
      const [first, ...others] = shape.namespaces;
      let proxies = 0;
      const before = first === undefined ? undefined : await relabel(upgrading, first);
      if (first !== undefined) {
        proxies += await restarted(upgrading, first, "first");
        await gate(upgrading, first);
      }
      if (shape.tagged) await moveTag(upgrading);
      if (first !== undefined && before !== undefined && !shape.named.includes(first))
        await step(`give ${first} its label back`, ({ upgrade }) => upgrade.label(request, first, before));
      for (const name of others) if (shape.named.includes(name)) await relabel(upgrading, name);
      for (const name of others) proxies += await restarted(upgrading, name, "after");
      if (others.length > 0) await gate(upgrading, "all");
      await step(`see that nobody uses ${request.from}`, ({ upgrade }) => upgrade.unused(request));
      await ctx.approve(`remove ${request.from}`, {
        notRequester: request.approval === "other",
        description: `All ${proxies} proxies are of ${request.to}. Approve to take ${request.from} away, from where on there is no way back; deny to go back to it.`,
        data: { cluster: request.cluster, from: request.from, to: request.to, namespaces: shape.namespaces, proxies },
      });
      const removed = await step(`remove ${request.from}`, ({ upgrade }) => upgrade.remove(request));
      return { namespaces: shape.namespaces, proxies, removed };
    },
  );
}

async function install(
  { ctx }: Upgrading,
  {
    clusters,
    input,
    component,
  }: { readonly clusters: () => Promise<Clusters>; readonly input: UpgradeInput; readonly component: string },
): Promise<void> {
  const { by, person, as } = input;
  const came = await bringUp(ctx, component, { clusters, input: { by, person, as } });
  if (came !== "applied" && came !== "unchanged")
    throw new NonRetryableError(
      `The component ${component}, which installs the new revision, did not come up: ${came}.`,
    );
}

/** Has a namespace ask for the new revision; what it asked for before. */
async function relabel({ request, mesh, step }: Upgrading, name: string): Promise<InjectionLabels> {
  const before = await step(`look at ${name}`, ({ upgrade }) => upgrade.labels(request, name));
  await step(
    `move ${name}`,
    ({ upgrade }) => upgrade.label(request, name, { injection: null, revision: request.to }),
    async () => {
      const { upgrade } = await mesh();
      return unwrap(await upgrade.canGoBack(request))
        ? unwrap(await upgrade.label(request, name, before))
        : "no way back";
    },
  );
  return before;
}

async function moveTag({ request, mesh, step }: Upgrading): Promise<void> {
  await step(
    `move the tag ${request.tag}`,
    ({ upgrade }) => upgrade.moveTag(request, request.to),
    async () => {
      const { upgrade } = await mesh();
      return unwrap(await upgrade.canGoBack(request))
        ? unwrap(await upgrade.moveTag(request, request.from))
        : "no way back";
    },
  );
}

/** Restarts a namespace and waits until its proxies are new; how many. */
async function restarted({ ctx, request, step }: Upgrading, namespace: string, when: string): Promise<number> {
  const mark = `${ctx.run.id} ${when}`;
  await step(`restart ${namespace}`, ({ upgrade }) => upgrade.restart(request, [namespace], mark));
  const { proxies } = await step(`wait for ${namespace}`, ({ upgrade }, signal) =>
    upgrade.settled(request, { namespace, revision: request.to, signal }),
  );
  return proxies;
}

/** Lets time pass and looks at the figures: bad ones end the upgrade, missing ones ask somebody. */
async function gate({ ctx, request, step }: Upgrading, name: string): Promise<void> {
  if (request.prometheus === null || request.checks.length === 0) return;
  await ctx.sleep(`let ${name} settle`, request.settleMs);
  const figures = await step(`look at the figures of ${name}`, (mesh) => mesh.figures(request));
  const bad = figures.filter(({ outcome }) => outcome === "bad");
  if (bad.length > 0) throw new NonRetryableError(`The gate is closed: ${bad.map(({ reason }) => reason).join(" ")}`);
  const missing = figures.filter(({ outcome }) => outcome === "none");
  if (missing.length > 0)
    await ctx.approve(`go on with ${name} without figures`, {
      description: missing.map(({ reason }) => reason).join(" "),
    });
}

async function comeBack({ ctx, request, mesh }: Upgrading, signal: AbortSignal): Promise<readonly string[]> {
  const { upgrade } = await mesh();
  if (!unwrap(await upgrade.canGoBack(request))) return [];
  const strayed = unwrap(await upgrade.strayed(request));
  unwrap(await upgrade.restart(request, strayed, `${ctx.run.id} undone`));
  for (const namespace of strayed)
    unwrap(await upgrade.settled(request, { namespace, revision: request.from, signal }));
  return strayed;
}
