// Rules about gateways: pods that carry them, ports that are open, certificates that are there, and no two that claim the same.
import { at, canonicalJson, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { labelsAt, matches, namespaceOf, overlap, textsAt } from "./view.ts";
import type { Labels, MeshView } from "./view.ts";

export function gatewayRules(view: MeshView): readonly Finding[] {
  const gateways = view.of("Gateway", "networking.istio.io");
  return [
    ...gateways.flatMap((each) => [...selector(each, view), ...credentials(each, view), ...ports(each, view)]),
    ...conflicts(gateways),
    ...sharedCertificates(gateways),
  ];
}

function selector(gateway: KubeObject, view: MeshView): readonly Finding[] {
  const wanted = labelsAt(gateway, "spec", "selector") ?? {};
  if (view.selected(wanted, undefined).length > 0) return [];
  const message = `No pod carries it: none is labelled ${shown(wanted)}.`;
  return [finding("IST0101", gateway, { message, path: "spec.selector" })];
}

function shown(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");
}

/** A secret lies where the pods of the gateway are. */
function credentials(gateway: KubeObject, view: MeshView): readonly Finding[] {
  const pods = view.selected(labelsAt(gateway, "spec", "selector") ?? {}, undefined);
  const namespaces = pods.length === 0 ? [namespaceOf(gateway)] : [...new Set(pods.map(({ namespace }) => namespace))];
  return listAt(gateway, "spec", "servers").flatMap((server, index) => {
    const name = textAt(server, "tls", "credentialName") ?? "";
    if (name === "") return [];
    const path = `spec.servers[${index}].tls.credentialName`;
    return namespaces.flatMap((namespace) => {
      const secret = view.named("Secret", name, namespace);
      if (secret === undefined)
        return [finding("IST0101", gateway, { message: `There is no secret ${namespace}/${name}.`, path })];
      const has = (key: string): boolean =>
        isFilled(at(secret, "data", key)) || isFilled(at(secret, "stringData", key));
      const whole = (has("tls.crt") && has("tls.key")) || (has("cert") && has("key"));
      if (whole) return [];
      return [
        finding("IST0161", gateway, {
          message: `The secret ${namespace}/${name} has no certificate with its key.`,
          path,
        }),
      ];
    });
  });
}

function isFilled(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

/** What the gateway listens on has to be a target of the service of its pods. */
function ports(gateway: KubeObject, view: MeshView): readonly Finding[] {
  const wanted = labelsAt(gateway, "spec", "selector") ?? {};
  const pods = view.selected(wanted, undefined);
  const services = view.of("Service").filter((service) => {
    const of = labelsAt(service, "spec", "selector");
    return (
      of !== undefined &&
      pods.some(({ namespace, labels }) => namespace === namespaceOf(service) && matches(of, labels))
    );
  });
  if (services.length === 0) return [];
  const open = new Set(
    services.flatMap((service) =>
      listAt(service, "spec", "ports").flatMap((port) => [
        Number(at(port, "targetPort") ?? at(port, "port")),
        Number(at(port, "port")),
      ]),
    ),
  );
  return listAt(gateway, "spec", "servers").flatMap((server, index) => {
    const port = Number(at(server, "port", "number"));
    if (open.has(port)) return [];
    const message = `It listens on port ${port}, which no service of its pods (${shown(wanted)}) leads to.`;
    return [finding("IST0162", gateway, { message, path: `spec.servers[${index}].port` })];
  });
}

interface Server {
  readonly gateway: KubeObject;
  readonly selector: string;
  readonly port: number;
  readonly bind: string;
  readonly hosts: readonly string[];
}

function conflicts(gateways: readonly KubeObject[]): readonly Finding[] {
  const servers: readonly Server[] = gateways.flatMap((gateway) =>
    listAt(gateway, "spec", "servers").map((server) => ({
      gateway,
      selector: canonicalJson(labelsAt(gateway, "spec", "selector") ?? {}),
      port: Number(at(server, "port", "number")),
      bind: textAt(server, "bind") ?? "",
      hosts: textsAt(server, "hosts").map((host) => host.replace(/^(\.|\*)\//, "")),
    })),
  );
  return servers.flatMap((one) => {
    const against = servers.find(
      (other) =>
        other.gateway !== one.gateway &&
        other.selector === one.selector &&
        other.port === one.port &&
        other.bind === one.bind &&
        one.hosts.some((host) => other.hosts.some((each) => overlap(each, host))),
    );
    if (against === undefined) return [];
    const { namespace = "default", name } = against.gateway.metadata;
    return [
      finding(
        "IST0145",
        one.gateway,
        `${namespace}/${name} claims ${one.hosts.join(", ")} at port ${one.port} of the same pods.`,
      ),
    ];
  });
}

/** Browsers use a connection again for every host of its certificate (HTTP/2), and the other gateway's routes are not there. */
function sharedCertificates(gateways: readonly KubeObject[]): readonly Finding[] {
  const used = new Map<string, Set<KubeObject>>();
  for (const gateway of gateways) {
    for (const server of listAt(gateway, "spec", "servers")) {
      const name = textAt(server, "tls", "credentialName") ?? textAt(server, "tls", "serverCertificate") ?? "";
      if (name === "") continue;
      const key = `${canonicalJson(labelsAt(gateway, "spec", "selector") ?? {})} ${name}`;
      used.set(key, (used.get(key) ?? new Set()).add(gateway));
    }
  }
  return [...used].flatMap(([key, group]) => {
    if (group.size < 2) return [];
    const names = [...group].map((each) => `${namespaceOf(each)}/${each.metadata.name}`).join(", ");
    const message = `${names} show the same certificate (${key.split(" ").at(-1)}): a connection for one is used for the other.`;
    return [...group].map((each) => finding("IST0138", each, message));
  });
}
