// Which mutual TLS a workload asks for: the policy nearest to it counts (Istio, PeerAuthentication: workload, then namespace, then mesh).
import { asRecord, keyOf, refOf, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { labelsAt, matches, namespaceOf, rootNamespace } from "./analysis/view.ts";
import type { Labels, MeshView } from "./analysis/view.ts";

export type MtlsMode = "STRICT" | "PERMISSIVE" | "DISABLE";

export interface EffectiveMtls {
  readonly mode: MtlsMode;
  /** What says so: an object, or the default. */
  readonly by: string;
}

const modes = new Set<string>(["STRICT", "PERMISSIVE", "DISABLE"]);

/** Of a service: what its selector selects. */
export function effectiveMtls(service: KubeObject, view: MeshView): EffectiveMtls {
  return mtlsOf({ namespace: namespaceOf(service), labels: labelsAt(service, "spec", "selector") ?? {} }, view);
}

export function mtlsOf(
  { namespace, labels }: { readonly namespace: string; readonly labels: Labels },
  view: MeshView,
): EffectiveMtls {
  const policies = view.of("PeerAuthentication").toSorted((a, b) => age(a).localeCompare(age(b)));
  const selector = (each: KubeObject): Labels | undefined => {
    const found = labelsAt(each, "spec", "selector", "matchLabels");
    return found === undefined || Object.keys(found).length === 0 ? undefined : found;
  };
  const near = [
    policies.filter((each) => {
      const wanted = selector(each);
      return wanted !== undefined && namespaceOf(each) === namespace && matches(wanted, labels);
    }),
    policies.filter((each) => selector(each) === undefined && namespaceOf(each) === namespace),
    policies.filter((each) => selector(each) === undefined && namespaceOf(each) === rootNamespace),
  ];
  for (const policy of near.flat()) {
    const mode = textAt(policy, "spec", "mtls", "mode") ?? "UNSET";
    if (modes.has(mode)) return { mode: mode as MtlsMode, by: keyOf(refOf(policy)) };
  }
  return { mode: "PERMISSIVE", by: "the mesh's default" };
}

/** The oldest of several counts. */
function age(object: KubeObject): string {
  const { creationTimestamp } = asRecord(object.metadata) ?? {};
  return typeof creationTimestamp === "string" ? creationTimestamp : "";
}
