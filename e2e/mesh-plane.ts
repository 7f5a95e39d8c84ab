// A mesh in a real control plane, for tests: Istio's definitions as they are published, control planes that are objects alone, and an
// injector of our own, asked by the API server as the real one is: it reads namespaces and tags, and adds a proxy to pods.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { controlPlaneToken } from "./control-plane.ts";
import type { ControlPlane } from "./control-plane.ts";

const definitions = "istio.io/api@v1.28.1";

/** The file with Istio's definitions, from the Go module proxy; or why there is none. */
export function istioDefinitions(): { readonly file: string } | { readonly missing: string } {
  if (Bun.which("go") === null) return { missing: "no Go: apt-get install golang" };
  const done = Bun.spawnSync(["go", "mod", "download", "-json", definitions], { cwd: tmpdir() });
  if (done.exitCode !== 0) return { missing: `go mod download ${definitions}: ${done.stderr.toString().slice(-200)}` };
  const { Dir } = JSON.parse(done.stdout.toString()) as { readonly Dir: string };
  return { file: join(Dir, "kubernetes/customresourcedefinitions.gen.yaml") };
}

const hook = "admissionregistration.k8s.io/v1";
const nothing = { matchLabels: { "never-injected": "true" } };

/** A webhook that is asked for nothing: what matters is whom it names. */
const webhookOf = (name: string, service: string, resource: string): object => ({
  name,
  clientConfig: { service: { name: service, namespace: "istio-system", path: "/x" } },
  rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: [resource] }],
  objectSelector: nothing,
  failurePolicy: "Ignore",
  sideEffects: "None",
  admissionReviewVersions: ["v1"],
});

const deployment = (
  namespace: string,
  name: string,
  p: { readonly labels?: object; readonly pod: object; readonly image: string },
): object => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name, namespace, ...(p.labels === undefined ? {} : { labels: p.labels }) },
  spec: {
    replicas: 1,
    selector: { matchLabels: p.pod },
    template: { metadata: { labels: p.pod }, spec: { nodeName: "n", containers: [{ name: "app", image: p.image }] } },
  },
});

/** What tests look at of an object. */
interface Found {
  readonly metadata: { readonly generation: number; readonly annotations?: object };
  readonly spec: {
    readonly replicas?: number;
    readonly template?: { readonly spec: { readonly containers: readonly object[] } };
  };
  readonly data?: object;
}

export class PlaneMesh implements Disposable {
  readonly #plane: ControlPlane;
  readonly #folder = mkdtempSync(join(tmpdir(), "sluice-mesh-"));
  readonly #server: Bun.Server<undefined>;

