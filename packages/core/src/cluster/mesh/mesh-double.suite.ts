// For tests: a mesh in the double. Control planes are objects; what injects and what restarts pods is done here, as the real ones do it.
import type { ApiDouble } from "../double/api-double.suite.ts";
import { at, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import { askedBy, revisionLabel, serviceOf, tagLabel } from "./state.ts";

const system = "istio-system";
const hook = "admissionregistration.k8s.io/v1";

/** Images are `hub/NAME:VERSION`; a deployment whose image is `broken` never becomes ready. */
export class MeshDouble {
  readonly double: ApiDouble;
  readonly #seen = new Map<string, string>();
  /** Called for every deployment that is not a control plane. */
  restarts = 0;

  constructor(double: ApiDouble) {
    this.double = double;
    const kinds = [
      [hook, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", false],
      [hook, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", false],
      ["networking.istio.io/v1", "VirtualService", "virtualservices", true],
      ["networking.istio.io/v1", "DestinationRule", "destinationrules", true],
      ["security.istio.io/v1", "PeerAuthentication", "peerauthentications", true],
    ] as const;
    for (const [apiVersion, kind, plural, namespaced] of kinds)
      double.addType({ apiVersion, kind, plural, namespaced });
    double.mayImpersonate = true;
    double.changed = (object) => this.#control(object);
    this.namespace(system, {});
  }

  namespace(name: string, labels: Readonly<Record<string, string>>): void {
    this.double.put({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  }

  /** A control plane with its webhook and service. */
  revision(name: string, version: string): void {
    const labels = { app: "istiod", [revisionLabel]: name };
    const metadata = { name: serviceOf(name), namespace: system, labels };
    const container = { name: "discovery", image: `hub/pilot:${version}` };
    this.double.put({
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { ports: [{ name: "https-webhook", port: 443 }] },
    });
    this.double.put({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: { replicas: 1, template: { spec: { containers: [container] } } },
    });
    this.#webhook(`istio-sidecar-injector-${name}`, { [revisionLabel]: name }, name);
  }

  /** The tag's webhook, and for the default one the one that validates. */
  tag(name: string, revision: string): void {
    this.#webhook(`istio-revision-tag-${name}`, { [tagLabel]: name, [revisionLabel]: revision }, revision);
    if (name === "default")
      this.#webhook(
        "istiod-default-validator",
        { [revisionLabel]: revision },
        revision,
        "ValidatingWebhookConfiguration",
      );
  }

  /** A workload of one pod. */
  workload(namespace: string, name: string, image = "app:1"): void {
    this.double.put({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name, namespace },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: "app", image }] } },
      },
    });
  }

  /** Revision of the proxies of a namespace, by pod. */
  revisions(namespace: string): readonly string[] {
    const pods = [...this.double.objects.values()].filter(
      ({ kind, metadata }) => kind === "Pod" && metadata.namespace === namespace,
    );
    return pods.map(({ metadata }) => metadata.labels?.[revisionLabel] ?? "");
  }

  /** The revision of a tag, and of whoever validates. */
  tagged(name: string): readonly (string | undefined)[] {
    const of = (kind: string, called: string): string | undefined => {
      const found = this.double.get(kind, called);
      return (at(found, "webhooks") as { clientConfig: { service: { name: string } } }[] | undefined)?.[0]?.clientConfig
        .service.name;
    };
    return [
      of("MutatingWebhookConfiguration", `istio-revision-tag-${name}`),
      of("ValidatingWebhookConfiguration", "istiod-default-validator"),
    ];
  }

  #webhook(
    name: string,
    labels: Readonly<Record<string, string>>,
    revision: string,
    kind = "MutatingWebhookConfiguration",
  ): void {
    const service = { name: serviceOf(revision), namespace: system };
    this.double.put({
      apiVersion: hook,
      kind,
      metadata: { name, labels },
      webhooks: [{ name: "w.istio.io", clientConfig: { service } }],
    });
  }

  #control(object: KubeObject): void {
    if (object.kind !== "Deployment") return;
    const { generation, name, namespace = "" } = object.metadata;
    if (at(object, "status", "observedGeneration") === generation) return;
    const broken = JSON.stringify(object["spec"]).includes("broken");
    const replicas = Number(at(object, "spec", "replicas") ?? 1);
    const ready = broken ? 0 : replicas;
    const counts = { replicas, updatedReplicas: replicas, availableReplicas: ready, readyReplicas: ready };
    const conditions = broken
      ? [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "it takes too long" }]
      : [{ type: "Available", status: "True" }];
    this.double.touch(
      "Deployment",
      name,
      { status: { observedGeneration: generation, ...counts, conditions } },
      namespace,
    );
    const template = JSON.stringify(at(object, "spec", "template"));
    const key = `${namespace}/${name}`;
    if (namespace === system || this.#seen.get(key) === template) return;
    this.#seen.set(key, template);
    this.restarts++;
    this.#pod(object, Number(generation));
  }

  /** The pod of a deployment, anew: with a proxy of the revision that its namespace asks for now. */
  #pod(deployment: KubeObject, generation: number): void {
    const { name, namespace = "" } = deployment.metadata;
    for (const { kind, metadata } of this.double.objects.values())
      if (kind === "Pod" && metadata.namespace === namespace && metadata.labels?.["app"] === name)
        this.double.drop("Pod", metadata.name, namespace);
    const asked = askedBy(this.double.get("Namespace", namespace)?.metadata.labels ?? {});
    const tag = this.double.get("MutatingWebhookConfiguration", `istio-revision-tag-${asked ?? ""}`);
    const revision = asked === undefined ? undefined : (tag?.metadata.labels?.[revisionLabel] ?? asked);
    const plane = revision === undefined ? undefined : this.double.get("Deployment", serviceOf(revision), system);
    const image = textAt(
      (at(plane, "spec", "template", "spec", "containers") as unknown[] | undefined)?.[0],
      "image",
    )?.replace("pilot", "proxyv2");
    const proxy = image === undefined ? [] : [{ name: "istio-proxy", image }];
    const statuses = proxy.map(() => ({ name: "istio-proxy", ready: true }));
    this.double.put({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        name: `${name}-${generation}`,
        namespace,
        labels: { app: name, ...(revision === undefined ? {} : { [revisionLabel]: revision }) },
      },
      spec: { containers: [{ name: "app", image: "app" }, ...proxy] },
      status: { phase: "Running", containerStatuses: statuses },
    });
  }
}

/** Two revisions, the tag on the first, and three namespaces: two follow the tag, one names the revision. */
export function shopMesh(double: ApiDouble): MeshDouble {
  const mesh = new MeshDouble(double);
  mesh.revision("one", "1.28.1");
  mesh.revision("two", "1.29.0");
  mesh.tag("default", "one");
  mesh.namespace("staging", { "istio-injection": "enabled" });
  mesh.namespace("shop", { "istio-injection": "enabled" });
  mesh.namespace("billing", { [revisionLabel]: "one" });
  for (const namespace of ["staging", "shop", "billing"]) mesh.workload(namespace, "web");
  return mesh;
}

/** Routes of `web` in `shop`: one to the stable subset, one elsewhere. */
export const webRoutes: KubeObject = {
  apiVersion: "networking.istio.io/v1",
  kind: "VirtualService",
  metadata: { name: "web", namespace: "shop" },
  spec: {
    hosts: ["web"],
    http: [
      { match: [{ uri: { prefix: "/admin" } }], route: [{ destination: { host: "admin" } }] },
      { route: [{ destination: { host: "web", subset: "stable" } }] },
    ],
  },
};
