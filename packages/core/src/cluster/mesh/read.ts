// Reads everything of a cluster that its mesh consists of. Kinds that it has not are left out; of secrets only certificates come along.
import { ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Resources } from "../client/resources.ts";
import { asRecord, at, listAt, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { eachOf } from "../plans/each-of.ts";
import { publicKeys } from "./certificates.ts";
import { serviceOf } from "./state.ts";
import type { ProxySync } from "./state.ts";
import { rootNamespace } from "./analysis/view.ts";

type Kind = readonly [apiVersion: string, kind: string];

/** What revisions, tags and proxies are read from. */
const stateKinds: readonly Kind[] = [
  ["v1", "Namespace"],
  ["v1", "Pod"],
  ["v1", "Secret"],
  ["v1", "ConfigMap"],
  ["apps/v1", "Deployment"],
  ["admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration"],
  ["admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"],
  ["security.istio.io/v1", "PeerAuthentication"],
];
/** What the analysis looks at besides. */
const furtherKinds: readonly Kind[] = [
  ["v1", "Service"],
  ["apps/v1", "StatefulSet"],
  ["apps/v1", "DaemonSet"],
  ["networking.k8s.io/v1", "Ingress"],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
  ["networking.istio.io/v1", "VirtualService"],
  ["networking.istio.io/v1", "DestinationRule"],
  ["networking.istio.io/v1", "Gateway"],
  ["networking.istio.io/v1", "ServiceEntry"],
  ["networking.istio.io/v1", "Sidecar"],
  ["networking.istio.io/v1alpha3", "EnvoyFilter"],
  ["security.istio.io/v1", "RequestAuthentication"],
  ["security.istio.io/v1", "AuthorizationPolicy"],
  ["telemetry.istio.io/v1", "Telemetry"],
  ["extensions.istio.io/v1alpha1", "WasmPlugin"],
];
/** What of definitions is looked at. */
const definitionGroup = "gateway.networking.k8s.io";

export function readState(resources: Resources): Promise<Result<readonly KubeObject[]>> {
  return readKinds(resources, stateKinds);
}

export function readConfiguration(resources: Resources): Promise<Result<readonly KubeObject[]>> {
  return readKinds(resources, [...stateKinds, ...furtherKinds]);
}

async function readKinds(resources: Resources, kinds: readonly Kind[]): Promise<Result<readonly KubeObject[]>> {
  const lists = await eachOf(kinds, resources.client.limits.applyConcurrency, ([apiVersion, kind]) =>
    resources.list({ apiVersion, kind }),
  );
  const objects: KubeObject[] = [];
  for (const list of lists) {
    if (list.ok) objects.push(...list.value.items.map(bare).filter(isLookedAt));
    else if (list.error.code !== "unknown_kind") return list;
  }
  return ok(objects);
}

/** Without managed fields, and of a secret only what everybody may see. */
export function bare(object: KubeObject): KubeObject {
  const { managedFields: _owners, ...metadata } = object.metadata;
  if (object.kind !== "Secret") return { ...object, metadata };
  const { annotations: _told, ...named } = metadata;
  const data = Object.entries(asRecord(at(object, "data")) ?? {}).map(([key, value]) => [
    key,
    publicKeys.includes(key) ? value : "(secret)",
  ]);
  const { apiVersion, kind } = object;
  return { apiVersion, kind, metadata: named, type: object["type"], data: Object.fromEntries(data) };
}

function isLookedAt(object: KubeObject): boolean {
  return object.kind !== "CustomResourceDefinition" || textAt(object, "spec", "group") === definitionGroup;
}

/** Parts of a proxy's configuration, as the control plane counts what it has sent and what was taken. */
const parts = ["cluster", "listener", "route", "endpoint"];
const debugPort = 15014;

/** What proxies are behind in, as the control planes say; those that do not say are left out. */
export async function readSync(resources: Resources, revisions: readonly string[]): Promise<ProxySync> {
  const behind = new Map<string, string>();
  for (const revision of revisions) {
    const path = `/api/v1/namespaces/${rootNamespace}/services/${serviceOf(revision)}:${debugPort}/proxy/debug/syncz`;
    const answer = await resources.client.json({ path });
    if (!answer.ok) continue;
    const list = Array.isArray(answer.value.body)
      ? (answer.value.body as readonly unknown[])
      : listAt(answer.value.body, "items");
    for (const each of list) {
      const [pod = "", namespace = ""] = (textAt(each, "proxy") ?? "").split(".");
      const late = parts.filter((part) => {
        const sent = textAt(each, `${part}_sent`) ?? "";
        return sent !== "" && sent !== (textAt(each, `${part}_acked`) ?? "");
      });
      if (late.length > 0)
        behind.set(`${namespace}/${pod}`, `It has not taken what ${revision} has sent: ${late.join(", ")}.`);
    }
  }
  return behind;
}
