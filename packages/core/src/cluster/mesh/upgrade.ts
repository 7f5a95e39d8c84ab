// What an upgrade of a mesh from one revision to another does, step by step. Each step looks first: done again after a crash it changes
// nothing. What takes an upgrade back are labels and tags; proxies follow by a restart once those are as they were.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Resources } from "../client/resources.ts";
import { objectHealth, readinessOf } from "../health/health.ts";
import type { ClusterLimits } from "../limits.ts";
import { at, listAt, refOf } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { analyze } from "./analysis/analyze.ts";
import { MeshView, rootNamespace } from "./analysis/view.ts";
import { change } from "./change.ts";
import { readConfiguration, readState } from "./read.ts";
import { defaultName, defaultValidator, injectionLabel, meshState, revisionLabel, tagLabel } from "./state.ts";
import type { MeshState } from "./state.ts";
import { injectorOf, pointed } from "./webhooks.ts";

export interface UpgradeSpec {
  readonly cluster: string;
  readonly from: string;
  readonly to: string;
  /** Moved from one to the other. */
  readonly tag: string;
  /** The first goes ahead of the others; without any, in the order of their names. */
  readonly namespaces?: readonly string[] | undefined;
}

/** What is to be moved. */
export interface UpgradeShape {
  readonly namespaces: readonly string[];
  /** Namespaces whose label names the revision itself; the others follow the tag. */
  readonly named: readonly string[];
  readonly tagged: boolean;
}

/** Labels of a namespace that say who injects; null for one that is not there. */
export interface InjectionLabels {
  readonly injection: string | null;
  readonly revision: string | null;
}

export interface UpgradeOptions {
  readonly open: (cluster: string) => Promise<Result<Resources>>;
  readonly clock: Clock;
  readonly limits: ClusterLimits;
}

const manager = "sluice-mesh";
const restartedFor = "sluice.dev/restarted-for";
const hook = "admissionregistration.k8s.io/v1";
const restartable = [
  ["apps/v1", "Deployment"],
  ["apps/v1", "StatefulSet"],
  ["apps/v1", "DaemonSet"],
] as const;
/** Kinds of which a revision consists, in the order in which they are taken away: who is asked first, and last who answers. */
const consistsOf = [
  [hook, "MutatingWebhookConfiguration"],
  [hook, "ValidatingWebhookConfiguration"],
  ["autoscaling/v2", "HorizontalPodAutoscaler"],
  ["policy/v1", "PodDisruptionBudget"],
  ["apps/v1", "Deployment"],
  ["v1", "Service"],
  ["v1", "ConfigMap"],
  ["v1", "ServiceAccount"],
  ["rbac.authorization.k8s.io/v1", "RoleBinding"],
  ["rbac.authorization.k8s.io/v1", "Role"],
] as const;

export class MeshUpgrade {
  readonly #options: UpgradeOptions;

  constructor(options: UpgradeOptions) {
    this.#options = options;
  }

  /** Whether it can be begun, and what is to be moved; nothing is written. */
  async precheck(spec: UpgradeSpec): Promise<Result<UpgradeShape>> {
    const seen = await this.#state(spec.cluster);
    if (!seen.ok) return seen;
    const { revisions, namespaces, tags, certificates } = seen.value;
    const from = revisions.find(({ name }) => name === spec.from);
    if (from?.ready !== true)
      return fail(notReady(`The revision ${spec.from} is ${from === undefined ? "not installed" : "not ready"}.`));
    // linkerd2#9612: a certificate near its end is no detail of an upgrade.
    const bad = certificates.find(({ state }) => state !== "good");
    if (bad !== undefined)
      return fail(
        notReady(`The certificate in ${bad.source} is ${bad.state === "soon" ? "about to expire" : bad.state}.`),
      );
    const own = namespaces.filter(({ revision }) => revision === spec.from || revision === spec.to);
    const names = own.map(({ name }) => name);
    const unknown = spec.namespaces?.find((name) => !names.includes(name));
    if (unknown !== undefined) return fail(notReady(`The namespace ${unknown} is not of ${spec.from}.`));
    const first = spec.namespaces ?? [];
    const ordered = [...first, ...names.filter((name) => !first.includes(name)).toSorted()];
    const tagged = tags.some(({ name }) => name === spec.tag);
    // A tag may be called as a revision is: then it is the tag that they follow.
    const named = own.filter(({ asks }) => asks === spec.from && !(tagged && spec.tag === spec.from));
    return ok({ namespaces: ordered, named: named.map(({ name }) => name), tagged });
  }

