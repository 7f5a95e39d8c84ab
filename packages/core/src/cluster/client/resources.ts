// Reads and writes objects of one cluster: what the verbs of the API are, by kind and name instead of by URL.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { asRecord, listAt, numberAt, textAt } from "../objects.ts";
import type { KubeObject } from "../objects.ts";
import type { ClusterClient } from "./client.ts";
import { Discovery, pathOf } from "./discovery.ts";
import type { ResourceType } from "./discovery.ts";
import { isExpired } from "./refusals.ts";

/** An object by the names that stand in its manifest. */
export interface NamedObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface Selection {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
}

export interface Listed {
  readonly items: readonly KubeObject[];
  /** Where a watch goes on from. */
  readonly resourceVersion: string;
}

const patchTypes = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

export class Resources {
  readonly client: ClusterClient;
  readonly discovery: Discovery;

  constructor(client: ClusterClient) {
    this.client = client;
    this.discovery = new Discovery(client);
  }

  /** Undefined where there is no such object. */
  async get(of: NamedObject): Promise<Result<KubeObject | undefined>> {
    const found = await this.#at(of);
    if (!found.ok) return found;
    const answer = await this.client.json({ path: found.value });
    if (!answer.ok) return answer.error.code === "object_not_found" ? ok(undefined) : answer;
    return objectOf(answer.value.body);
  }

  /** Every object that fits, in pages. A list whose pages have expired is begun once more. */
  async list(selection: Selection): Promise<Result<Listed>> {
    const type = await this.discovery.find(selection.apiVersion, selection.kind);
    if (!type.ok) return type;
    const first = await this.#pages(type.value, selection);
    return !first.ok && isExpired(first.error) ? this.#pages(type.value, selection) : first;
  }

