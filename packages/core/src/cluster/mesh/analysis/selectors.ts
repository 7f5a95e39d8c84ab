// Rules about what is meant for some workloads: sidecars, telemetry and policies that select nothing, or what another one selects too.
import { listAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding, MeshCode } from "./messages.ts";
import { labelsAt, namespaceOf, rootNamespace } from "./view.ts";
import type { Labels, MeshView } from "./view.ts";

const selecting = [
  "AuthorizationPolicy",
  "RequestAuthentication",
  "PeerAuthentication",
  "Telemetry",
  "WasmPlugin",
] as const;

export function selectorRules(view: MeshView): readonly Finding[] {
  return [
    ...overlapping("Sidecar", { selected: "IST0110", unselected: "IST0111" }, view),
    ...overlapping("Telemetry", { selected: "IST0159", unselected: "IST0160" }, view),
    ...view.of("Telemetry").flatMap(providers),
    ...[...selecting, "Sidecar", "EnvoyFilter"]
      .flatMap((kind) => view.of(kind))
      .flatMap((each) => unmatched(each, view)),
    ...selecting.flatMap((kind) => view.of(kind)).flatMap((each) => atGateways(each, view)),
    ...view.of("Sidecar").flatMap((each) => ambient(each, view)),
  ];
}

/** Undefined where it is meant for all of its namespace. */
function selectorOf(object: KubeObject): Labels | undefined {
  const found =
    labelsAt(object, "spec", "selector", "matchLabels") ??
    labelsAt(object, "spec", "workloadSelector", "labels") ??
    labelsAt(object, "spec", "workloadSelector", "matchLabels");
  return found === undefined || Object.keys(found).length === 0 ? undefined : found;
}

/** Telemetry of one part each (metrics, traces, logs) does not get in the way of another. */
function partsOf(object: KubeObject): readonly string[] {
  if (object.kind !== "Telemetry") return ["all"];
  return ["metrics", "tracing", "accessLogging"].filter((part) => listAt(object, "spec", part).length > 0);
}

function overlapping(
  kind: string,
  codes: { readonly selected: MeshCode; readonly unselected: MeshCode },
  view: MeshView,
): readonly Finding[] {
  const said: Finding[] = [];
  const all = view.of(kind);
  for (const object of all) {
    const namespace = namespaceOf(object);
    const wanted = selectorOf(object);
    const rivals = all.filter(
      (each) =>
        each !== object &&
        namespaceOf(each) === namespace &&
        (selectorOf(each) === undefined) === (wanted === undefined) &&
        partsOf(each).some((part) => partsOf(object).includes(part)),
    );
    const names = (others: readonly KubeObject[]): string => others.map(({ metadata }) => metadata.name).join(", ");
    if (wanted === undefined) {
      if (rivals.length > 0)
        said.push(finding(codes.unselected, object, `${names(rivals)} is meant for all of ${namespace}, too.`));
      continue;
    }
    for (const pod of view.selected(wanted, namespace)) {
      const both = rivals.filter((each) => view.selected(selectorOf(each) ?? {}, namespace).includes(pod));
      if (both.length > 0) said.push(finding(codes.selected, object, `${names(both)} selects ${pod.name}, too.`));
    }
  }
  return said;
}

function providers(telemetry: KubeObject): readonly Finding[] {
  return ["metrics", "tracing", "accessLogging"].flatMap((part) =>
    listAt(telemetry, "spec", part).flatMap((each, index) => {
      const given = (each as { readonly providers?: unknown } | null)?.providers;
      if (!Array.isArray(given) || given.length > 0) return [];
      return [
        finding("IST0157", telemetry, {
          message: "It names no provider, and is ignored.",
          path: `spec.${part}[${index}].providers`,
        }),
      ];
    }),
  );
}

function unmatched(object: KubeObject, view: MeshView): readonly Finding[] {
  const wanted = selectorOf(object);
  if (wanted === undefined) return [];
  const namespace = namespaceOf(object);
  if (view.selected(wanted, namespace === rootNamespace ? undefined : namespace).length > 0) return [];
  const shown = Object.entries(wanted)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
  return [finding("IST0127", object, `No workload is labelled ${shown}.`)];
}

const gatewayName = "gateway.networking.k8s.io/gateway-name";

/** Gateways of the Gateway API, and waypoints, are meant by `targetRef` alone. */
function atGateways(object: KubeObject, view: MeshView): readonly Finding[] {
  const wanted = selectorOf(object);
  if (wanted === undefined) return [];
  return view.selected(wanted, namespaceOf(object)).flatMap((pod) => {
    const gateway = pod.labels[gatewayName];
    if (gateway === undefined) return [];
    return [
      finding(
        "IST0166",
        object,
        `It selects the gateway ${gateway} by labels, which has no effect: name it in targetRef.`,
      ),
    ];
  });
}

const ambientMode = "istio.io/dataplane-mode";

/** What configures a sidecar means nothing where there is none. */
function ambient(sidecar: KubeObject, view: MeshView): readonly Finding[] {
  const namespace = namespaceOf(sidecar);
  const wanted = selectorOf(sidecar);
  const isAmbient = view.namespaceLabels(namespace)[ambientMode] === "ambient";
  if (wanted === undefined)
    return isAmbient ? [finding("IST0167", sidecar, `${namespace} is in ambient mode: it has no effect.`)] : [];
  return view
    .selected(wanted, namespace)
    .filter(({ labels }) => (labels[ambientMode] ?? (isAmbient ? "ambient" : "")) === "ambient")
    .map(({ name }) => finding("IST0167", sidecar, `${name} is in ambient mode: it has no effect there.`));
}
