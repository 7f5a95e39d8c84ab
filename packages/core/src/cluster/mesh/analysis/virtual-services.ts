// Rules about virtual services: what they route to is there, and every rule of them can be reached.
import { asRecord, at, canonicalJson, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";
import { finding } from "./messages.ts";
import type { Finding } from "./messages.ts";
import { covers, fullHost, labelsAt, namespaceOf, overlap, rootNamespace, textsAt } from "./view.ts";
import type { MeshView } from "./view.ts";

/** A destination and where it stands. */
interface Destination {
  readonly host: string;
  readonly subset: string | undefined;
  readonly port: unknown;
  readonly path: string;
}

const istioGroup = "networking.istio.io";

export function virtualServiceRules(view: MeshView): readonly Finding[] {
  const services = view.of("VirtualService");
  return [...conflictingHosts(services), ...services.flatMap((each) => ofOne(each, view))];
}

function ofOne(service: KubeObject, view: MeshView): readonly Finding[] {
  return [
    ...destinations(service).flatMap((to) => destinationRules(service, to, view)),
    ...gatewayRules(service, view),
    ...unreachable(service),
    ...regexes(service),
    ...claims(service, view),
    ...ingressSubsets(service, view),
  ];
}

/** `mesh` where nothing is said. */
function gatewaysOf(service: KubeObject): readonly string[] {
  const named = textsAt(service, "spec", "gateways");
  return named.length === 0 ? ["mesh"] : named;
}

function* routesOf(
  service: KubeObject,
): Generator<{ readonly route: unknown; readonly path: string; readonly kind: string }> {
  for (const kind of ["http", "tls", "tcp"])
    for (const [index, route] of listAt(service, "spec", kind).entries())
      yield { route, kind, path: `spec.${kind}[${index}]` };
}

function destinations(service: KubeObject): readonly Destination[] {
  const found: Destination[] = [];
  const add = (value: unknown, path: string): void => {
    const host = textAt(value, "host");
    if (host === undefined) return;
    found.push({ host, subset: textAt(value, "subset"), port: at(value, "port", "number"), path });
  };
  for (const { route, path } of routesOf(service)) {
    for (const [index, each] of listAt(route, "route").entries())
      add(at(each, "destination"), `${path}.route[${index}].destination`);
    add(at(route, "mirror"), `${path}.mirror`);
    for (const [index, each] of listAt(route, "mirrors").entries())
      add(at(each, "destination"), `${path}.mirrors[${index}].destination`);
  }
  return found;
}

function destinationRules(service: KubeObject, to: Destination, view: MeshView): readonly Finding[] {
  const namespace = namespaceOf(service);
  const found = view.host(to.host, namespace);
  const { path } = to;
  if (found === undefined)
    return [finding("IST0101", service, { message: `There is no host ${to.host} to route to.`, path })];
  const said: Finding[] = [];
  if (to.subset !== undefined && !subsetsOf(to.host, namespace, view).has(to.subset)) {
    const message = `No destination rule of ${to.host} has the subset ${to.subset}.`;
    said.push(finding("IST0101", service, { message, path }));
  }
  const ports = found.ports.map(({ number }) => number);
  if (to.port === undefined && ports.length > 1) {
    const message = `${to.host} has the ports ${ports.join(", ")}: the destination has to name one.`;
    said.push(finding("IST0112", service, { message, path }));
  }
  return said;
}

/** Subsets of a host, from every destination rule that somebody in the namespace gets. */
function subsetsOf(host: string, namespace: string, view: MeshView): ReadonlySet<string> {
  const full = fullHost(host, namespace);
  const rules = view.of("DestinationRule").filter((rule) => {
    const of = namespaceOf(rule);
    return covers(fullHost(textAt(rule, "spec", "host") ?? "", of), full);
  });
  return new Set(rules.flatMap((rule) => listAt(rule, "spec", "subsets").map((each) => textAt(each, "name") ?? "")));
}

function conflictingHosts(services: readonly KubeObject[]): readonly Finding[] {
  const inMesh = services.filter((each) => gatewaysOf(each).includes("mesh"));
  const seen = new Map<string, KubeObject[]>();
  for (const service of inMesh) {
    for (const host of textsAt(service, "spec", "hosts")) {
      const exported = textsAt(service, "spec", "exportTo");
      // What only its own namespace sees conflicts with nothing of another.
      const scope = exported.length > 0 && exported.every((each) => each === ".") ? namespaceOf(service) : "*";
      const key = `${scope} ${fullHost(host, namespaceOf(service))}`;
      seen.set(key, [...(seen.get(key) ?? []), service]);
    }
  }
  return [...seen].flatMap(([key, group]) => {
    if (group.length < 2) return [];
    const names = group.map((each) => `${namespaceOf(each)}/${each.metadata.name}`).join(", ");
    const host = key.split(" ")[1] ?? "";
    return group.map((each) => finding("IST0109", each, `${names} all say what ${host} means within the mesh.`));
  });
}

function gatewayRules(service: KubeObject, view: MeshView): readonly Finding[] {
  const hosts = textsAt(service, "spec", "hosts");
  return gatewaysOf(service).flatMap((name, index) => {
    if (name === "mesh") return [];
    const gateway = gatewayNamed(name, namespaceOf(service), view);
    const path = `spec.gateways[${index}]`;
    if (gateway === undefined) return [finding("IST0101", service, { message: `There is no gateway ${name}.`, path })];
    const open = listAt(gateway, "spec", "servers").flatMap((each) => textsAt(each, "hosts"));
    // A gateway names hosts with the namespace that may bind them: `ns/host`, `./host`, `*/host`.
    const bare = open.map((each) => each.split("/").at(-1) ?? each);
    const lost = hosts.filter((host) => !bare.some((each) => overlap(each, host)));
    if (lost.length === 0) return [];
    return [finding("IST0132", service, { message: `${name} lets ${lost.join(", ")} in nowhere.`, path })];
  });
}

function gatewayNamed(name: string, namespace: string, view: MeshView): KubeObject | undefined {
  const [first = "", second] = name.split("/");
  const [of, called] = second === undefined ? [namespace, first] : [first, second];
  return view
    .of("Gateway", istioGroup)
    .find(({ metadata }) => metadata.name === called && (metadata.namespace ?? "default") === of);
}

/** Matches of rules before, by their text; a rule without a match takes everything. */
function unreachable(service: KubeObject): readonly Finding[] {
  const said: Finding[] = [];
  for (const kind of ["http", "tls", "tcp"]) {
    const before = new Map<string, number>();
    let open: number | undefined;
    for (const [index, route] of listAt(service, "spec", kind).entries()) {
      const path = `spec.${kind}[${index}]`;
      const wanted = listAt(route, "match");
      if (open !== undefined) {
        said.push(finding("IST0130", service, { message: `Rule ${open} takes everything before it.`, path }));
        continue;
      }
      if (wanted.length === 0) open = index;
      const doubled = wanted.map((match) => before.get(sameMatch(match)));
      if (wanted.length > 0 && doubled.every((rule) => rule !== undefined)) {
        const message = `Everything that it matches is matched by rules before it (${[...new Set(doubled)].join(", ")}).`;
        said.push(finding("IST0130", service, { message, path }));
      } else {
        for (const [place, rule] of doubled.entries()) {
          if (rule === undefined) continue;
          const message = `The match is in rule ${rule} already.`;
          said.push(finding("IST0131", service, { message, path: `${path}.match[${place}]` }));
        }
      }
      for (const match of wanted) if (!before.has(sameMatch(match))) before.set(sameMatch(match), index);
    }
  }
  return said;
}

function sameMatch(match: unknown): string {
  return canonicalJson({ ...asRecord(match), name: undefined });
}

function regexes(service: KubeObject): readonly Finding[] {
  const said: Finding[] = [];
  const look = (value: unknown, path: string): void => {
    if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) look(each, `${path}[${index}]`);
      return;
    }
    for (const [name, inner] of Object.entries(asRecord(value) ?? {})) {
      if (name !== "regex" || typeof inner !== "string") look(inner, `${path}.${name}`);
      else if (!isRegex(inner))
        said.push(finding("IST0122", service, { message: `${JSON.stringify(inner)} is no regular expression.`, path }));
    }
  };
  look(at(service, "spec"), "spec");
  return said;
}

