// Rules about annotations of the mesh: known ones, where they belong, with values they can have.
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { rootNamespace } from "./view.ts";
import type { MeshView } from "./view.ts";

interface Known {
  /** Kinds it may be on; `Any` for all. */
  readonly on: readonly string[];
  readonly stage?: "alpha" | "deprecated";
  /** Undefined where the value is good. */
  readonly wrong?: (value: string) => string | undefined;
}

const port = (value: string): string | undefined =>
  /^\d+$/.test(value) && Number(value) <= 65_535 ? undefined : `${JSON.stringify(value)} is no port`;
const ports = (value: string): string | undefined =>
  value === "" || value === "*"
    ? undefined
    : value
        .split(",")
        .map((each) => port(each.trim()))
        .find((each) => each !== undefined);
const ranges = (value: string): string | undefined =>
  value === "*" || value === "" || value.split(",").every((each) => /^[\d.:a-fA-F]+\/\d+$/.test(each.trim()))
    ? undefined
    : `${JSON.stringify(value)} is no list of address ranges`;
const flag = (value: string): string | undefined =>
  value === "true" || value === "false" ? undefined : `${JSON.stringify(value)} is neither true nor false`;
const quantity = (value: string): string | undefined =>
  /^\d+(\.\d+)?(m|[kKMGT]i?)?$/.test(value) ? undefined : `${JSON.stringify(value)} is no quantity`;
const json = (value: string): string | undefined => {
  try {
    JSON.parse(value);
    return undefined;
  } catch {
    return "it is not JSON";
  }
};
const oneOf =
  (...allowed: readonly string[]) =>
  (value: string): string | undefined =>
    allowed.includes(value) ? undefined : `${JSON.stringify(value)} is none of ${allowed.join(", ")}`;

/** Annotations of the mesh (istio.io/docs/reference/config/annotations). */
const known: Readonly<Record<string, Known>> = {
  "sidecar.istio.io/inject": { on: ["Pod"], stage: "deprecated", wrong: flag },
  "sidecar.istio.io/status": { on: ["Pod"], wrong: json },
  "sidecar.istio.io/rewriteAppHTTPProbers": { on: ["Pod"], wrong: flag },
  "sidecar.istio.io/proxyCPU": { on: ["Pod"], wrong: quantity },
  "sidecar.istio.io/proxyCPULimit": { on: ["Pod"], wrong: quantity },
  "sidecar.istio.io/proxyMemory": { on: ["Pod"], wrong: quantity },
  "sidecar.istio.io/proxyMemoryLimit": { on: ["Pod"], wrong: quantity },
  "sidecar.istio.io/proxyImage": { on: ["Pod"] },
  "sidecar.istio.io/proxyImageType": { on: ["Pod"], wrong: oneOf("default", "debug", "distroless") },
  "sidecar.istio.io/logLevel": { on: ["Pod"], stage: "alpha" },
  "sidecar.istio.io/componentLogLevel": { on: ["Pod"], stage: "alpha" },
  "sidecar.istio.io/agentLogLevel": { on: ["Pod"] },
  "sidecar.istio.io/interceptionMode": { on: ["Pod"], stage: "alpha", wrong: oneOf("REDIRECT", "TPROXY", "NONE") },
  "sidecar.istio.io/bootstrapOverride": { on: ["Pod"], stage: "alpha" },
  "sidecar.istio.io/userVolume": { on: ["Pod"], stage: "alpha", wrong: json },
  "sidecar.istio.io/userVolumeMount": { on: ["Pod"], stage: "alpha", wrong: json },
  "sidecar.istio.io/discoveryAddress": { on: ["Pod"], stage: "deprecated" },
  "sidecar.istio.io/nativeSidecar": { on: ["Pod"], wrong: flag },
  "sidecar.istio.io/extraStatTags": { on: ["Pod"], stage: "alpha" },
  "sidecar.istio.io/statsInclusionPrefixes": { on: ["Pod"], stage: "deprecated" },
  "sidecar.istio.io/statsInclusionRegexps": { on: ["Pod"], stage: "alpha" },
  "sidecar.istio.io/statsInclusionSuffixes": { on: ["Pod"], stage: "alpha" },
  "sidecar.istio.io/statsHistogramBuckets": { on: ["Pod"], stage: "alpha", wrong: json },
  "traffic.sidecar.istio.io/includeInboundPorts": { on: ["Pod"], wrong: ports },
  "traffic.sidecar.istio.io/excludeInboundPorts": { on: ["Pod"], wrong: ports },
  "traffic.sidecar.istio.io/includeOutboundPorts": { on: ["Pod"], wrong: ports },
  "traffic.sidecar.istio.io/excludeOutboundPorts": { on: ["Pod"], wrong: ports },
  "traffic.sidecar.istio.io/includeOutboundIPRanges": { on: ["Pod"], wrong: ranges },
  "traffic.sidecar.istio.io/excludeOutboundIPRanges": { on: ["Pod"], wrong: ranges },
  "traffic.sidecar.istio.io/kubevirtInterfaces": { on: ["Pod"], stage: "deprecated" },
  "traffic.sidecar.istio.io/excludeInterfaces": { on: ["Pod"], stage: "alpha" },
  "status.sidecar.istio.io/port": { on: ["Pod"], wrong: port },
  "readiness.status.sidecar.istio.io/applicationPorts": { on: ["Pod"], stage: "alpha", wrong: ports },
  "readiness.status.sidecar.istio.io/failureThreshold": { on: ["Pod"], stage: "alpha", wrong: port },
  "readiness.status.sidecar.istio.io/initialDelaySeconds": { on: ["Pod"], stage: "alpha", wrong: port },
  "readiness.status.sidecar.istio.io/periodSeconds": { on: ["Pod"], stage: "alpha", wrong: port },
  "proxy.istio.io/config": { on: ["Pod"] },
  "proxy.istio.io/overrides": { on: ["Pod"], stage: "alpha" },
  "inject.istio.io/templates": { on: ["Pod"] },
  "prometheus.istio.io/merge-metrics": { on: ["Pod"], stage: "alpha", wrong: flag },
  "networking.istio.io/exportTo": { on: ["Service"] },
  "networking.istio.io/traffic-distribution": {
    on: ["Service", "Namespace", "ServiceEntry"],
    wrong: oneOf("PreferClose", "PreferSameZone", "PreferSameNode", "Any"),
  },
  "networking.istio.io/address-type": { on: ["Gateway"], stage: "alpha" },
  "networking.istio.io/service-type": { on: ["Gateway"] },
  "alpha.istio.io/kubernetes-serviceaccounts": { on: ["Service"], stage: "alpha" },
  "alpha.istio.io/canonical-serviceaccounts": { on: ["Service"], stage: "alpha" },
  "topology.istio.io/controlPlaneClusters": { on: ["Namespace"], stage: "alpha" },
  "galley.istio.io/analyze-suppress": { on: ["Any"], stage: "alpha" },
  "istio.io/dry-run": { on: ["AuthorizationPolicy"], stage: "alpha", wrong: flag },
  "istio.io/rev": { on: ["Pod", "Any"] },
  "ambient.istio.io/redirection": { on: ["Pod"], wrong: oneOf("enabled", "disabled", "pending") },
  "ambient.istio.io/bypass-inbound-capture": { on: ["Pod"], stage: "alpha", wrong: flag },
  "install.operator.istio.io/chart-owner": { on: ["Any"], stage: "alpha" },
  "install.operator.istio.io/owner-generation": { on: ["Any"], stage: "alpha" },
};

