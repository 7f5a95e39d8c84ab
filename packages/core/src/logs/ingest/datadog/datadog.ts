// Logs as agents and libraries of Datadog send them. Format: Datadog, "Send logs" (POST /api/v2/logs).
import type { Collector } from "../collector.ts";
import { RefusedRequest } from "../collector.ts";
import { addObject, isObject, parsedJson, usualLabels } from "../objects.ts";
import type { Json, ObjectForm } from "../objects.ts";
import type { Moment } from "../values.ts";

const form: ObjectForm = {
  times: ["timestamp", "date", "@timestamp"],
  lines: ["message", "msg"],
  labels: { ...usualLabels, ddsource: "source" },
};

/** What may stand in the URL instead of in each entry. */
export const datadogDefaults = ["ddsource", "ddtags", "service", "hostname"] as const;

/** Throws a `RefusedRequest` for what is neither an entry nor a list of them. */
export function readDatadog(
  collector: Collector,
  p: { readonly text: string; readonly defaults: Json; readonly now: Moment },
): void {
  const document = parsedJson(p.text);
  if (document === undefined) throw new RefusedRequest("invalid_json", "The body is not JSON.");
  const { json } = document;
  if (!isObject(json) && !Array.isArray(json)) {
    throw new RefusedRequest("invalid_input", "The body is neither an entry nor a list of them.");
  }
  for (const each of Array.isArray(json) ? (json as unknown[]) : [json]) {
    if (!isObject(each)) collector.reject("not_an_entry");
    else {
      const { ddtags, status, ...rest } = { ...p.defaults, ...each };
      const level = status === undefined ? {} : { level: status };
      addObject(collector, { ...tagsIn(ddtags), ...level, ...rest }, { form, now: p.now });
    }
  }
}

/** `env:prod,team:pay` as fields; a tag without a value is true. */
function tagsIn(tags: unknown): Json {
  const found = Object.create(null) as Record<string, unknown>;
  const list = Array.isArray(tags) ? (tags as unknown[]).map(String) : typeof tags === "string" ? tags.split(",") : [];
  for (const each of list) {
    const tag = each.trim();
    const at = tag.indexOf(":");
    if (tag !== "") found[at === -1 ? tag : tag.slice(0, at)] = at === -1 ? true : tag.slice(at + 1);
  }
  return found;
}
