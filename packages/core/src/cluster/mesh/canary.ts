// What a canary does, step by step: a virtual service's routes to the stable subset are shared with the canary's, more of them from step to
// step, and the figures say whether it goes on. Each step looks first; routes that somebody else has changed meanwhile are left alone.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Resources } from "../client/resources.ts";
import { objectHealth, readinessOf } from "../health/health.ts";
import type { ClusterLimits } from "../limits.ts";
import { asRecord, at, canonicalJson, listAt, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { HttpTransport } from "../ports.ts";
import { change } from "./change.ts";
import { check } from "./queries.ts";
import type { Checked, MetricCheck } from "./queries.ts";

interface CanaryTarget {
  readonly subset: string;
  /** Its images are promoted, or take those of the other. */
  readonly deployment?: string | undefined;
}

export interface CanarySpec {
  readonly cluster: string;
  readonly namespace: string;
  readonly virtualService: string;
  readonly host: string;
  readonly stable: CanaryTarget;
  readonly canary: CanaryTarget;
  /** Percent of the canary, from step to step. */
  readonly weights: readonly number[];
  /** Whether the canary gets a copy of all requests first, whose answers nobody sees. */
  readonly mirror: boolean;
  readonly prometheus?: string | undefined;
  readonly checks: readonly MetricCheck[];
}

/** How a virtual service is to share: the canary's percent, or a copy. */
export type Share = number | "mirror";

export interface CanaryOptions {
  readonly open: (cluster: string) => Promise<Result<Resources>>;
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly limits: ClusterLimits;
}

const whole = 100;
/** The run that shares a virtual service at present. */
const sharedBy = "sluice.dev/canary";
const networking = "networking.istio.io/v1";

export class Canary {
  readonly #options: CanaryOptions;

  constructor(options: CanaryOptions) {
    this.#options = options;
  }

  /** The routes as they are now, as JSON: what they go back to. Nothing is written. */
  async begin(spec: CanarySpec, run: string): Promise<Result<string>> {
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const live = await resources.value.get(serviceOf(spec));
    if (!live.ok) return live;
    const where = `${spec.namespace}/${spec.virtualService}`;
    if (live.value === undefined) return fail(refused(`There is no virtual service ${where}.`));
    const other = live.value.metadata.annotations?.[sharedBy];
    if (other !== undefined && other !== run) return fail(refused(`The run ${other} shares ${where} already.`));
    const http = listAt(live.value, "spec", "http");
    if (!http.some((route) => isShared(route, spec)))
      return fail(refused(`No route of ${where} goes to ${spec.host} ${spec.stable.subset} alone.`));
    return ok(JSON.stringify(http));
  }

  /** Waits until the canary's workload is ready; one that fails ends the wait. */
  async ready(spec: CanarySpec, which: "stable" | "canary", signal?: AbortSignal): Promise<Result<null>> {
    const { clock, limits, open } = this.#options;
    const name = spec[which].deployment;
    if (name === undefined) return ok(null);
    const began = clock.now();
    for (;;) {
      const resources = await open(spec.cluster);
      if (!resources.ok) return resources;
      const named = deploymentOf(spec, name);
      const live = await resources.value.get(named);
      if (!live.ok) return live;
      const ref = { group: "apps", kind: "Deployment", namespace: spec.namespace, name };
      const ready = readinessOf([objectHealth({ ref, object: live.value, now: clock.now() })]);
      if (ready.kind === "ready") return ok(null);
      const late = clock.now() - began >= limits.meshWaitMs;
      if (ready.kind === "failed" || late)
        return fail(refused(late ? `It took longer than ${limits.meshWaitMs} ms. ${ready.reason}` : ready.reason));
      if (!(await resources.value.client.pause(limits.healthPollMs, signal))) return fail(refused(ready.reason));
    }
  }

  /** Shares the routes; done already it does nothing. */
  async share(
    spec: CanarySpec,
    { run, original, share }: { readonly run: string; readonly original: string; readonly share: Share },
  ): Promise<Result<string>> {
    return this.#write(spec, { original, http: shared(original, spec, share), run });
  }

  /** Puts the routes back as they were. */
  async restore(spec: CanarySpec, original: string): Promise<Result<string>> {
    return this.#write(spec, { original, http: JSON.parse(original) as unknown[], run: null });
  }

  /** Everything goes to the canary's subset from now on. */
  async hand(spec: CanarySpec, original: string): Promise<Result<string>> {
    return this.#write(spec, { original, http: shared(original, spec, whole), run: null });
  }

  /** The figures now. */
  async figures(spec: CanarySpec): Promise<Result<readonly Checked[]>> {
    const { open, transport, clock } = this.#options;
    const { prometheus, checks } = spec;
    if (prometheus === undefined || checks.length === 0) return ok([]);
    const resources = await open(spec.cluster);
    if (!resources.ok) return resources;
    const found: Checked[] = [];
    for (const each of checks) {
      const checked = await check(each, prometheus, { resources: resources.value, transport, clock });
      if (!checked.ok) return checked;
      found.push(checked.value);
    }
    return ok(found);
  }

  /** Images of a workload by container. */
  async images(spec: CanarySpec, which: "stable" | "canary"): Promise<Result<Readonly<Record<string, string>>>> {
    const name = spec[which].deployment;
    if (name === undefined) return ok({});
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const live = await resources.value.get(deploymentOf(spec, name));
    if (!live.ok) return live;
    if (live.value === undefined) return fail(refused(`There is no deployment ${spec.namespace}/${name}.`));
    return ok(
      Object.fromEntries(
        containersOf(live.value).map((each) => [textAt(each, "name") ?? "", textAt(each, "image") ?? ""]),
      ),
    );
  }

  /** Has the stable workload run these images; containers of other names are left as they are. */
  async setImages(spec: CanarySpec, images: Readonly<Record<string, string>>): Promise<Result<string>> {
    const name = spec.stable.deployment;
    if (name === undefined) return ok("same");
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const done = await change(resources.value, deploymentOf(spec, name), {
      manager: managerOf(spec),
      edit: (live) => {
        const now = containersOf(live);
        const next = now.map((each) => ({
          ...asRecord(each),
          image: images[textAt(each, "name") ?? ""] ?? textAt(each, "image"),
        }));
        return canonicalJson(now) === canonicalJson(next)
          ? undefined
          : { spec: { template: { spec: { containers: next } } } };
      },
    });
    return done.ok ? ok(done.value.outcome) : done;
  }

  async scaleDown(spec: CanarySpec): Promise<Result<number>> {
    const name = spec.canary.deployment;
    if (name === undefined) return ok(0);
    const resources = await this.#options.open(spec.cluster);
    return resources.ok ? resources.value.scale(deploymentOf(spec, name), 0) : resources;
  }

  async #write(
    spec: CanarySpec,
    {
      original,
      http,
      run,
    }: { readonly original: string; readonly http: readonly unknown[]; readonly run: string | null },
  ): Promise<Result<string>> {
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const ours = new Set(formsOf(original, spec).map((each) => canonicalJson(each)));
    let stranger = false;
    const done = await change(resources.value, serviceOf(spec), {
      manager: managerOf(spec),
      edit: (live) => {
        const now = canonicalJson(listAt(live, "spec", "http"));
        stranger = !ours.has(now);
        const marked = live.metadata.annotations?.[sharedBy] ?? null;
        if (stranger || (now === canonicalJson(http) && marked === run)) return undefined;
        return { metadata: { annotations: { [sharedBy]: run } }, spec: { http } };
      },
    });
    if (!done.ok) return done;
    if (!stranger) return ok(done.value.outcome);
    return fail({
      code: "cluster_conflict",
      message: `Somebody else has changed the routes of ${spec.namespace}/${spec.virtualService} meanwhile; they are left as they are.`,
      hint: "Look at the virtual service, and begin anew.",
    });
  }
}