  async #pages(type: ResourceType, selection: Selection): Promise<Result<Listed>> {
    const { listPageMax, objectsMax } = this.client.limits;
    const { namespace, labelSelector, fieldSelector } = selection;
    const path = pathOf(type, namespace === undefined ? {} : { namespace });
    const items: KubeObject[] = [];
    let next: string | undefined;
    for (;;) {
      const query = { limit: listPageMax, continue: next, labelSelector, fieldSelector };
      const answer = await this.client.json({ path, query });
      if (!answer.ok) return answer;
      const { body } = answer.value;
      // Items of a list do not carry what all have in common.
      for (const item of listAt(body, "items")) {
        items.push({ apiVersion: selection.apiVersion, kind: selection.kind, ...asRecord(item) } as KubeObject);
      }
      if (items.length > objectsMax) return fail(tooMany(selection.kind, objectsMax));
      next = textAt(body, "metadata", "continue");
      if (next === undefined || next === "") {
        return ok({ items, resourceVersion: textAt(body, "metadata", "resourceVersion") ?? "" });
      }
    }
  }

  /**
   * Server-side apply. A `resourceVersion` and `uid` in the object are conditions: another one in the cluster is a
   * `cluster_conflict`, and so is a field that somebody else owns, unless `force` takes it.
   */
  async apply(p: {
    readonly object: KubeObject;
    readonly manager: string;
    readonly force?: boolean;
    readonly dryRun?: boolean;
    readonly signal?: AbortSignal | undefined;
  }): Promise<Result<{ readonly object: KubeObject; readonly created: boolean }>> {
    const { object, manager, force = false, dryRun = false, signal } = p;
    const { name, namespace } = object.metadata;
    const found = await this.#at({ apiVersion: object.apiVersion, kind: object.kind, name, namespace });
    if (!found.ok) return found;
    const answer = await this.client.json({
      method: "PATCH",
      path: found.value,
      query: { fieldManager: manager, force, fieldValidation: "Strict", dryRun: dryRun ? "All" : undefined },
      headers: { "content-type": "application/apply-patch+yaml" },
      body: object,
      signal,
    });
    if (!answer.ok) return answer;
    const applied = objectOf(answer.value.body);
    return applied.ok ? ok({ object: applied.value, created: answer.value.status === 201 }) : applied;
  }

  async patch(
    of: NamedObject,
    p: {
      readonly type: keyof typeof patchTypes;
      readonly patch: unknown;
      readonly subresource?: "scale" | "status";
      readonly manager?: string;
      readonly dryRun?: boolean;
    },
  ): Promise<Result<KubeObject>> {
    const found = await this.#at(of, p.subresource);
    if (!found.ok) return found;
    const answer = await this.client.json({
      method: "PATCH",
      path: found.value,
      query: { fieldManager: p.manager, dryRun: p.dryRun === true ? "All" : undefined },
      headers: { "content-type": patchTypes[p.type] },
      body: p.patch,
    });
    return answer.ok ? objectOf(answer.value.body) : answer;
  }

  /** `gone` where there was none. With `uid` or `resourceVersion` it is that one or a `cluster_conflict`. */
  async remove(
    of: NamedObject,
    p: {
      readonly uid?: string | undefined;
      readonly resourceVersion?: string | undefined;
      readonly propagation?: "Foreground" | "Background" | "Orphan";
      readonly dryRun?: boolean;
    } = {},
  ): Promise<Result<"gone" | "deleted">> {
    const found = await this.#at(of);
    if (!found.ok) return found;
    const { uid, resourceVersion, propagation = "Background", dryRun = false } = p;
    const preconditions = {
      ...(uid === undefined ? {} : { uid }),
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
    };
    const answer = await this.client.json({
      method: "DELETE",
      path: found.value,
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        propagationPolicy: propagation,
        preconditions,
        ...(dryRun ? { dryRun: ["All"] } : {}),
      },
    });
    if (answer.ok) return ok("deleted");
    return answer.error.code === "object_not_found" ? ok("gone") : answer;
  }

  /** How many replicas there are to be; with `replicas` makes it that many. */
  async scale(of: NamedObject, replicas?: number): Promise<Result<number>> {
    if (replicas !== undefined) {
      const patched = await this.patch(of, { type: "merge", patch: { spec: { replicas } }, subresource: "scale" });
      return patched.ok ? ok(numberAt(patched.value, "spec", "replicas") ?? 0) : patched;
    }
    const found = await this.#at(of, "scale");
    if (!found.ok) return found;
    const answer = await this.client.json({ path: found.value });
    return answer.ok ? ok(numberAt(answer.value.body, "spec", "replicas") ?? 0) : answer;
  }

  /** Ends a pod as its disruption budget allows; where that says no, the failure is `cluster_busy`. */
  async evict(namespace: string, name: string): Promise<Result<null>> {
    const found = await this.#at({ apiVersion: "v1", kind: "Pod", namespace, name }, "eviction");
    if (!found.ok) return found;
    const body = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } };
    const answer = await this.client.json({ method: "POST", path: found.value, body });
    return answer.ok ? ok(null) : answer;
  }

  /** The end of a container's log. */
  async log(of: {
    readonly namespace: string;
    readonly name: string;
    readonly container?: string;
    readonly tailLines?: number;
    readonly previous?: boolean;
  }): Promise<Result<string>> {
    const { namespace, name, container, tailLines, previous } = of;
    const found = await this.#at({ apiVersion: "v1", kind: "Pod", namespace, name }, "log");
    return found.ok ? this.client.text({ path: found.value, query: { container, tailLines, previous } }) : found;
  }

  async #at(of: NamedObject, subresource?: string): Promise<Result<string>> {
    const type = await this.discovery.find(of.apiVersion, of.kind);
    if (!type.ok) return type;
    const namespace = of.namespace ?? this.client.access.namespace;
    return ok(pathOf(type.value, { namespace, name: of.name, ...(subresource === undefined ? {} : { subresource }) }));
  }
}

function objectOf(body: unknown): Result<KubeObject> {
  const record = asRecord(body);
  if (typeof record?.["kind"] === "string" && asRecord(record["metadata"]) !== undefined) return ok(body as KubeObject);
  return fail({
    code: "cluster_unreachable",
    message: "What answers is no Kubernetes API: it sent no object.",
    hint: "Look at the server's URL and at proxies on the way.",
  });
}

function tooMany(kind: string, objectsMax: number): Parameters<typeof fail>[0] {
  return {
    code: "payload_too_large",
    message: `There are more than ${objectsMax} objects of kind ${kind} (objectsMax).`,
    hint: "Ask for a namespace, or with a selector.",
  };
}
