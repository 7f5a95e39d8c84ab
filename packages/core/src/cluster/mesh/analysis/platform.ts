// Rules about what the mesh stands on: the cluster's version and rights, webhooks, networks, services of other clusters, service entries.
import { at, asRecord, canonicalJson, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { parse } from "yaml";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { namespaceOf } from "./view.ts";
import type { MeshView } from "./view.ts";

/** Oldest minor version of Kubernetes that today's meshes run on (Istio, Supported Releases). */
const minorMin = 29;
/** Oldest version of the Gateway API that is read. */
const gatewayApiMin: readonly [number, number] = [1, 1];
const bundleVersion = "gateway.networking.k8s.io/bundle-version";

export function platformRules(view: MeshView): readonly Finding[] {
  return [
    ...versions(view),
    ...(view.facts.denied ?? []).map(({ resource, reason }) =>
      finding("IST0141", undefined, `The account may not make ${resource}: ${reason}.`),
    ),
    ...webhooks(view),
    ...networks(view),
    ...view.of("ServiceEntry").flatMap(addresses),
    ...otherClusters(view),
  ];
}

function versions(view: MeshView): readonly Finding[] {
  const { kubernetesVersion } = view.facts;
  const said: Finding[] = [];
  const minor = Number(/^v?1\.(\d+)/.exec(kubernetesVersion ?? "")?.[1] ?? minorMin);
  if (minor < minorMin)
    said.push(finding("IST0142", undefined, `Kubernetes is ${kubernetesVersion ?? ""}; the mesh needs 1.${minorMin}.`));
  for (const definition of view.of("CustomResourceDefinition")) {
    const version = definition.metadata.annotations?.[bundleVersion];
    const found = /^v?(\d+)\.(\d+)/.exec(version ?? "");
    if (found === null || textAt(definition, "spec", "group") !== "gateway.networking.k8s.io") continue;
    const [major, least] = [Number(found[1]), Number(found[2])];
    if (major < gatewayApiMin[0] || (major === gatewayApiMin[0] && least < gatewayApiMin[1]))
      said.push(
        finding(
          "IST0156",
          definition,
          `The Gateway API is ${version ?? ""}; the mesh needs ${gatewayApiMin.join(".")}.`,
        ),
      );
  }
  return said;
}

/** Webhooks of the mesh, by the revision's label or the name of their service. */
function meshWebhooks(view: MeshView): readonly { readonly config: KubeObject; readonly webhook: unknown }[] {
  return ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]
    .flatMap((kind) => view.of(kind))
    .filter(({ metadata }) => /^istio|istiod/.test(metadata.name) || metadata.labels?.["istio.io/rev"] !== undefined)
    .flatMap((config) => listAt(config, "webhooks").map((webhook) => ({ config, webhook })));
}

function webhooks(view: MeshView): readonly Finding[] {
  return meshWebhooks(view).flatMap(({ config, webhook }) => {
    const url = textAt(webhook, "clientConfig", "url");
    if (url !== undefined) return outside(config, webhook, url);
    const name = textAt(webhook, "clientConfig", "service", "name") ?? "";
    const namespace = textAt(webhook, "clientConfig", "service", "namespace") ?? "";
    const service = view.named("Service", name, namespace);
    const said = textAt(webhook, "name") ?? "";
    if (service === undefined)
      return [finding("IST0139", config, `${said} asks the service ${namespace}/${name}, which is not there.`)];
    const port = Number(at(webhook, "clientConfig", "service", "port") ?? 443);
    const ports = listAt(service, "spec", "ports").map((each) => Number(at(each, "port")));
    return ports.includes(port)
      ? []
      : [finding("IST0139", config, `${said} asks ${namespace}/${name} at port ${port}, which it has not.`)];
  });
}

/** Of a control plane in another cluster. */
function outside(config: KubeObject, webhook: unknown, url: string): readonly Finding[] {
  const name = textAt(webhook, "name") ?? "";
  const host = /^https:\/\/(\[[^\]]*\]|[^/:]*)/.exec(url)?.[1] ?? "";
  if (/^(\d+\.){3}\d+$|^\[/.test(host))
    return [finding("IST0164", config, `${name} reaches the control plane by the address ${host}, which has no name.`)];
  const good = host !== "" && host.split(".").every((label) => /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/i.test(label));
  return good ? [] : [finding("IST0163", config, `${name} reaches the control plane by ${url}, which is no address.`)];
}

function networks(view: MeshView): readonly Finding[] {
  const clusters = new Set(
    view
      .of("Secret")
      .filter(({ metadata }) => metadata.labels?.["istio/multiCluster"] === "true")
      .flatMap((secret) => Object.keys(asRecord(at(secret, "data")) ?? {})),
  );
  return view.of("ConfigMap").flatMap((map) => {
    if (!/^istio(-|$)/.test(map.metadata.name)) return [];
    const text = textAt(map, "data", "meshNetworks");
    const declared: unknown = text === undefined ? undefined : at(parsed(text), "networks");
    return Object.entries(asRecord(declared) ?? {}).flatMap(([network, of]) =>
      listAt(of, "endpoints").flatMap((each) => {
        const registry = textAt(each, "fromRegistry");
        if (registry === undefined || registry === "Kubernetes" || clusters.has(registry)) return [];
        return [
          finding(
            "IST0126",
            map,
            `The network ${network} names the cluster ${registry}, which nobody has told the mesh of.`,
          ),
        ];
      }),
    );
  });
}

/** Undefined for what is no YAML. */
function parsed(text: string): unknown {
  try {
    return parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** TCP has no host in it: without an address such an entry catches every connection to its port. */
function addresses(entry: KubeObject): readonly Finding[] {
  if (listAt(entry, "spec", "addresses").length > 0) return [];
  return listAt(entry, "spec", "ports").flatMap((port, index) => {
    const protocol = (textAt(port, "protocol") ?? "").toUpperCase();
    if (protocol !== "" && protocol !== "TCP") return [];
    const message = `Port ${String(at(port, "number"))} is TCP, and it has no addresses: connections to anybody at that port are taken for it.`;
    return [finding("IST0134", entry, { message, path: `spec.ports[${index}]` })];
  });
}

/** What of a service has to be the same in every cluster of a mesh. */
function shapeOf(service: KubeObject): Readonly<Record<string, string>> {
  return {
    type: textAt(service, "spec", "type") ?? "ClusterIP",
    headless: String(textAt(service, "spec", "clusterIP") === "None"),
    ports: canonicalJson(
      listAt(service, "spec", "ports")
        .map((port) => [at(port, "port"), textAt(port, "name") ?? "", textAt(port, "appProtocol") ?? ""])
        .toSorted((a, b) => String(a).localeCompare(String(b))),
    ),
  };
}

function otherClusters(view: MeshView): readonly Finding[] {
  return [...(view.facts.clusters ?? [])].flatMap(([cluster, services]) =>
    services.flatMap((other) => {
      const own = view.named("Service", other.metadata.name, namespaceOf(other));
      if (own === undefined || other.kind !== "Service") return [];
      const [here, there] = [shapeOf(own), shapeOf(other)];
      const differs = Object.keys(here).filter((part) => here[part] !== there[part]);
      return differs.length === 0 ? [] : [finding("IST0165", own, `In ${cluster} it has other ${differs.join(", ")}.`)];
    }),
  );
}