/** Every form that a canary gives the routes. */
function formsOf(original: string, spec: CanarySpec): readonly (readonly unknown[])[] {
  const shares: readonly Share[] = ["mirror", ...spec.weights, whole];
  return [JSON.parse(original) as unknown[], ...shares.map((share) => shared(original, spec, share))];
}

/** The routes with the canary's share of those that go to the stable subset. */
export function shared(original: string, spec: CanarySpec, share: Share): readonly unknown[] {
  const routes = JSON.parse(original) as readonly unknown[];
  return routes.map((route) => {
    if (!isShared(route, spec)) return route;
    const [stable] = listAt(route, "route");
    const to = asRecord(at(stable, "destination")) ?? {};
    const canary = { ...to, subset: spec.canary.subset };
    if (share === "mirror") return { ...asRecord(route), mirror: canary, mirrorPercentage: { value: whole } };
    // A destination of weight 0 is left out: it gets nothing, and reads as if it did.
    const parts = [
      { ...asRecord(stable), weight: whole - share },
      { destination: canary, weight: share },
    ].filter(({ weight }) => weight > 0);
    return { ...asRecord(route), route: parts.length === 1 ? parts.map(({ weight: _all, ...rest }) => rest) : parts };
  });
}

/** Whether all of it goes to the stable subset. */
function isShared(route: unknown, { host, stable }: CanarySpec): boolean {
  const to = listAt(route, "route");
  const [only] = to;
  return (
    to.length === 1 &&
    textAt(only, "destination", "host") === host &&
    textAt(only, "destination", "subset") === stable.subset
  );
}

function containersOf(deployment: KubeObject): readonly unknown[] {
  return listAt(deployment, "spec", "template", "spec", "containers");
}

function serviceOf({ namespace, virtualService }: CanarySpec) {
  return { apiVersion: networking, kind: "VirtualService", namespace, name: virtualService };
}

function deploymentOf({ namespace }: CanarySpec, name: string) {
  return { apiVersion: "apps/v1", kind: "Deployment", namespace, name };
}

/** One for each virtual service, whichever run. */
function managerOf({ virtualService }: CanarySpec): string {
  return `sluice-canary-${virtualService}`.slice(0, 128);
}

function refused(message: string): Parameters<typeof fail>[0] {
  return { code: "not_ready", message, hint: "docs/mesh.md says what a canary needs." };
}
