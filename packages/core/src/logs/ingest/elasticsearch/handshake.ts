// What clients of Elasticsearch ask before they send anything: who is there, and whether what they would set up is there already.
// Templates, policies and pipelines are taken and left alone: entries need none of them.

/** Clients look for these two together, and refuse to talk to what has neither. */
export const elasticHeaders: Readonly<Record<string, string>> = { "x-elastic-product": "Elasticsearch" };

/** The interface that is spoken, as clients compare it with theirs. */
const elasticVersion = "8.19.0";

const made = { acknowledged: true } as const;
const health = {
  cluster_name: "sluice",
  status: "green",
  timed_out: false,
  number_of_nodes: 1,
  number_of_data_nodes: 1,
  active_primary_shards: 1,
  active_shards: 1,
  relocating_shards: 0,
  initializing_shards: 0,
  unassigned_shards: 0,
  active_shards_percent_as_number: 100,
} as const;

/** The answer to a request for a path below the prefix (`/_license`); undefined for what is none of those that are known. */
export function elasticAnswer(
  method: string,
  path: string,
): { readonly status: number; readonly body: unknown } | undefined {
  const reads = method === "GET" || method === "HEAD";
  const [, first = "", second = ""] = path.split("/");
  if (first === "") {
    return { status: 200, body: reads ? greeting : made };
  }
  switch (first) {
    case "_license":
      return { status: 200, body: { license: { status: "active", uid: "sluice", type: "basic", mode: "basic" } } };
    case "_cluster":
      return second === "health" ? { status: 200, body: health } : { status: 200, body: {} };
    case "_cat":
      return { status: 200, body: second === "health" ? [{ cluster: "sluice", status: "green" }] : [] };
    case "_nodes":
      return { status: 200, body: { _nodes: { total: 1, successful: 1, failed: 0 }, cluster_name: "sluice", nodes } };
    case "_xpack":
      return { status: 200, body: { features: {} } };
    case "_template":
    case "_index_template":
    case "_component_template":
    case "_ilm":
    case "_ingest":
    case "_logstash":
    case "_data_stream":
    case "_alias":
      return { status: 200, body: reads ? {} : made };
    default:
      return first.startsWith("_") ? undefined : ofIndex(method, first, second);
  }
}

const greeting = {
  name: "sluice",
  cluster_name: "sluice",
  cluster_uuid: "sluice",
  version: {
    number: elasticVersion,
    build_flavor: "default",
    build_type: "tar",
    build_snapshot: false,
    lucene_version: "9.12.0",
    minimum_wire_compatibility_version: "7.17.0",
    minimum_index_compatibility_version: "7.0.0",
  },
  tagline: "You Know, for Search",
} as const;

const nodes = { sluice: { name: "sluice", version: elasticVersion, http: {}, roles: ["data", "ingest"] } } as const;

/** Every index is there: entries of it may be sent. */
function ofIndex(
  method: string,
  index: string,
  what: string,
): { readonly status: number; readonly body: unknown } | undefined {
  if (what !== "" && what !== "_mapping" && what !== "_settings" && what !== "_alias" && what !== "_refresh")
    return undefined;
  if (method === "GET" || method === "HEAD")
    return { status: 200, body: { [index]: { aliases: {}, mappings: {}, settings: {} } } };
  return { status: 200, body: { ...made, shards_acknowledged: true, index } };
}
