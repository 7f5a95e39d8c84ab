// For tests: small meshes, and what the rules find in them.
import type { KubeObject } from "../../objects.ts";
import { analyze } from "./analyze.ts";
import type { MeshCode } from "./messages.ts";
import type { MeshFacts } from "./view.ts";

const versions: Readonly<Record<string, string>> = {
  VirtualService: "networking.istio.io/v1",
  DestinationRule: "networking.istio.io/v1",
  Gateway: "networking.istio.io/v1",
  ServiceEntry: "networking.istio.io/v1",
  Sidecar: "networking.istio.io/v1",
  EnvoyFilter: "networking.istio.io/v1alpha3",
  PeerAuthentication: "security.istio.io/v1",
  RequestAuthentication: "security.istio.io/v1",
  AuthorizationPolicy: "security.istio.io/v1",
  Telemetry: "telemetry.istio.io/v1",
  Deployment: "apps/v1",
  Ingress: "networking.k8s.io/v1",
  MutatingWebhookConfiguration: "admissionregistration.k8s.io/v1",
  ValidatingWebhookConfiguration: "admissionregistration.k8s.io/v1",
  CustomResourceDefinition: "apiextensions.k8s.io/v1",
};
const clusterWide = new Set([
  "Namespace",
  "CustomResourceDefinition",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
]);

/** `name` or `namespace/name`; the namespace is `shop` without one. */
export function object(
  kind: string,
  name: string,
  spec: object = {},
  more: { meta?: object; rest?: object } = {},
): KubeObject {
  const [first = "", second] = name.split("/");
  const namespace = clusterWide.has(kind) ? {} : { namespace: second === undefined ? "shop" : first };
  const metadata = { name: second ?? first, ...namespace, ...more.meta };
  return {
    apiVersion: versions[kind] ?? "v1",
    kind,
    metadata,
    ...(Object.keys(spec).length > 0 ? { spec } : {}),
    ...more.rest,
  };
}

export const labelled = (kind: string, name: string, labels: object, more: object = {}): KubeObject =>
  object(kind, name, {}, { meta: { labels }, rest: more });

export const service = (
  name: string,
  ports: readonly object[] = [{ name: "http", port: 80 }],
  more: object = {},
): KubeObject => object("Service", name, { selector: { app: name.split("/").at(-1) }, ports, ...more });

const proxy = { name: "istio-proxy", image: "hub/proxyv2:1.28.1" };

export const pod = (
  name: string,
  labels: object = { app: name },
  spec: object = {},
  annotations: object = {},
): KubeObject =>
  object(
    "Pod",
    name,
    { containers: [{ name: "app", image: "app" }, proxy], ...spec },
    { meta: { labels, annotations } },
  );

export const deployment = (name: string, spec: object = {}, meta: object = {}): KubeObject =>
  object("Deployment", name, {
    template: {
      metadata: { labels: { app: name }, ...meta },
      spec: { containers: [{ name: "app", image: "app" }], ...spec },
    },
  });

export const virtualService = (name: string, spec: object): KubeObject =>
  object("VirtualService", name, { hosts: ["web"], ...spec });
export const to = (host: string, more: object = {}): object => ({ destination: { host, ...more } });
export const injected = labelled("Namespace", "shop", { "istio-injection": "enabled" });

type Mesh = readonly KubeObject[];

/** One code, with meshes in which it is found and meshes, alike but for that, in which it is not. */
export type Case = readonly [code: MeshCode, bad: Mesh, good: Mesh, facts?: { bad?: MeshFacts; good?: MeshFacts }];

export const codesOf = (mesh: Mesh, facts: MeshFacts = {}): readonly string[] =>
  analyze(mesh, facts).map(({ code }) => code);

/** What has to be true of a case: found where it is, and not found where it is not. */
export function judge([code, bad, good, facts = {}]: Case): { readonly found: boolean; readonly false: boolean } {
  return { found: codesOf(bad, facts.bad).includes(code), false: codesOf(good, facts.good).includes(code) };
}
