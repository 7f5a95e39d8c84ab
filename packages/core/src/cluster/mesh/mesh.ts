// The mesh of a cluster: what of it is where, what is wrong with its configuration, and how upgrades and canaries begin.
import type { Clock } from "../../kernel/clock.ts";
import type { ClusterStore } from "../../kernel/cluster-store.ts";
import type { Ids } from "../../kernel/ids.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Actor } from "../../kernel/run-records.ts";
import type { Resources } from "../client/resources.ts";
import { parseManifests } from "../components/manifests.ts";
import type { ClusterLimits } from "../limits.ts";
import { at, keyOf, refOf, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { HttpTransport } from "../ports.ts";
import { notFound } from "../refusals.ts";
import { analyze } from "./analysis/analyze.ts";
import type { Finding } from "./analysis/messages.ts";
import { rootNamespace } from "./analysis/view.ts";
import { Canary } from "./canary.ts";
import type { CanarySpec } from "./canary.ts";
import { check } from "./queries.ts";
import type { Checked, MetricCheck } from "./queries.ts";
import { bare, readConfiguration, readState, readSync } from "./read.ts";
import { meshState } from "./state.ts";
import type { MeshState } from "./state.ts";
import { MeshUpgrade } from "./upgrade.ts";
import type { UpgradeSpec } from "./upgrade.ts";

/** What an upgrade is asked for with, besides what is moved. */
export interface UpgradeRequest extends UpgradeSpec {
  /** Installs the new revision; without one it is there already. */
  readonly component: string | null;
  readonly prometheus: string | null;
  readonly checks: readonly MetricCheck[];
  /** Between a change and the look at its figures. */
  readonly settleMs: number;
  /** Who lets the old revision go: somebody else than who asked, or anybody who may decide. */
  readonly approval: "other" | "self";
}

export interface CanaryRequest extends CanarySpec {
  /** Between two looks at the figures. */
  readonly intervalMs: number;
  /** Looks at each step. */
  readonly looks: number;
  /** Bad looks that are borne, altogether. */
  readonly failuresMax: number;
  readonly promotion: "automatic" | "approved";
}

/** Who begins something. */
export interface Beginner {
  readonly by: Actor;
  readonly person: string;
  readonly as?: string | undefined;
}

export interface MeshRunner {
  upgradeMesh(p: Beginner & { readonly run: string; readonly request: UpgradeRequest }): Promise<Result<string>>;
  releaseCanary(p: Beginner & { readonly run: string; readonly request: CanaryRequest }): Promise<Result<string>>;
}

export interface MeshOptions {
  readonly open: (cluster: string) => Promise<Result<Resources>>;
  readonly store: ClusterStore;
  readonly runner: MeshRunner;
  readonly transport: HttpTransport;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly limits: ClusterLimits;
}

export class Mesh {
  readonly #options: MeshOptions;
  readonly upgrade: MeshUpgrade;
  readonly canary: Canary;

  constructor(options: MeshOptions) {
    this.#options = options;
    this.upgrade = new MeshUpgrade(options);
    this.canary = new Canary(options);
  }

  /** Revisions, tags, proxies and certificates as they are now. */
  async state(cluster: string): Promise<Result<MeshState>> {
    const { clock, limits } = this.#options;
    const resources = await this.#opened(cluster);
    if (!resources.ok) return resources;
    const read = await readState(resources.value);
    if (!read.ok) return read;
    const how = { now: clock.now(), soonMs: limits.certificateSoonMs };
    const seen = meshState(read.value, how);
    if (seen.proxies.length === 0) return ok(seen);
    const sync = await readSync(
      resources.value,
      seen.revisions.filter(({ ready }) => ready).map(({ name }) => name),
    );
    return ok(meshState(read.value, { ...how, sync }));
  }

  /** What is wrong with the configuration: as it is, or as it would be with these manifests. */
  async analysis(p: {
    readonly cluster: string;
    readonly namespace: string | undefined;
    readonly manifests: string | undefined;
  }): Promise<Result<readonly Finding[]>> {
    const added = p.manifests === undefined ? ok([]) : parseManifests("manifests", p.manifests);
    if (!added.ok) return added;
    const resources = await this.#opened(p.cluster);
    if (!resources.ok) return resources;
    const read = await readConfiguration(resources.value);
    if (!read.ok) return read;
    const version = await resources.value.client.json({ path: "/version" });
    const all = new Map(read.value.map((object) => [keyOf(refOf(object)), object]));
    for (const object of added.value) {
      const whole = inNamespace(bare(object), p.namespace);
      all.set(keyOf(refOf(whole)), whole);
    }
    const denied = await this.#denied(resources.value);
    if (!denied.ok) return denied;
    const kubernetesVersion = version.ok ? textAt(version.value.body, "gitVersion") : undefined;
    const found = analyze([...all.values()], { kubernetesVersion, denied: denied.value });
    return ok(
      p.namespace === undefined
        ? found
        : found.filter((each) => each.namespace === p.namespace || each.namespace === ""),
    );
  }

  /** The figures of an upgrade's gate. */
  async figures({
    cluster,
    prometheus,
    checks,
  }: Pick<UpgradeRequest, "cluster" | "prometheus" | "checks">): Promise<Result<readonly Checked[]>> {
    const { open, transport, clock } = this.#options;
    if (prometheus === null) return ok([]);
    const resources = await open(cluster);
    if (!resources.ok) return resources;
    const found: Checked[] = [];
    for (const each of checks) {
      const checked = await check(each, prometheus, { resources: resources.value, transport, clock });
      if (!checked.ok) return checked;
      found.push(checked.value);
    }
    return ok(found);
  }

  /** Begins an upgrade, once it can be; the run's id. */
  async beginUpgrade(p: Beginner & { readonly request: UpgradeRequest }): Promise<Result<string>> {
    const known = await this.#opened(p.request.cluster);
    if (!known.ok) return known;
    const possible = await this.upgrade.precheck(p.request);
    if (!possible.ok) return possible;
    return this.#options.runner.upgradeMesh({ ...p, run: this.#options.ids.run() });
  }

  /** Begins a canary, once it can be; the run's id. */
  async beginCanary(p: Beginner & { readonly request: CanaryRequest }): Promise<Result<string>> {
    const known = await this.#opened(p.request.cluster);
    if (!known.ok) return known;
    const run = this.#options.ids.run();
    const possible = await this.canary.begin(p.request, run);
    if (!possible.ok) return possible;
    return this.#options.runner.releaseCanary({ ...p, run });
  }

  async #opened(cluster: string): Promise<Result<Resources>> {
    const { store, open } = this.#options;
    if ((await store.getCluster({ name: cluster })) === undefined) return fail(notFound("cluster", cluster));
    return open(cluster);
  }

  /** What an installation makes, and the account may not. */
  async #denied(
    resources: Resources,
  ): Promise<Result<readonly { readonly resource: string; readonly reason: string }[]>> {
    const denied: { resource: string; reason: string }[] = [];
    for (const [group, resource, namespace] of installs) {
      const spec = {
        resourceAttributes: { verb: "create", group, resource, ...(namespace ? { namespace: rootNamespace } : {}) },
      };
      const answer = await resources.client.json({
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        body: { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectAccessReview", spec },
      });
      if (!answer.ok) return answer;
      if (at(answer.value.body, "status", "allowed") === true) continue;
      const reason = at(answer.value.body, "status", "reason");
      denied.push({
        resource,
        reason: typeof reason === "string" && reason !== "" ? reason : "its roles do not say so",
      });
    }
    return ok(denied);
  }
}

const installs = [
  ["apiextensions.k8s.io", "customresourcedefinitions", false],
  ["admissionregistration.k8s.io", "mutatingwebhookconfigurations", false],
  ["apps", "deployments", true],
] as const;

function inNamespace(object: KubeObject, namespace: string | undefined): KubeObject {
  if (
    object.metadata.namespace !== undefined ||
    object.kind === "Namespace" ||
    /Configuration$|Definition$/.test(object.kind)
  )
    return object;
  return { ...object, metadata: { ...object.metadata, namespace: namespace ?? "default" } };
}
