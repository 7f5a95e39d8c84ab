// A canary as a run: its share grows from step to step while its figures are good; then it is promoted, or everything is put back. Each
// phase is a point of the journal, so that a wait or a decision survives whatever happens to the server. The order of steps is part of
// journals.
import { unwrap } from "@sluice/core";
import type { Result } from "@sluice/core";
import type { CanaryRequest, Checked, Clusters, Share } from "@sluice/core/cluster";
import type { Context, Workflow } from "@sluice/sdk";
import { NonRetryableError, workflow } from "@sluice/sdk";
import { retryOf } from "./operation-workflow.ts";
import type { Patience } from "./operation-workflow.ts";

/** Name that no project's workflow can take. */
export const canaryWorkflow = "cluster.mesh.canary";
const stepMax = "1h";
/** Looks without a figure, such as without traffic, before somebody is asked. */
const idleLooksMax = 60;

/** What a canary is doing, as its run shows it. */
type Phase =
  | "initialising"
  | "waiting"
  | "mirroring"
  | "progressing"
  | "waiting for promotion"
  | "promoting"
  | "finalising"
  | "succeeded";

export interface CanaryInput {
  /** What is shared: one canary at a time. */
  readonly target: string;
  readonly request: CanaryRequest;
}

export interface CanaryOutput {
  readonly promoted: "images" | "subset";
  readonly looks: number;
}

type CanaryOf = Clusters["mesh"]["canary"];

class Release {
  readonly #ctx: Context;
  readonly #request: CanaryRequest;
  readonly #canary: () => Promise<CanaryOf>;
  #bad = 0;
  looks = 0;

  constructor(ctx: Context, request: CanaryRequest, canary: () => Promise<CanaryOf>) {
    this.#ctx = ctx;
    this.#request = request;
    this.#canary = canary;
  }

  phase(phase: Phase, weight: number): void {
    this.#ctx.progress({ phase, weight });
  }

  step<T>(
    name: string,
    act: (canary: CanaryOf, signal: AbortSignal) => Promise<Result<T>>,
    undo?: (made: T | undefined) => Promise<unknown>,
  ): Promise<T> {
    return this.#ctx.step(name, async ({ signal }) => unwrap(await act(await this.#canary(), signal)), {
      timeout: stepMax,
      ...(undo === undefined ? {} : { undo: (made) => undo(made) }),
    });
  }

  /** One step of sharing, looked at as often as is asked for. */
  async hold(original: string, share: Share): Promise<void> {
    const { request, run } = { request: this.#request, run: this.#ctx.run.id };
    const name = share === "mirror" ? "mirror" : `${share} %`;
    this.phase(share === "mirror" ? "mirroring" : "progressing", share === "mirror" ? 0 : share);
    await this.step(`share ${name}`, (canary) => canary.share(request, { run, original, share }));
    let idle = 0;
    for (let seen = 0; seen < request.looks;) {
      const outcome = await this.look(this.#ctx, name);
      if (outcome !== "none") {
        seen++;
        idle = 0;
      } else if (++idle >= idleLooksMax) {
        this.phase("waiting", share === "mirror" ? 0 : share);
        await this.#ctx.approve(`go on without figures at ${name}`, {
          description: `${request.virtualService} has had no figures ${idle} times.`,
        });
        return;
      }
    }
  }

  /** Waits an interval and looks; throws when more looks were bad than are borne. */
  async look(ctx: Context, name: string): Promise<"good" | "none"> {
    const { intervalMs, failuresMax } = this.#request;
    await ctx.sleep(`wait at ${name}`, intervalMs);
    const figures = await ctx.step(`look at ${name}`, async () =>
      unwrap(await (await this.#canary()).figures(this.#request)),
    );
    this.looks++;
    const bad = figures.filter(({ outcome }: Checked) => outcome === "bad");
    if (bad.length > 0 && ++this.#bad > failuresMax)
      throw new NonRetryableError(`The canary is taken back: ${bad.map(({ reason }) => reason).join(" ")}`);
    return bad.length === 0 && figures.some(({ outcome }) => outcome === "none") ? "none" : "good";
  }

  /** Somebody decides; until then the figures are looked at, and bad ones decide first (flagger#1801). */
  async decided(): Promise<void> {
    const { request } = { request: this.#request };
    const share = request.weights.at(-1) ?? 0;
    this.phase("waiting for promotion", share);
    await this.#ctx.race({
      decided: (ctx) =>
        ctx.approve(`promote ${request.virtualService}`, {
          description: `The canary has had ${share} % for as long as was asked. Approve to promote it, deny to take it back.`,
        }),
      bad: async (ctx) => {
        for (;;) await this.look(ctx, "the wait for promotion");
      },
    });
  }
}

/** The workflow over these clusters. */
export function makeCanaryWorkflow(
  clusters: () => Promise<Clusters>,
  patience: Patience,
): Workflow<CanaryInput, CanaryOutput> {
  const canary = async (): Promise<CanaryOf> => (await clusters()).mesh.canary;
  const concurrency = { limit: 1, key: "input.target", countWaiting: true };
  return workflow(
    { name: canaryWorkflow, retry: retryOf(patience), concurrency },
    async (ctx: Context, { request }: CanaryInput) => {
      const release = new Release(ctx, request, canary);
      release.phase("initialising", 0);
      // What it goes back to is in the journal before anything is written.
      const original = await release.step(
        "begin",
        (of) => of.begin(request, ctx.run.id),
        async (made) =>
          made === undefined ? "nothing was shared" : unwrap(await (await canary()).restore(request, made)),
      );
      release.phase("waiting", 0);
      await release.step("wait for the canary", (of, signal) => of.ready(request, "canary", signal));
      if (request.mirror) await release.hold(original, "mirror");
      for (const weight of request.weights) await release.hold(original, weight);
      if (request.promotion === "approved") await release.decided();
      const promoted = await promote(release, { request, original, canary });
      release.phase("succeeded", 0);
      return { promoted, looks: release.looks };
    },
  );
}

async function promote(
  release: Release,
  {
    request,
    original,
    canary,
  }: { readonly request: CanaryRequest; readonly original: string; readonly canary: () => Promise<CanaryOf> },
): Promise<CanaryOutput["promoted"]> {
  const { stable, canary: other } = request;
  release.phase("promoting", request.weights.at(-1) ?? 0);
  if (stable.deployment === undefined || other.deployment === undefined) {
    await release.step("hand over", (of) => of.hand(request, original));
    return "subset";
  }
  const before = await release.step("look at the stable images", (of) => of.images(request, "stable"));
  const after = await release.step("look at the canary's images", (of) => of.images(request, "canary"));
  await release.step(
    "promote",
    (of) => of.setImages(request, after),
    async () => unwrap(await (await canary()).setImages(request, before)),
  );
  await release.step("wait for the promoted", (of, signal) => of.ready(request, "stable", signal));
  release.phase("finalising", 0);
  await release.step("give the routes back", (of) => of.restore(request, original));
  await release.step("scale the canary down", (of) => of.scaleDown(request));
  return "images";
}