  constructor(plane: ControlPlane) {
    this.#plane = plane;
    const [key, cert] = [join(this.#folder, "key"), join(this.#folder, "cert")];
    Bun.spawnSync([
      "openssl",
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-keyout",
      key,
      "-out",
      cert,
      "-subj",
      "/CN=127.0.0.1",
      "-addext",
      "subjectAltName=IP:127.0.0.1",
    ]);
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      tls: { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") },
      fetch: (request) => this.#inject(request),
    });
    const caBundle = Buffer.from(readFileSync(cert)).toString("base64");
    const url = `https://127.0.0.1:${this.#server.port}/inject`;
    const {
      clientConfig: _own,
      objectSelector: _none,
      ...webhook
    } = webhookOf("simulated.example.com", "", "pods") as Record<string, unknown>;
    const metadata = { name: "simulated-injector" };
    this.apply({
      apiVersion: hook,
      kind: "MutatingWebhookConfiguration",
      metadata,
      webhooks: [{ ...webhook, clientConfig: { url, caBundle }, failurePolicy: "Fail" }],
    });
  }

  apply(...objects: readonly object[]): void {
    const file = join(this.#folder, "objects.json");
    writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }));
    const { exitCode, stderr } = this.#plane.command("apply", "-f", file);
    if (exitCode !== 0) throw new Error(stderr);
  }

  namespace(name: string, labels: object): void {
    this.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name, labels } });
  }

  revision(name: string, version: string): void {
    const labels = { app: "istiod", "istio.io/rev": name };
    const ports = [{ name: "https-webhook", port: 443 }];
    this.apply(
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name: `istiod-${name}`, namespace: "istio-system", labels },
        spec: { selector: labels, ports },
      },
      deployment("istio-system", `istiod-${name}`, { labels, pod: labels, image: `hub/pilot:${version}` }),
      {
        apiVersion: hook,
        kind: "MutatingWebhookConfiguration",
        metadata: { name: `istio-sidecar-injector-${name}`, labels: { "istio.io/rev": name } },
        webhooks: [webhookOf("rev.istio.io", `istiod-${name}`, "pods")],
      },
    );
  }

  tag(revision: string): void {
    const labels = { "istio.io/rev": revision, "istio.io/tag": "default" };
    this.apply(
      {
        apiVersion: hook,
        kind: "MutatingWebhookConfiguration",
        metadata: { name: "istio-revision-tag-default", labels },
        webhooks: [webhookOf("rev.istio.io", `istiod-${revision}`, "pods")],
      },
      {
        apiVersion: hook,
        kind: "ValidatingWebhookConfiguration",
        metadata: { name: "istiod-default-validator", labels },
        webhooks: [webhookOf("validation.istio.io", `istiod-${revision}`, "configmaps")],
      },
    );
  }

  workload(namespace: string, name: string, image = "app:1"): void {
    this.apply(deployment(namespace, name, { pod: { app: name }, image }));
  }

  get(kind: string, name: string, namespace: string): Found | undefined {
    const { exitCode, stdout } = this.#plane.command("get", kind, name, "-n", namespace, "-o", "json");
    return exitCode === 0 ? (JSON.parse(stdout) as Found) : undefined;
  }

  /** As many as there are of a kind in a namespace. */
  count(kind: string, namespace: string): number {
    return (JSON.parse(this.#plane.command("get", kind, "-n", namespace, "-o", "json").stdout) as { items: unknown[] })
      .items.length;
  }

  async #read(path: string): Promise<{ metadata: { labels?: Record<string, string> } } | undefined> {
    const headers = { authorization: `Bearer ${controlPlaneToken}` };
    const answer = await fetch(this.#plane.url + path, { headers, tls: { rejectUnauthorized: false } });
    return answer.ok ? ((await answer.json()) as never) : undefined;
  }

  async #inject(request: Request): Promise<Response> {
    const { request: asked } = (await request.json()) as {
      request: { uid: string; namespace: string; object: { metadata: { labels?: object } } };
    };
    const of = (await this.#read(`/api/v1/namespaces/${asked.namespace}`))?.metadata.labels ?? {};
    const name = of["istio-injection"] === "enabled" ? "default" : of["istio.io/rev"];
    const tag = await this.#read(`/apis/${hook}/mutatingwebhookconfigurations/istio-revision-tag-${name}`);
    const revision = tag?.metadata.labels?.["istio.io/rev"] ?? name;
    const plane =
      name === undefined
        ? undefined
        : await this.#read(`/apis/apps/v1/namespaces/istio-system/deployments/istiod-${revision}`);
    const image = JSON.stringify(plane ?? {})
      .match(/hub\/pilot:[\d.]+/)?.[0]
      ?.replace("pilot", "proxyv2");
    const labels = { ...asked.object.metadata.labels, "istio.io/rev": revision };
    const patch = [
      { op: "add", path: "/spec/containers/-", value: { name: "istio-proxy", image } },
      { op: "add", path: "/metadata/labels", value: labels },
    ];
    const patched =
      image === undefined
        ? {}
        : { patchType: "JSONPatch", patch: Buffer.from(JSON.stringify(patch)).toString("base64") };
    return Response.json({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: asked.uid, allowed: true, ...patched },
    });
  }

  [Symbol.dispose](): void {
    void this.#server.stop(true);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
