// What of a mesh is where: revisions with their versions, tags, the webhook that validates, and each proxy with the revision it is of and
// the one it would get now. Source: Istio, "Canary upgrades" and "Revision tags": labels istio.io/rev and istio.io/tag.
import { asRecord, at, listAt, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { jsonOf, MeshView, proxyOf, rootNamespace } from "./analysis/view.ts";
import type { Labels, Workload } from "./analysis/view.ts";
import { certificatesOf } from "./certificates.ts";
import type { MeshCertificate } from "./certificates.ts";
import { mtlsOf } from "./mtls.ts";
import type { MtlsMode } from "./mtls.ts";

export const revisionLabel = "istio.io/rev";
export const tagLabel = "istio.io/tag";
export const injectionLabel = "istio-injection";
/** The revision and the tag of who says nothing. */
export const defaultName = "default";

interface MeshRevision {
  readonly name: string;
  readonly version: string;
  readonly ready: boolean;
  /** Names that lead to it. */
  readonly tags: readonly string[];
  readonly proxies: number;
}

interface MeshTag {
  readonly name: string;
  readonly revision: string;
  /** Namespaces that ask for it. */
  readonly namespaces: readonly string[];
}

interface MeshNamespace {
  readonly name: string;
  /** What its label says; a revision or a tag. */
  readonly asks: string;
  readonly revision: string;
  readonly mtls: MtlsMode;
  readonly mtlsBy: string;
}

interface MeshProxy {
  readonly pod: string;
  readonly namespace: string;
  readonly revision: string;
  readonly version: string;
  /** The revision it would have after a restart; undefined where it would have none. */
  readonly wanted: string | undefined;
  /** Why it is not as it should be; undefined where it is. */
  readonly stale: string | undefined;
}

export interface MeshState {
  readonly revisions: readonly MeshRevision[];
  readonly tags: readonly MeshTag[];
  /** The revision whose webhook validates configuration; undefined where none does. */
  readonly validator: string | undefined;
  readonly namespaces: readonly MeshNamespace[];
  readonly proxies: readonly MeshProxy[];
  readonly certificates: readonly MeshCertificate[];
  /** What somebody should look at, in sentences. */
  readonly problems: readonly string[];
}

/** What proxies have taken, as control planes say: by pod and namespace, what is behind. */
export type ProxySync = ReadonlyMap<string, string>;

interface StateOptions {
  readonly now: number;
  readonly soonMs: number;
  readonly sync?: ProxySync;
}

export function meshState(objects: readonly KubeObject[], options: StateOptions): MeshState {
  const view = new MeshView(objects);
  const tags = tagsOf(view);
  const planes = planesOf(view);
  const resolved = (asked: string): string => tags.find(({ name }) => name === asked)?.revision ?? asked;
  const namespaces = view.of("Namespace").flatMap((namespace): MeshNamespace[] => {
    const { name, labels = {} } = namespace.metadata;
    const asks = askedBy(labels);
    if (asks === undefined) return [];
    const { mode, by } = mtlsOf({ namespace: name, labels: {} }, view);
    return [{ name, asks, revision: resolved(asks), mtls: mode, mtlsBy: by }];
  });
  const proxies = view.workloads
    .filter(({ object, spec }) => object.kind === "Pod" && !isOver(object) && proxyOf(spec) !== undefined)
    .map((pod) => proxyState(pod, { view, planes, resolved, sync: options.sync }));
  const revisions = [...planes].map(([name, { version, ready }]) => ({
    name,
    version,
    ready,
    tags: tags.filter(({ revision }) => revision === name).map((tag) => tag.name),
    proxies: proxies.filter(({ revision }) => revision === name).length,
  }));
  const told = tags.map((tag) => ({
    ...tag,
    namespaces: namespaces.filter(({ asks }) => asks === tag.name).map(({ name }) => name),
  }));
  const validator = validatorOf(view);
  const certificates = certificatesOf(objects, options);
  const seen = { revisions, tags: told, validator, namespaces, proxies, certificates };
  return { ...seen, problems: problemsOf(seen) };
}

/** The revision or tag that labels of a namespace or pod ask for. */
export function askedBy(labels: Labels): string | undefined {
  if (labels[injectionLabel] === "enabled") return defaultName;
  if (labels[injectionLabel] !== undefined) return undefined;
  return labels[revisionLabel];
}

/** Name of the service of a revision. */
export function serviceOf(revision: string): string {
  return revision === defaultName ? "istiod" : `istiod-${revision}`;
}

interface Plane {
  readonly version: string;
  readonly ready: boolean;
}

function planesOf(view: MeshView): ReadonlyMap<string, Plane> {
  const found = new Map<string, Plane>();
  for (const deployment of view.of("Deployment")) {
    const { labels = {}, namespace } = deployment.metadata;
    if (labels["app"] !== "istiod" || namespace !== rootNamespace) continue;
    const container = listAt(deployment, "spec", "template", "spec", "containers")[0];
    const wanted = Number(at(deployment, "spec", "replicas") ?? 1);
    const ready = Number(at(deployment, "status", "readyReplicas") ?? 0);
    const name = labels[revisionLabel] ?? defaultName;
    found.set(name, { version: versionOf(textAt(container, "image") ?? ""), ready: wanted > 0 && ready >= wanted });
  }
  return found;
}

/** The tag of an image, without what is said of its base. */
function versionOf(image: string): string {
  const tag = /:([^:/@]+)(@|$)/.exec(image)?.[1] ?? "";
  return tag.replace(/-(distroless|debug)$/, "");
}

function tagsOf(view: MeshView): readonly { readonly name: string; readonly revision: string }[] {
  return view.of("MutatingWebhookConfiguration").flatMap(({ metadata: { labels = {} } }) => {
    const [name, revision] = [labels[tagLabel], labels[revisionLabel]];
    return name === undefined || revision === undefined ? [] : [{ name, revision }];
  });
}

/** Name of the webhook that validates whatever no revision is named in. */
export const defaultValidator = "istiod-default-validator";

function validatorOf(view: MeshView): string | undefined {
  const config = view.named("ValidatingWebhookConfiguration", defaultValidator);
  const service = textAt(listAt(config, "webhooks")[0], "clientConfig", "service", "name");
  if (service === undefined) return undefined;
  return service === "istiod" ? defaultName : service.replace(/^istiod-/, "");
}

function isOver(pod: KubeObject): boolean {
  const phase = textAt(pod, "status", "phase");
  return phase === "Succeeded" || phase === "Failed" || pod.metadata.deletionTimestamp !== undefined;
}

interface Looking {
  readonly view: MeshView;
  readonly planes: ReadonlyMap<string, Plane>;
  readonly resolved: (asked: string) => string;
  readonly sync: ProxySync | undefined;
}

function proxyState(pod: Workload, { view, planes, resolved, sync }: Looking): MeshProxy {
  const { name, namespace, labels, annotations } = pod;
  const told = asRecord(jsonOf(annotations["sidecar.istio.io/status"]))?.["revision"];
  const revision = typeof told === "string" && told !== "" ? told : (labels[revisionLabel] ?? defaultName);
  const version = versionOf(textAt(proxyOf(pod.spec), "image") ?? "");
  const asked =
    labels["sidecar.istio.io/inject"] === "false"
      ? undefined
      : (askedBy(view.namespaceLabels(namespace)) ?? askedBy(labels));
  // Injectors write their revision on the pod: that says what it wants only where the namespace says nothing.
  const wanted = asked === undefined ? undefined : resolved(asked);
  const plane = planes.get(revision);
  const behind = sync?.get(`${namespace}/${name}`);
  const stale =
    plane === undefined
      ? `Its revision ${revision} is not installed.`
      : wanted !== undefined && wanted !== revision
        ? `It is of ${revision}, and would be of ${wanted}: restart it.`
        : plane.version !== version
          ? `It is ${version}, and ${revision} is ${plane.version}: restart it.`
          : !isReady(pod.object)
            ? "The proxy is not ready."
            : behind;
  return { pod: name, namespace, revision, version, wanted, stale };
}

/** A pod whose status says nothing of its proxy yet is not ready. */
function isReady(pod: KubeObject): boolean {
  const statuses = [...listAt(pod, "status", "containerStatuses"), ...listAt(pod, "status", "initContainerStatuses")];
  const own = statuses.find((each) => textAt(each, "name") === "istio-proxy");
  if (own !== undefined) return at(own, "ready") === true;
  return listAt(pod, "status", "conditions").some(
    (each) => textAt(each, "type") === "Ready" && textAt(each, "status") === "True",
  );
}

function problemsOf(state: Omit<MeshState, "problems">): readonly string[] {
  const { revisions, tags, validator, proxies, certificates } = state;
  const names = new Set(revisions.map(({ name }) => name));
  const said: string[] = revisions
    .filter(({ ready }) => !ready)
    .map(({ name }) => `The revision ${name} is not ready.`);
  for (const { name, revision } of tags)
    if (!names.has(revision)) said.push(`The tag ${name} leads to ${revision}, which is not installed.`);
  // istio#28880: nothing can be changed any more, since who has to agree is gone.
  if (validator !== undefined && !names.has(validator))
    said.push(
      `The webhook that validates configuration asks ${validator}, which is not installed: no change is let in.`,
    );
  const stale = proxies.filter((proxy) => proxy.stale !== undefined).length;
  if (stale > 0) said.push(`${stale} of ${proxies.length} proxies are not as they should be.`);
  for (const { source, state: how } of certificates) {
    if (how === "expired") said.push(`A certificate has expired: ${source}.`);
    if (how === "soon") said.push(`A certificate expires soon: ${source}.`);
    if (how === "unreadable") said.push(`What should be a certificate is none: ${source}.`);
  }
  return said;
}
