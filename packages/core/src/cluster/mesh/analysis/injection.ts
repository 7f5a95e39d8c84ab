// Rules about who gets a proxy: namespaces that say nothing or two things, pods without one, and proxies of another version.
import { asRecord, at, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { injectorConfigs, matches, proxyOf, rootNamespace } from "./view.ts";
import type { Labels, MeshView, Workload } from "./view.ts";

/** Namespaces that are nobody's to inject. */
const system = new Set(["kube-system", "kube-public", "kube-node-lease", "local-path-storage", rootNamespace]);

export function injectionRules(view: MeshView): readonly Finding[] {
  return [
    ...view.of("Namespace").flatMap((each) => ofNamespace(each, view)),
    ...view.workloads.filter(({ object }) => object.kind === "Pod").flatMap((each) => withoutProxy(each, view)),
    ...images(view),
    ...view.workloads.flatMap((each) => automaticImage(each, view)),
  ];
}

function ofNamespace(namespace: KubeObject, view: MeshView): readonly Finding[] {
  const { name, labels = {} } = namespace.metadata;
  if (system.has(name)) return [];
  const injection = labels["istio-injection"];
  const revision = labels["istio.io/rev"];
  if (injection !== undefined && revision !== undefined) {
    const message = `It has istio-injection=${injection} and istio.io/rev=${revision}; the first counts.`;
    return [finding("IST0123", namespace, { message, path: "metadata.labels" })];
  }
  if (injection !== undefined || revision !== undefined || labels["istio.io/dataplane-mode"] !== undefined) return [];
  if (view.injectsByDefault())
    return [finding("IST0148", namespace, "It says nothing, and is injected: the mesh injects by default.")];
  // A namespace where nothing runs is nobody's concern.
  if (!view.workloads.some((each) => each.namespace === name)) return [];
  return [
    finding(
      "IST0102",
      namespace,
      "It says nothing, and is not injected. Label it istio-injection=enabled or =disabled.",
    ),
  ];
}

function withoutProxy(pod: Workload, view: MeshView): readonly Finding[] {
  if (system.has(pod.namespace) || !view.isInjected(pod) || proxyOf(pod.spec) !== undefined) return [];
  const phase = textAt(pod.object, "status", "phase");
  if (phase === "Succeeded" || phase === "Failed") return [];
  return [finding("IST0103", pod.object, "It is to have a proxy and has none: it is older than that. Restart it.")];
}

/** The image that the injector of a namespace puts in now. */
function wantedImage(values: readonly unknown[], revision: string): string | undefined {
  const own =
    values.find((each) => (textAt(each, "revision") ?? "") === revision) ??
    (values.length === 1 ? values[0] : undefined);
  const hub = textAt(own, "global", "hub");
  const tag = textAt(own, "global", "tag");
  const image = textAt(own, "global", "proxy", "image") ?? "proxyv2";
  if (hub === undefined || tag === undefined) return undefined;
  return image.includes("/") ? image : `${hub}/${image}:${tag}`;
}

function images(view: MeshView): readonly Finding[] {
  const values = injectorConfigs(view);
  if (values.length === 0) return [];
  return view.of("Namespace").flatMap((namespace) => {
    const { name, labels = {} } = namespace.metadata;
    if (system.has(name)) return [];
    const wanted = wantedImage(values, labels["istio.io/rev"] ?? "");
    if (wanted === undefined) return [];
    const others = view.workloads.filter((pod) => {
      const image = textAt(proxyOf(pod.spec), "image");
      const asked = pod.annotations["sidecar.istio.io/proxyImage"];
      return (
        pod.object.kind === "Pod" &&
        pod.namespace === name &&
        image !== undefined &&
        asked === undefined &&
        image.replace(/-(distroless|debug)$/, "") !== wanted
      );
    });
    if (others.length === 0) return [];
    const message = `The proxies of ${others.map((pod) => pod.name).join(", ")} are not ${wanted}, which would be injected now. Restart them.`;
    return [finding("IST0158", namespace, message)];
  });
}

/** `image: auto` is replaced by an injector, and means nothing without one. */
function automaticImage(workload: Workload, view: MeshView): readonly Finding[] {
  const automatic = listAt(workload.spec, "containers").some((each) => textAt(each, "image") === "auto");
  if (!automatic) return [];
  const webhooks = view.of("MutatingWebhookConfiguration").flatMap((each) => listAt(each, "webhooks"));
  const reached = webhooks.some((webhook) => {
    const [spaces, pods] = [at(webhook, "namespaceSelector"), at(webhook, "objectSelector")];
    return selects(spaces, view.namespaceLabels(workload.namespace)) && selects(pods, workload.labels);
  });
  if (reached) return [];
  const code = workload.object.kind === "Pod" ? "IST0147" : "IST0146";
  return [finding(code, workload.object, "Its image is `auto`, and no injector would replace that.")];
}

/** As Kubernetes reads a label selector; none selects everything. */
export function selects(selector: unknown, labels: Labels): boolean {
  if (!matches((asRecord(at(selector, "matchLabels")) ?? {}) as Labels, labels)) return false;
  return listAt(selector, "matchExpressions").every((each) => {
    const value = labels[textAt(each, "key") ?? ""];
    const values = listAt(each, "values");
    switch (textAt(each, "operator")) {
      case "In":
        return value !== undefined && values.includes(value);
      case "NotIn":
        return value === undefined || !values.includes(value);
      case "Exists":
        return value !== undefined;
      default:
        return value === undefined;
    }
  });
}
