// Which kinds a cluster knows and under which URLs they live. Source of the format: aggregated discovery
// (apidiscovery.k8s.io/v2), with the lists of older servers where it is not there.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { at, groupOf, listAt, textAt, versionOf } from "../objects.ts";
import type { ClusterClient } from "./client.ts";

/** A kind and where it lives. */
export interface ResourceType {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As in URLs: `deployments`. */
  readonly plural: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
  /** Names such as `scale`, `status`. */
  readonly subresources: readonly string[];
}

const aggregated =
  "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
/** A kind that is not known is looked for anew at most this often. */
const refreshMs = 2_000;

/** The kinds of one cluster, read when they are first needed and again when one is missing. */
export class Discovery {
  readonly #client: ClusterClient;
  #types: Promise<Result<readonly ResourceType[]>> | undefined;
  #readAt = 0;

  constructor(client: ClusterClient) {
    this.#client = client;
  }

  /** Every kind in every version that is served. */
  async all(): Promise<Result<readonly ResourceType[]>> {
    return this.#types ?? this.refresh();
  }

  /** Reads them anew: a definition of a kind may have been added. */
  async refresh(): Promise<Result<readonly ResourceType[]>> {
    this.#readAt = this.#client.clock.now();
    const reading = read(this.#client);
    this.#types = reading;
    const types = await reading;
    // What failed is asked again by whoever comes next.
    if (!types.ok && this.#types === reading) this.#types = undefined;
    return types;
  }

  /** The type of objects with this `apiVersion` and kind; `unknown_kind` where the cluster has none. */
  async find(apiVersion: string, kind: string): Promise<Result<ResourceType>> {
    const [group, version] = [groupOf(apiVersion), versionOf(apiVersion)];
    return this.#search(
      `${kind} of ${apiVersion}`,
      (each) => each.kind === kind && each.group === group && each.version === version,
    );
  }

  /** The type of a kind in the version that the cluster prefers. */
  async ofKind(group: string, kind: string): Promise<Result<ResourceType>> {
    return this.#search(
      `${kind}${group === "" ? "" : `.${group}`}`,
      (each) => each.kind === kind && each.group === group,
    );
  }

  async #search(what: string, fits: (type: ResourceType) => boolean): Promise<Result<ResourceType>> {
    let types = await this.all();
    if (!types.ok) return types;
    let found = types.value.find(fits);
    if (found === undefined && this.#client.clock.now() - this.#readAt >= refreshMs) {
      types = await this.refresh();
      if (!types.ok) return types;
      found = types.value.find(fits);
    }
    if (found !== undefined) return ok(found);
    return fail({
      code: "unknown_kind",
      message: `The cluster knows no ${what}.`,
      hint: "Install what defines it first, or write another version; `kubectl api-resources` lists what there is.",
    });
  }
}

/** The URL of a type's objects; with a name that of one of them. */
export function pathOf(
  { group, version, plural, namespaced }: ResourceType,
  p: { readonly namespace?: string; readonly name?: string; readonly subresource?: string } = {},
): string {
  const base = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const within =
    namespaced && p.namespace !== undefined && p.namespace !== ""
      ? `/namespaces/${encodeURIComponent(p.namespace)}`
      : "";
  const name = p.name === undefined ? "" : `/${encodeURIComponent(p.name)}`;
  return `${base}${within}/${plural}${name}${p.subresource === undefined ? "" : `/${p.subresource}`}`;
}

async function read(client: ClusterClient): Promise<Result<readonly ResourceType[]>> {
  const types: ResourceType[] = [];
  for (const path of ["/api", "/apis"]) {
    const answer = await client.json({ path, headers: { accept: aggregated } });
    if (!answer.ok) return answer;
    const { body } = answer.value;
    if (textAt(body, "kind") === "APIGroupDiscoveryList") types.push(...listAt(body, "items").flatMap(groupTypes));
    else {
      const listed = await readLists(client, path, body);
      if (!listed.ok) return listed;
      types.push(...listed.value);
    }
  }
  return ok(types);
}

function groupTypes(item: unknown): readonly ResourceType[] {
  const group = textAt(item, "metadata", "name") ?? "";
  return listAt(item, "versions").flatMap((entry) => {
    const version = textAt(entry, "version") ?? "";
    // Of a group whose server does not answer nothing is known; it must not look as if it were gone.
    return listAt(entry, "resources").map((each) => ({
      group,
      version,
      kind: textAt(each, "responseKind", "kind") ?? "",
      plural: textAt(each, "resource") ?? "",
      namespaced: textAt(each, "scope") === "Namespaced",
      verbs: listAt(each, "verbs").filter((verb) => typeof verb === "string"),
      subresources: listAt(each, "subresources").map((sub) => textAt(sub, "subresource") ?? ""),
    }));
  });
}

/** One list for each version, as servers before 1.26 have them. */
async function readLists(client: ClusterClient, root: string, body: unknown): Promise<Result<readonly ResourceType[]>> {
  const versions =
    root === "/api"
      ? listAt(body, "versions").map(String)
      : listAt(body, "groups").flatMap((group) =>
          listAt(group, "versions").map((each) => textAt(each, "groupVersion") ?? ""),
        );
  const lists = await Promise.all(versions.map(async (each) => client.json({ path: `${root}/${each}` })));
  const types: ResourceType[] = [];
  for (const [index, list] of lists.entries()) {
    if (!list.ok) return list;
    types.push(...listTypes(versions[index] ?? "", list.value.body));
  }
  return ok(types);
}

function listTypes(apiVersion: string, list: unknown): readonly ResourceType[] {
  const entries = listAt(list, "resources");
  const subresources = (plural: string): string[] =>
    entries.flatMap((each) => {
      const [of, sub] = (textAt(each, "name") ?? "").split("/");
      return of === plural && sub !== undefined ? [sub] : [];
    });
  return entries.flatMap((each) => {
    const plural = textAt(each, "name") ?? "";
    if (plural.includes("/")) return [];
    return [
      {
        group: groupOf(apiVersion),
        version: versionOf(apiVersion),
        kind: textAt(each, "kind") ?? "",
        plural,
        namespaced: at(each, "namespaced") === true,
        verbs: listAt(each, "verbs").filter((verb) => typeof verb === "string"),
        subresources: subresources(plural),
      },
    ];
  });
}