const ours = /(^|\.)istio\.io\//;
/** The analysis of these is somebody else's. */
const labelsOnly = /^(topology|service|security|internal|operator)\.istio\.io\//;

/** Pods are made by these; their own annotations are not those of pods. */
export function annotationRules(view: MeshView): readonly Finding[] {
  const objects = [
    "Namespace",
    "Service",
    "Pod",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
    "Gateway",
    "AuthorizationPolicy",
    "ServiceEntry",
  ].flatMap((kind) => view.of(kind));
  const own = objects.flatMap((object) =>
    of(
      object,
      object.metadata.annotations ?? {},
      object.kind === "Gateway" && !object.apiVersion.startsWith("gateway.") ? "Gateway (Istio)" : object.kind,
    ),
  );
  const templates = view.workloads
    .filter(({ object }) => object.kind !== "Pod")
    .flatMap(({ object, annotations }) => of(object, annotations, "Pod"));
  return [...own, ...templates];
}

function of(object: KubeObject, annotations: Readonly<Record<string, string>>, kind: string): readonly Finding[] {
  if (object.metadata.namespace === rootNamespace) return [];
  return Object.entries(annotations).flatMap(([name, value]) => {
    if (!ours.test(name) || labelsOnly.test(name)) return [];
    const path = `metadata.annotations[${JSON.stringify(name)}]`;
    const rule = known[name];
    if (rule === undefined)
      return [finding("IST0108", object, { message: `Nobody knows the annotation ${name}.`, path })];
    const said: Finding[] = [];
    if (!rule.on.includes(kind) && !rule.on.includes("Any"))
      said.push(
        finding("IST0107", object, {
          message: `${name} is for ${rule.on.join(", ")} only, and this is a ${kind}.`,
          path,
        }),
      );
    const problem = rule.wrong?.(value);
    if (problem !== undefined) said.push(finding("IST0125", object, { message: `${name}: ${problem}.`, path }));
    if (rule.stage === "deprecated")
      said.push(
        finding("IST0135", object, {
          message: `${name} is deprecated${name === "sidecar.istio.io/inject" ? ": it is a label now" : ""}.`,
          path,
        }),
      );
    if (rule.stage === "alpha")
      said.push(finding("IST0136", object, { message: `${name} is of a feature that is not finished.`, path }));
    return said;
  });
}
