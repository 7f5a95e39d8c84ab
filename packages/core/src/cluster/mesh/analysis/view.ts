// A mesh as rules look at it: objects by kind, hosts as services, workloads by their labels, and who is in the mesh. Nothing is asked of a
// cluster here: what a rule finds depends on nothing but what it is given.
import { asRecord, at, groupOf, listAt, textAt } from "../../objects.ts";
import type { KubeObject } from "../../objects.ts";

export type Labels = Readonly<Record<string, string>>;

/** A pod, or what makes pods. */
export interface Workload {
  readonly object: KubeObject;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly annotations: Labels;
  /** Of the pod. */
  readonly spec: unknown;
}

/** What a host in a mesh stands for. */
export interface MeshHost {
  readonly object: KubeObject;
  readonly ports: readonly MeshPort[];
  /** Namespaces it is visible in; undefined for all. */
  readonly exportedTo: readonly string[] | undefined;
}

interface MeshPort {
  readonly number: number;
  readonly name: string;
  readonly protocol: string;
  readonly targetPort: string;
}

/** What is known besides objects. */
export interface MeshFacts {
  readonly kubernetesVersion?: string | undefined;
  /** What of an installation may not be made. */
  readonly denied?: readonly { readonly resource: string; readonly reason: string }[];
  /** Services of the other clusters of the mesh, by cluster. */
  readonly clusters?: ReadonlyMap<string, readonly KubeObject[]>;
}

export const rootNamespace = "istio-system";
const proxyContainer = "istio-proxy";
const workloadKinds = ["Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job"];

export class MeshView {
  readonly facts: MeshFacts;
  readonly #byKind = new Map<string, KubeObject[]>();
  readonly #hosts = new Map<string, MeshHost>();
  readonly workloads: readonly Workload[];

  constructor(objects: readonly KubeObject[], facts: MeshFacts = {}) {
    this.facts = facts;
    for (const object of objects) {
      const found = this.#byKind.get(object.kind);
      if (found === undefined) this.#byKind.set(object.kind, [object]);
      else found.push(object);
    }
    this.workloads = workloadKinds.flatMap((kind) => this.of(kind).flatMap(workloadOf));
    for (const service of this.of("Service")) {
      const { name, namespace = "default" } = service.metadata;
      this.#hosts.set(`${name}.${namespace}.svc.cluster.local`, hostOf(service));
    }
    for (const entry of this.of("ServiceEntry"))
      for (const host of textsAt(entry, "spec", "hosts")) this.#hosts.set(host, hostOf(entry));
  }

  /** Objects of a kind; where two groups have one of that name (Gateway), of the group. */
  of(kind: string, group?: string): readonly KubeObject[] {
    const found = this.#byKind.get(kind) ?? [];
    return group === undefined ? found : found.filter(({ apiVersion }) => groupOf(apiVersion) === group);
  }

  named(kind: string, name: string, namespace?: string): KubeObject | undefined {
    return this.of(kind).find(
      ({ metadata }) => metadata.name === name && (namespace === undefined || metadata.namespace === namespace),
    );
  }

  /** What a host means to somebody in a namespace; a wildcard of a service entry counts. */
  host(host: string, namespace: string): MeshHost | undefined {
    const full = fullHost(host, namespace);
    const found =
      this.#hosts.get(full) ?? [...this.#hosts].find(([each]) => each.startsWith("*") && covers(each, full))?.[1];
    if (found === undefined) return undefined;
    const { exportedTo, object } = found;
    const seen =
      exportedTo === undefined ||
      exportedTo.some(
        (each) => each === "*" || (each === "." ? object.metadata.namespace === namespace : each === namespace),
      );
    return seen ? found : undefined;
  }

  hosts(): ReadonlyMap<string, MeshHost> {
    return this.#hosts;
  }

  /** Workloads with these labels; of every namespace without one. */
  selected(labels: Labels, namespace: string | undefined): readonly Workload[] {
    return this.workloads.filter(
      (each) => (namespace === undefined || each.namespace === namespace) && matches(labels, each.labels),
    );
  }

  namespaceLabels(name: string): Labels {
    return this.named("Namespace", name)?.metadata.labels ?? {};
  }

