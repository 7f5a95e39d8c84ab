// Rules about services and what is behind them: names of ports, ports that disagree, and programs that nobody can reach.
import { at, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { labelsAt, matches, namespaceOf, proxyOf, rootNamespace, shownPort } from "./view.ts";
import type { MeshView, Workload } from "./view.ts";

/** What a port's name may begin with (Istio, Protocol Selection). */
const protocols = new Set([
  "http",
  "http2",
  "https",
  "grpc",
  "grpc-web",
  "tcp",
  "tls",
  "mongo",
  "redis",
  "mysql",
  "udp",
  "auto",
]);
const system = new Set(["kube-system", "kube-public", "kube-node-lease", rootNamespace]);
/** User of the proxy itself. */
const proxyUserId = 1337;

export function serviceRules(view: MeshView): readonly Finding[] {
  const services = view.of("Service").filter((each) => !system.has(namespaceOf(each)));
  return [
    ...services.flatMap((each) => [...portNames(each), ...externalNames(each), ...jwtPorts(each, view)]),
    ...view.workloads
      .filter(({ namespace }) => !system.has(namespace))
      .flatMap((each) => [...sharedPorts(each, services, view), ...listeners(each, services), ...userIds(each, view)]),
  ];
}

function protocolOf(name: string): string {
  return name.startsWith("grpc-web") ? "grpc-web" : (name.split("-")[0] ?? "").toLowerCase();
}

function portNames(service: KubeObject): readonly Finding[] {
  if (textAt(service, "spec", "type") === "ExternalName") return [];
  return listAt(service, "spec", "ports").flatMap((port, index) => {
    const name = textAt(port, "name") ?? "";
    if (
      textAt(port, "appProtocol") !== undefined ||
      textAt(port, "protocol") === "UDP" ||
      protocols.has(protocolOf(name))
    )
      return [];
    const said = name === "" ? "It has no name" : `${name} does not begin with a protocol`;
    const message = `${said}: the protocol of port ${shownPort(at(port, "port"))} is guessed from its traffic.`;
    return [finding("IST0118", service, { message, path: `spec.ports[${index}].name` })];
  });
}

function externalNames(service: KubeObject): readonly Finding[] {
  if (textAt(service, "spec", "type") !== "ExternalName") return [];
  return listAt(service, "spec", "ports").flatMap((port, index) => {
    const name = textAt(port, "name") ?? "";
    if (name !== "" && protocols.has(protocolOf(name)) && protocolOf(name) !== "tcp") return [];
    const message = `Traffic to an external name by a TCP port (${name === "" ? "without a name" : name}) may be caught by it for every address.`;
    return [finding("IST0150", service, { message, path: `spec.ports[${index}].name` })];
  });
}

/** Tokens are looked for in HTTP only. */
function jwtPorts(service: KubeObject, view: MeshView): readonly Finding[] {
  const selector = labelsAt(service, "spec", "selector");
  const policies = view.of("RequestAuthentication").filter((each) => {
    const wanted = labelsAt(each, "spec", "selector", "matchLabels");
    return (
      wanted !== undefined &&
      selector !== undefined &&
      namespaceOf(each) === namespaceOf(service) &&
      matches(wanted, selector) &&
      listAt(each, "spec", "jwtRules").length > 0
    );
  });
  return policies.flatMap((policy) =>
    listAt(service, "spec", "ports").flatMap((port) => {
      const name = textAt(port, "name") ?? "";
      const spoken = protocolOf(textAt(port, "appProtocol") ?? name);
      if (spoken.startsWith("http") || spoken.startsWith("grpc")) return [];
      const message = `It asks for tokens of ${service.metadata.name}, whose port ${shownPort(at(port, "port"))} (${name}) is not said to speak HTTP.`;
      return [finding("IST0119", policy, message)];
    }),
  );
}

function servicesOf(workload: Workload, services: readonly KubeObject[]): readonly KubeObject[] {
  return services.filter((service) => {
    const selector = labelsAt(service, "spec", "selector");
    return (
      selector !== undefined &&
      Object.keys(selector).length > 0 &&
      namespaceOf(service) === workload.namespace &&
      matches(selector, workload.labels)
    );
  });
}

/** A proxy has one listener for a port, which speaks one protocol and goes one way. */
function sharedPorts(workload: Workload, services: readonly KubeObject[], view: MeshView): readonly Finding[] {
  if (workload.object.kind === "Pod" || !view.isInjected(workload)) return [];
  const own = servicesOf(workload, services);
  const ports = own.flatMap((service) =>
    listAt(service, "spec", "ports").map((port) => ({
      service: service.metadata.name,
      number: Number(at(port, "port")),
      target: shownPort(at(port, "targetPort") ?? at(port, "port")),
      protocol: textAt(port, "appProtocol") ?? protocolOf(textAt(port, "name") ?? "tcp"),
    })),
  );
  const said: Finding[] = [];
  for (const [index, one] of ports.entries()) {
    for (const other of ports.slice(index + 1)) {
      if (one.service === other.service) continue;
      if (one.number === other.number && one.protocol !== other.protocol)
        said.push(
          finding(
            "IST0116",
            workload.object,
            `${one.service} says that port ${one.number} speaks ${one.protocol}, ${other.service} that it speaks ${other.protocol}.`,
          ),
        );
      if (one.target === other.target && one.number !== other.number)
        said.push(
          finding(
            "IST0137",
            workload.object,
            `${one.service} leads port ${one.number} to ${one.target}, ${other.service} port ${other.number}.`,
          ),
        );
    }
  }
  return said;
}

function listeners(workload: Workload, services: readonly KubeObject[]): readonly Finding[] {
  const bound = listAt(workload.spec, "containers").flatMap((container) => boundBy(container));
  const local = new Set(
    bound.filter((each) => /^(127\.|\[?::1\]?:|localhost:)/.test(each)).map((each) => each.split(":").at(-1) ?? ""),
  );
  const exposed = servicesOf(workload, services).flatMap((service) =>
    listAt(service, "spec", "ports").map((port) => shownPort(at(port, "targetPort") ?? at(port, "port"))),
  );
  return [...new Set(exposed)].flatMap((port) =>
    local.has(port)
      ? [finding("IST0143", workload.object, `A service leads to port ${port}, where it listens on localhost only.`)]
      : [],
  );
}

/** Addresses among a container's arguments: `--listen=127.0.0.1:8080`, `-addr 127.0.0.1:8080`. */
function boundBy(container: unknown): readonly string[] {
  const words = [...listAt(container, "command"), ...listAt(container, "args")].map(String);
  return words.flatMap((word) => /(?:^|=)((?:127\.0\.0\.1|localhost|\[::1\]):\d+)$/.exec(word)?.[1] ?? []);
}

function userIds(workload: Workload, view: MeshView): readonly Finding[] {
  if (!view.isInjected(workload) || workload.labels["gateway.networking.k8s.io/gateway-name"] !== undefined) return [];
  const proxy = proxyOf(workload.spec);
  const whole = at(workload.spec, "securityContext", "runAsUser") === proxyUserId;
  const containers = listAt(workload.spec, "containers").filter(
    (each) => each !== proxy && at(each, "securityContext", "runAsUser") === proxyUserId,
  );
  if (!whole && containers.length === 0) return [];
  return [
    finding("IST0144", workload.object, `User ${proxyUserId} is the proxy's: what runs as it goes past the mesh.`),
  ];
}