/** RE2 has neither looks around nor references back. */
function isRegex(text: string): boolean {
  if (/\(\?(?:[=!]|<[=!])|\\[1-9]/.test(text)) return false;
  try {
    RegExp(text.replaceAll("(?P<", "(?<").replace(/^\(\?[imsU]+\)/, ""), "u");
    return true;
  } catch {
    return false;
  }
}

const claimHeader = /^@request\.auth\.claims[.[]/;

function claims(service: KubeObject, view: MeshView): readonly Finding[] {
  const used = listAt(service, "spec", "http").flatMap((route, index) =>
    listAt(route, "match").flatMap((match) =>
      ["headers", "withoutHeaders"].flatMap((part) =>
        Object.keys(asRecord(at(match, part)) ?? {})
          .filter((name) => claimHeader.test(name))
          .map((name) => ({ name, path: `spec.http[${index}].match` })),
      ),
    ),
  );
  if (used.length === 0) return [];
  return gatewaysOf(service).flatMap((name) => {
    const gateway = name === "mesh" ? undefined : gatewayNamed(name, namespaceOf(service), view);
    const selector = labelsAt(gateway, "spec", "selector");
    if (selector === undefined) return [];
    const open = view.selected(selector, undefined).filter((pod) => !isAuthenticated(pod, view));
    return open.flatMap((pod) =>
      used.map(({ name: key, path }) => {
        const message = `${key} is routed by, and no request authentication checks tokens at ${pod.namespace}/${pod.name}.`;
        return finding("IST0149", service, { message, path });
      }),
    );
  });
}

function isAuthenticated(
  { namespace, labels }: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
  view: MeshView,
): boolean {
  return view.of("RequestAuthentication").some((each) => {
    const of = namespaceOf(each);
    const wanted = labelsAt(each, "spec", "selector", "matchLabels") ?? {};
    const fits = Object.entries(wanted).every(([name, value]) => labels[name] === value);
    return (of === namespace || of === rootNamespace) && fits;
  });
}

/** Kubernetes' own Ingress goes to the service, past every subset. */
function ingressSubsets(service: KubeObject, view: MeshView): readonly Finding[] {
  const namespace = namespaceOf(service);
  const subsets = destinations(service).filter(({ subset }) => subset !== undefined);
  const ingresses = view.of("Ingress").filter((each) => namespaceOf(each) === namespace);
  return ingresses.flatMap((ingress) => {
    const backends = new Set(
      listAt(ingress, "spec", "rules").flatMap((rule) =>
        listAt(rule, "http", "paths").map((each) => textAt(each, "backend", "service", "name") ?? ""),
      ),
    );
    const past = subsets.filter(({ host }) => backends.has(host.split(".")[0] ?? ""));
    return past.map(({ subset, path }) => {
      const message = `The ingress ${ingress.metadata.name} goes past the subset ${subset}.`;
      return finding("IST0140", service, { message, path });
    });
  });
}