  /** Whether injection is asked for: by the namespace, or by the workload itself. */
  isInjected({ namespace, labels, spec }: Pick<Workload, "namespace" | "labels" | "spec">): boolean {
    if (at(spec, "hostNetwork") === true) return false;
    const own = labels["sidecar.istio.io/inject"];
    if (own !== undefined) return own === "true";
    if (labels["istio.io/rev"] !== undefined) return true;
    const of = this.namespaceLabels(namespace);
    if (of["istio-injection"] !== undefined) return of["istio-injection"] === "enabled";
    return of["istio.io/rev"] !== undefined || this.injectsByDefault();
  }

  /** Whether namespaces that say nothing are injected. */
  injectsByDefault(): boolean {
    return injectorConfigs(this).some(
      (values) => at(values, "sidecarInjectorWebhook", "enableNamespacesByDefault") === true,
    );
  }
}

/** The values of the injectors of all revisions. */
export function injectorConfigs(view: MeshView): readonly unknown[] {
  return view.of("ConfigMap").flatMap((map) => {
    if (!/^istio-sidecar-injector(-|$)/.test(map.metadata.name)) return [];
    const values = jsonOf(textAt(map, "data", "values"));
    return values === undefined ? [] : [values];
  });
}

/** Undefined for what is no JSON. */
export function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

export function namespaceOf(object: KubeObject): string {
  return object.metadata.namespace ?? "default";
}

export function labelsAt(value: unknown, ...path: readonly string[]): Labels | undefined {
  return asRecord(at(value, ...path)) as Labels | undefined;
}

export function textsAt(value: unknown, ...path: readonly string[]): readonly string[] {
  return listAt(value, ...path).filter((each) => typeof each === "string");
}

/** Every label that is wanted is there; nothing wanted matches everything. */
export function matches(wanted: Labels, labels: Labels): boolean {
  return Object.entries(wanted).every(([name, value]) => labels[name] === value);
}

/** A short name means the service of the namespace. */
export function fullHost(host: string, namespace: string): string {
  return host.includes(".") || host === "*" ? host : `${host}.${namespace}.svc.cluster.local`;
}

/** Whether everything that `host` stands for is within `pattern`. */
export function covers(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  return pattern.startsWith("*.") && host.replace(/^\*/, "").endsWith(pattern.slice(1));
}

/** Whether two hosts, either of which may have a wildcard, have something in common. */
export function overlap(one: string, other: string): boolean {
  return covers(one, other) || covers(other, one);
}

export function proxyOf(spec: unknown): unknown {
  const all = [...listAt(spec, "containers"), ...listAt(spec, "initContainers")];
  return all.find((each) => textAt(each, "name") === proxyContainer);
}

function workloadOf(object: KubeObject): readonly Workload[] {
  const isPod = object.kind === "Pod";
  const template = isPod ? object : at(object, "spec", "template");
  // What has made a replica set is looked at itself.
  if (!isPod && listAt(object, "metadata", "ownerReferences").length > 0) return [];
  const of = { object, name: object.metadata.name, namespace: namespaceOf(object), spec: at(template, "spec") };
  const labels = labelsAt(template, "metadata", "labels") ?? {};
  return [{ ...of, labels, annotations: labelsAt(template, "metadata", "annotations") ?? {} }];
}

/** A port is a number or a name. */
export function shownPort(port: unknown): string {
  return typeof port === "number" || typeof port === "string" ? String(port) : "";
}

function hostOf(object: KubeObject): MeshHost {
  const isEntry = object.kind === "ServiceEntry";
  const ports = listAt(object, "spec", "ports").map((port) => ({
    number: Number(at(port, isEntry ? "number" : "port") ?? 0),
    name: textAt(port, "name") ?? "",
    protocol: textAt(port, isEntry ? "protocol" : "appProtocol") ?? textAt(port, "protocol") ?? "TCP",
    targetPort: shownPort(at(port, "targetPort") ?? at(port, isEntry ? "number" : "port")),
  }));
  const told = isEntry
    ? textsAt(object, "spec", "exportTo")
    : (object.metadata.annotations?.["networking.istio.io/exportTo"] ?? "").split(",").filter((each) => each !== "");
  return { object, ports, exportedTo: told.length === 0 ? undefined : told };
}
