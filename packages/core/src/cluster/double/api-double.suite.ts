// For tests: a Kubernetes API in this process, with the semantics that plans and operations stand on (apply with ownership, conditions on
// uid and resourceVersion, dry run, watches) and faults on demand. Held against the real one in the slow tier.
import { asRecord, at, canonicalJson, groupOf, listAt, textAt, versionOf } from "../objects.ts";
import type { KubeObject, ManagedFields } from "../objects.ts";
import { refusedCreate } from "./admission.suite.ts";
import { fieldsV1, leavesOf, shownPath } from "./field-sets.suite.ts";
import { merge, patched } from "./merging.suite.ts";
import type { Stored } from "./merging.suite.ts";

interface Type {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** What a request is about, for faults. */
export interface DoubleRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly kind: string;
  readonly name: string;
  /** In whose name. */
  readonly as: string | null;
}

type Fault = Response | "hang" | undefined;

const kinds: readonly (readonly [string, string, string, boolean])[] = [
  ["v1", "Namespace", "namespaces", false],
  ["v1", "ConfigMap", "configmaps", true],
  ["v1", "Secret", "secrets", true],
  ["v1", "Service", "services", true],
  ["v1", "Pod", "pods", true],
  ["v1", "PersistentVolumeClaim", "persistentvolumeclaims", true],
  ["apps/v1", "Deployment", "deployments", true],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", false],
  ["admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", false],
  ["apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false],
];

export class ApiDouble {
  readonly #types: Type[] = [];
  readonly objects = new Map<string, Stored>();
  readonly requests: DoubleRequest[] = [];
  readonly #watches = new Set<(line: string) => void>();
  readonly #history: { readonly version: number; readonly type: string; readonly object: Stored }[] = [];
  readonly #server;
  #version = 100;
  #uids = 0;
  /** Oldest version that a watch may begin from. */
  forgotten = 0;
  /** Looks at each request first; what it answers is the answer. */
  fault: (request: DoubleRequest) => Fault | Promise<Fault> = () => undefined;
  mayImpersonate = false;
  /** Called after each change. */
  changed: (object: Stored) => void = () => undefined;

  constructor(tls?: { readonly cert: string; readonly key: string }) {
    for (const [apiVersion, kind, plural, namespaced] of kinds) this.addType({ apiVersion, kind, plural, namespaced });
    this.#server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      idleTimeout: 0,
      ...(tls === undefined ? {} : { tls }),
      fetch: (request) => this.#answer(request),
    });
    for (const name of ["kube-system", "default"])
      this.put({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  }

  get url(): string {
    return this.#server.url.href.replace(/\/$/, "");
  }

  addType(p: {
    readonly apiVersion: string;
    readonly kind: string;
    readonly plural: string;
    readonly namespaced: boolean;
  }): void {
    const { apiVersion, kind, plural, namespaced } = p;
    this.#types.push({ group: groupOf(apiVersion), version: versionOf(apiVersion), kind, plural, namespaced });
  }

  /** As a controller or somebody else writes: without asking anybody. */
  put(object: KubeObject, manager = "controller"): Stored {
    const key = keyOf(object.kind, object.metadata.namespace ?? "", object.metadata.name);
    const before = this.objects.get(key);
    const fields = fieldsV1(leavesOf(object).keys());
    const entry: ManagedFields = {
      manager,
      operation: "Update",
      apiVersion: object.apiVersion,
      fieldsV1: fields as never,
    };
    const others = (before?.metadata.managedFields ?? []).filter((each) => each.manager !== manager);
    return this.#store(key, {
      ...object,
      metadata: { ...before?.metadata, ...object.metadata, managedFields: [...others, entry] },
    });
  }

  get(kind: string, name: string, namespace = "default"): Stored | undefined {
    return this.objects.get(keyOf(kind, namespace, name)) ?? this.objects.get(keyOf(kind, "", name));
  }

  /** Changes a stored object in place, as a controller does with a status. */
  touch(kind: string, name: string, change: object, namespace = "default"): void {
    const key = keyOf(kind, namespace, name);
    const object = this.objects.get(key);
    if (object === undefined) throw new Error(`there is no ${key}`);
    this.#store(key, { ...object, ...change });
  }

  drop(kind: string, name: string, namespace = "default"): void {
    const key = keyOf(kind, namespace, name);
    const object = this.objects.get(key);
    if (object === undefined) return;
    this.objects.delete(key);
    this.#tell("DELETED", { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } });
  }

  /** Tells watches how far they are. */
  bookmark(kind: string): void {
    const object = { kind, apiVersion: "v1", metadata: { resourceVersion: String(this.#version) } };
    for (const tell of this.#watches) tell(JSON.stringify({ type: "BOOKMARK", object }));
  }

  /** Ends every watch: with a refusal, or just like that. */
  breakWatches(code?: number): void {
    const error = { type: "ERROR", object: { kind: "Status", code, message: "too old resource version" } };
    for (const tell of this.#watches) tell(code === undefined ? "" : JSON.stringify(error));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  #store(key: string, object: KubeObject): Stored {
    const before = this.objects.get(key);
    const { metadata } = object;
    const spec = canonicalJson({ ...object, status: undefined, metadata: undefined });
    const same = before !== undefined && spec === canonicalJson({ ...before, status: undefined, metadata: undefined });
    const stored = {
      ...object,
      metadata: {
        ...metadata,
        uid: before?.metadata.uid ?? `uid-${++this.#uids}`,
        resourceVersion: String(++this.#version),
        generation: (before?.metadata.generation ?? 0) + (same ? 0 : 1),
      },
    } as Stored;
    this.objects.set(key, stored);
    this.#tell(before === undefined ? "ADDED" : "MODIFIED", stored);
    if (object.kind === "CustomResourceDefinition" && before === undefined) this.#define(object);
    this.changed(stored);
    return stored;
  }

  #define(definition: KubeObject): void {
    const group = textAt(definition, "spec", "group") ?? "";
    const version = textAt(listAt(definition, "spec", "versions")[0], "name") ?? "v1";
    this.addType({
      apiVersion: `${group}/${version}`,
      kind: textAt(definition, "spec", "names", "kind") ?? "",
      plural: textAt(definition, "spec", "names", "plural") ?? "",
      namespaced: textAt(definition, "spec", "scope") !== "Cluster",
    });
  }

  #tell(type: string, object: Stored): void {
    this.#history.push({ version: this.#version, type, object });
    for (const tell of this.#watches) tell(JSON.stringify({ type, object }));
  }

  async #answer(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const where = this.#where(url.pathname);
    const asked = {
      method: request.method,
      path: url.pathname,
      query: url.searchParams,
      kind: where?.type.kind ?? "",
      name: where?.name ?? "",
      as: request.headers.get("impersonate-user"),
    };
    this.requests.push(asked);
    const fault = await this.fault(asked);
    if (fault === "hang") return new Promise(() => undefined);
    if (fault !== undefined) return fault;
    if (url.pathname.endsWith("/selfsubjectaccessreviews"))
      return Response.json({ status: { allowed: this.mayImpersonate } }, { status: 201 });
    if (url.pathname === "/version") return Response.json({ major: "1", minor: "34", gitVersion: "v1.34.4" });
    if (url.pathname === "/api" || url.pathname === "/apis") return this.#discovery(url.pathname);
    if (where === undefined) return status(404, "NotFound", "the server could not find the requested resource");
    if (where.name === "")
      return url.searchParams.has("watch") ? this.#watch(where, url.searchParams) : this.#list(where, url.searchParams);
    return this.#one(where, { request, query: url.searchParams });
  }

  #where(path: string): Where | undefined {
    const found =
      /^\/(?:api|apis\/([^/]+))\/([^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+))?(?:\/([^/]+))?$/.exec(
        path,
      );
    if (found === null) return undefined;
    const [, group = "", version, namespace = "", plural, name = "", subresource = ""] = found;
    const type = this.#types.find((each) => each.group === group && each.version === version && each.plural === plural);
    return type === undefined ? undefined : { type, namespace, name: decodeURIComponent(name), subresource };
  }

  #discovery(root: string): Response {
    const groups = new Map<string, Type[]>();
    for (const type of this.#types) {
      if ((type.group === "") === (root === "/api")) groups.set(type.group, [...(groups.get(type.group) ?? []), type]);
    }
    const items = [...groups].map(([name, types]) => ({
      metadata: { name },
      versions: [...new Set(types.map(({ version }) => version))].map((version) => ({
        version,
        resources: types
          .filter((each) => each.version === version)
          .map(({ kind, plural, namespaced }) => ({
            resource: plural,
            responseKind: { kind },
            scope: namespaced ? "Namespaced" : "Cluster",
            verbs: ["get"],
            subresources: kind === "Deployment" ? [{ subresource: "scale" }] : [],
          })),
      })),
    }));
    return Response.json({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", items });
  }

  #fitting({ type, namespace }: Where, query: URLSearchParams): readonly Stored[] {
    const labels = (query.get("labelSelector") ?? "").split(",").filter((each) => each !== "");
    const name = /^metadata\.name=(.*)$/.exec(query.get("fieldSelector") ?? "")?.[1];
    return [...this.objects.values()].filter(
      (each) =>
        each.kind === type.kind &&
        groupOf(each.apiVersion) === type.group &&
        (namespace === "" || each.metadata.namespace === namespace) &&
        (name === undefined || each.metadata.name === name) &&
        labels.every((label) => each.metadata.labels?.[label.split("=")[0] ?? ""] === label.split("=")[1]),
    );
  }

  #list(where: Where, query: URLSearchParams): Response {
    const items = this.#fitting(where, query);
    const from = Number(query.get("continue") ?? 0);
    const limit = Number(query.get("limit") ?? items.length);
    const next = from + limit < items.length ? String(from + limit) : "";
    const bare = items.slice(from, from + limit).map(({ apiVersion: _version, kind: _kind, ...rest }) => rest);
    return Response.json({
      kind: `${where.type.kind}List`,
      metadata: { resourceVersion: String(this.#version), continue: next },
      items: bare,
    });
  }

  #watch({ type }: Where, query: URLSearchParams): Response {
    const from = Number(query.get("resourceVersion") ?? 0);
    if (from < this.forgotten) return status(410, "Expired", "too old resource version");
    const encoder = new TextEncoder();
    let tell: (line: string) => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        tell = (line) => {
          const kind = line === "" ? type.kind : textAt(at(JSON.parse(line) as unknown, "object"), "kind");
          if (kind !== type.kind && kind !== "Status") return;
          if (line !== "") controller.enqueue(encoder.encode(`${line}\n`));
          if (line === "" || kind === "Status") {
            this.#watches.delete(tell);
            controller.close();
          }
        };
        for (const { version, type: of, object } of this.#history) {
          if (version > from && object.kind === type.kind)
            controller.enqueue(encoder.encode(`${JSON.stringify({ type: of, object })}\n`));
        }
        this.#watches.add(tell);
      },
      cancel: () => void this.#watches.delete(tell),
    });
    return new Response(body, { headers: { "content-type": "application/json" } });
  }

  async #one(
    where: Where,
    { request, query }: { readonly request: Request; readonly query: URLSearchParams },
  ): Promise<Response> {
    const key = keyOf(where.type.kind, where.type.namespaced ? where.namespace : "", where.name);
    const live = this.objects.get(key);
    const body: unknown = request.method === "GET" ? undefined : await request.json();
    const missing = status(404, "NotFound", `${where.type.plural} "${where.name}" not found`);
    const dryRun = query.get("dryRun") === "All" || listAt(body, "dryRun").includes("All");
    if (where.subresource === "scale" && live !== undefined) return this.#scale(key, live, body);
    if (request.method === "GET") return live === undefined ? missing : Response.json(live);
    if (request.method === "DELETE") {
      if (live === undefined) return missing;
      const conditions = asRecord(at(body, "preconditions")) ?? {};
      for (const part of ["uid", "resourceVersion"] as const) {
        if (conditions[part] !== undefined && conditions[part] !== live.metadata[part])
          return status(409, "Conflict", `the ${part} in the precondition differs`);
      }
      if (!dryRun) this.drop(where.type.kind, where.name, where.type.namespaced ? where.namespace : "");
      return Response.json(live);
    }
    const type = request.headers.get("content-type") ?? "";
    if (type.startsWith("application/apply-patch")) return this.#apply({ key, where, query, dryRun }, { live, body });
    if (live === undefined) return missing;
    for (const part of ["uid", "resourceVersion"] as const) {
      const wanted = at(body, "metadata", part);
      if (wanted !== undefined && wanted !== live.metadata[part])
        return status(409, "Conflict", `the object has been modified: its ${part} is another`);
    }
    return Response.json(this.#store(key, patched(live, body)));
  }

  #scale(key: string, live: Stored, body: unknown): Response {
    const replicas = at(body, "spec", "replicas");
    const now =
      replicas === undefined ? live : this.#store(key, { ...live, spec: { ...asRecord(live["spec"]), replicas } });
    const metadata = { name: live.metadata.name };
    return Response.json({
      apiVersion: "autoscaling/v1",
      kind: "Scale",
      metadata,
      spec: { replicas: at(now, "spec", "replicas") ?? 1 },
    });
  }

  #apply(
    p: { readonly key: string; readonly where: Where; readonly query: URLSearchParams; readonly dryRun: boolean },
    { live, body }: { readonly live: Stored | undefined; readonly body: unknown },
  ): Response {
    const object = body as KubeObject;
    const { uid, resourceVersion } = object.metadata;
    const { namespaced } = p.where.type;
    if (namespaced && !this.objects.has(keyOf("Namespace", "", p.where.namespace))) {
      return status(404, "NotFound", `namespaces "${p.where.namespace}" not found`);
    }
    if (uid !== undefined && live === undefined) return status(409, "Conflict", "uid mismatch");
    if (resourceVersion !== undefined && resourceVersion !== live?.metadata.resourceVersion)
      return status(409, "Conflict", "the object has been modified");
    if (uid !== undefined && uid !== live?.metadata.uid)
      return status(422, "Invalid", "field is immutable", [{ field: "metadata.uid", message: "field is immutable" }]);
    if (live !== undefined && at(object, "immutable") === false && at(live, "immutable") === true) {
      return status(422, "Invalid", "field is immutable", [{ field: "immutable", message: "field is immutable" }]);
    }
    const merged = merge({
      live,
      object,
      manager: p.query.get("fieldManager") ?? "",
      force: p.query.get("force") === "true",
    });
    if ("conflicts" in merged) {
      const causes = merged.conflicts.map(({ path, manager }) => ({
        reason: "FieldManagerConflict",
        message: `conflict with "${manager}" using ${object.apiVersion}`,
        field: shownPath(path),
      }));
      return status(409, "Conflict", "Apply failed with conflicts", causes);
    }
    const find = (kind: string, name: string, of: string): Stored | undefined =>
      this.objects.get(keyOf(kind, of, name));
    const refused = live === undefined ? refusedCreate(object, p.query.get("fieldManager") ?? "", find) : undefined;
    if (refused !== undefined) return status(422, "Invalid", refused);
    const namespace = namespaced ? { namespace: p.where.namespace } : {};
    const whole = { ...merged.object, metadata: { ...merged.object.metadata, ...namespace } };
    if (live !== undefined && canonicalJson(live) === canonicalJson(whole)) return Response.json(live);
    const code = live === undefined ? 201 : 200;
    if (p.dryRun) return Response.json({ ...whole, metadata: { uid: "dry", ...whole.metadata } }, { status: code });
    return Response.json(this.#store(p.key, whole), { status: code });
  }
}

interface Where {
  readonly type: Type;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

function keyOf(kind: string, namespace: string, name: string): string {
  return `${kind} ${namespace}/${name}`;
}

/** A refusal as the API writes it. */
export function status(code: number, reason: string, message: string, causes: readonly object[] = []): Response {
  const body = { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message, details: { causes } };
  return Response.json(body, { status: code });
}