  /** Waits until the revision is there and ready. */
  async installed(spec: UpgradeSpec, signal?: AbortSignal): Promise<Result<{ readonly version: string }>> {
    return this.#until(spec.cluster, signal, async (resources) => {
      const seen = await readState(resources);
      if (!seen.ok) return seen;
      const found = this.#stateOf(seen.value).revisions.find(({ name }) => name === spec.to);
      if (found?.ready !== true)
        return ok({ waits: `The revision ${spec.to} is ${found === undefined ? "not installed" : "not ready"}.` });
      const injector = injectorOf(seen.value, spec.to);
      if (injector === undefined) return ok({ waits: `The revision ${spec.to} has no webhook that injects.` });
      return ok({ done: { version: found.version } });
    });
  }

  /** Refused while the configuration has errors. */
  async analyzed(spec: UpgradeSpec): Promise<Result<Readonly<Record<string, number>>>> {
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const read = await readConfiguration(resources.value);
    if (!read.ok) return read;
    const found = analyze(read.value);
    const errors = found.filter(({ level }) => level === "error");
    const [first] = errors;
    if (first !== undefined)
      return fail(
        notReady(
          `The configuration has ${errors.length} errors, such as ${first.code} of ${first.resource}: ${first.message}`,
        ),
      );
    return ok({ warnings: found.filter(({ level }) => level === "warning").length });
  }

  /** How a namespace is labelled now. */
  async labels(spec: UpgradeSpec, namespace: string): Promise<Result<InjectionLabels>> {
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const live = await resources.value.get({ apiVersion: "v1", kind: "Namespace", name: namespace });
    if (!live.ok) return live;
    const labels = live.value?.metadata.labels ?? {};
    return ok({ injection: labels[injectionLabel] ?? null, revision: labels[revisionLabel] ?? null });
  }

  async label(spec: UpgradeSpec, namespace: string, { injection, revision }: InjectionLabels): Promise<Result<string>> {
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const changed = await change(
      resources.value,
      { apiVersion: "v1", kind: "Namespace", name: namespace },
      {
        manager,
        edit: ({ metadata: { labels = {} } }) =>
          (labels[injectionLabel] ?? null) === injection && (labels[revisionLabel] ?? null) === revision
            ? undefined
            : { metadata: { labels: { [injectionLabel]: injection, [revisionLabel]: revision } } },
      },
    );
    return changed.ok ? ok(changed.value.outcome) : changed;
  }

  /** Has everything that is injected in these namespaces made anew, once for `mark`. */
  async restart(spec: UpgradeSpec, namespaces: readonly string[], mark: string): Promise<Result<number>> {
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const read = await readConfiguration(resources.value);
    if (!read.ok) return read;
    const view = new MeshView(read.value);
    let restarted = 0;
    for (const { object, namespace, ...of } of view.workloads) {
      if (!namespaces.includes(namespace) || !restartable.some(([, kind]) => kind === object.kind)) continue;
      if (!view.isInjected({ ...of, namespace })) continue;
      const { apiVersion, kind, metadata } = object;
      const done = await change(
        resources.value,
        { apiVersion, kind, namespace, name: metadata.name },
        {
          manager,
          edit: (live) =>
            at(live, "spec", "template", "metadata", "annotations", restartedFor) === mark
              ? undefined
              : { spec: { template: { metadata: { annotations: { [restartedFor]: mark } } } } },
        },
      );
      if (!done.ok && done.error.code !== "object_not_found") return done;
      restarted++;
    }
    return ok(restarted);
  }

  /** Waits until everything in a namespace runs, and all of its proxies are of the revision; how many there are. */
  async settled(
    spec: UpgradeSpec,
    {
      namespace,
      revision,
      signal,
    }: { readonly namespace: string; readonly revision: string; readonly signal?: AbortSignal | undefined },
  ): Promise<Result<{ readonly proxies: number }>> {
    return this.#until(spec.cluster, signal, async (resources) => {
      for (const [apiVersion, kind] of restartable) {
        const list = await resources.list({ apiVersion, kind, namespace });
        if (!list.ok) {
          if (list.error.code === "unknown_kind") continue;
          return list;
        }
        const now = this.#options.clock.now();
        const ready = readinessOf(list.value.items.map((object) => objectHealth({ ref: refOf(object), object, now })));
        if (ready.kind === "failed") return fail(notReady(ready.reason));
        if (ready.kind === "waiting") return ok({ waits: ready.reason });
      }
      const seen = await readState(resources);
      if (!seen.ok) return seen;
      const proxies = this.#stateOf(seen.value).proxies.filter((each) => each.namespace === namespace);
      const late = proxies.find((each) => each.revision !== revision || each.stale !== undefined);
      if (late !== undefined)
        return ok({ waits: `${late.pod} of ${namespace}: ${late.stale ?? `it is of ${late.revision}`}` });
      return ok({ done: { proxies: proxies.length } });
    });
  }

  /** Moves the tag: the webhook that injects, and with the default one also that which validates. */
  async moveTag(spec: UpgradeSpec, revision: string): Promise<Result<string>> {
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const read = await readState(resources.value);
    if (!read.ok) return read;
    const own = injectorOf(read.value, revision);
    if (own === undefined) return fail(notReady(`The revision ${revision} has no webhook that injects.`));
    const ca = at(listAt(own, "webhooks")[0], "clientConfig", "caBundle");
    const tagged = read.value.filter(({ metadata }) => metadata.labels?.[tagLabel] === spec.tag);
    const moved = tagged.filter(({ kind }) => kind.endsWith("WebhookConfiguration"));
    const validator = read.value.find(({ metadata }) => metadata.name === defaultValidator);
    if (spec.tag === defaultName && validator !== undefined && !moved.includes(validator)) moved.push(validator);
    let changed = 0;
    for (const { kind, metadata } of moved) {
      const done = await change(
        resources.value,
        { apiVersion: hook, kind, name: metadata.name },
        {
          manager,
          edit: (live) => pointed(live, { revision, ca }),
        },
      );
      if (!done.ok) return done;
      if (done.value.outcome === "changed") changed++;
    }
    return ok(`${changed} of ${moved.length} webhooks`);
  }

  /** Refused while a proxy, a tag or the webhook that validates is of the old revision. */
  async unused(spec: UpgradeSpec): Promise<Result<null>> {
    const seen = await this.#state(spec.cluster);
    if (!seen.ok) return seen;
    const { proxies, tags, validator, namespaces } = seen.value;
    const left = proxies.filter(({ revision }) => revision === spec.from);
    if (left.length > 0) {
      const names = left.slice(0, 5).map(({ namespace, pod }) => `${namespace}/${pod}`);
      return fail(notReady(`${left.length} proxies are still of ${spec.from}: ${names.join(", ")}.`));
    }
    const tag = tags.find(({ revision }) => revision === spec.from);
    if (tag !== undefined) return fail(notReady(`The tag ${tag.name} still leads to ${spec.from}.`));
    const asking = namespaces.find(({ revision }) => revision === spec.from);
    if (asking !== undefined) return fail(notReady(`The namespace ${asking.name} still asks for ${spec.from}.`));
    // istio#28880: whoever validates must not be taken away.
    if (validator === spec.from)
      return fail(notReady(`The webhook that validates configuration still asks ${spec.from}.`));
    return ok(null);
  }

  /** Takes the old revision away. From its first object on there is no way back. */
  async remove(spec: UpgradeSpec): Promise<Result<number>> {
    const unused = await this.unused(spec);
    if (!unused.ok) return unused;
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    let removed = 0;
    for (const [apiVersion, kind] of consistsOf) {
      const clusterWide = kind.endsWith("WebhookConfiguration");
      const namespace = clusterWide ? {} : { namespace: rootNamespace };
      const list = await resources.value.list({
        apiVersion,
        kind,
        ...namespace,
        labelSelector: `${revisionLabel}=${spec.from}`,
      });
      if (!list.ok) {
        if (list.error.code === "unknown_kind") continue;
        return list;
      }
      for (const { metadata } of list.value.items) {
        if (metadata.labels?.[tagLabel] !== undefined) continue;
        const gone = await resources.value.remove(
          { apiVersion, kind, ...namespace, name: metadata.name },
          { uid: metadata.uid },
        );
        if (!gone.ok) return gone;
        if (gone.value === "deleted") removed++;
      }
    }
    return ok(removed);
  }

  /** Whether there is still a way back: the old revision runs and injects. */
  async canGoBack(spec: UpgradeSpec): Promise<Result<boolean>> {
    const resources = await this.#options.open(spec.cluster);
    if (!resources.ok) return resources;
    const read = await readState(resources.value);
    if (!read.ok) return read;
    const from = this.#stateOf(read.value).revisions.find(({ name }) => name === spec.from);
    return ok(from?.ready === true && injectorOf(read.value, spec.from) !== undefined);
  }

  /** Namespaces with proxies of the new revision whose labels ask for another: they had followed, and have to come back. */
  async strayed(spec: UpgradeSpec): Promise<Result<readonly string[]>> {
    const seen = await this.#state(spec.cluster);
    if (!seen.ok) return seen;
    const found = seen.value.proxies.filter(({ revision, wanted }) => revision === spec.to && wanted === spec.from);
    return ok([...new Set(found.map(({ namespace }) => namespace))].toSorted());
  }

  async #state(cluster: string): Promise<Result<MeshState>> {
    const resources = await this.#options.open(cluster);
    if (!resources.ok) return resources;
    const read = await readState(resources.value);
    return read.ok ? ok(this.#stateOf(read.value)) : read;
  }

  #stateOf(objects: readonly KubeObject[]): MeshState {
    const { clock, limits } = this.#options;
    return meshState(objects, { now: clock.now(), soonMs: limits.certificateSoonMs });
  }

  /** Looks until it is done, something has failed, or it has taken too long. */
  async #until<T>(
    cluster: string,
    signal: AbortSignal | undefined,
    look: (resources: Resources) => Promise<Result<{ readonly done: T } | { readonly waits: string }>>,
  ): Promise<Result<T>> {
    const { clock, limits, open } = this.#options;
    const began = clock.now();
    for (;;) {
      const resources = await open(cluster);
      if (!resources.ok) return resources;
      const seen = await look(resources.value);
      if (!seen.ok) return seen;
      if ("done" in seen.value) return ok(seen.value.done);
      const { waits } = seen.value;
      if (clock.now() - began >= limits.meshWaitMs)
        return fail(notReady(`It took longer than ${limits.meshWaitMs} ms. ${waits}`));
      if (!(await resources.value.client.pause(limits.healthPollMs, signal))) return fail(notReady(waits));
    }
  }
}

function notReady(message: string): Parameters<typeof fail>[0] {
  return { code: "not_ready", message, hint: "sluice cluster mesh status NAME shows revisions, tags and proxies." };
}
