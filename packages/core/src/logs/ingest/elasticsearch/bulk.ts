// Bulk requests of Elasticsearch: an action a line, and behind it the document. Each is answered for by itself.
// Format: Elasticsearch, "Bulk API" (POST /_bulk, POST /<index>/_bulk).
import type { Collector } from "../collector.ts";
import { RefusedRequest } from "../collector.ts";
import { addObject, isObject, parsedJson, usualLabels } from "../objects.ts";
import type { Json, ObjectForm } from "../objects.ts";
import type { Moment } from "../values.ts";

const form: ObjectForm = {
  times: ["@timestamp", "timestamp", "time"],
  lines: ["message", "msg", "log", "event.original"],
  labels: usualLabels,
};
const actions = ["create", "index", "update", "delete"] as const;
type Action = (typeof actions)[number];

/** What became of one action. */
export interface BulkItem {
  readonly action: Action;
  readonly index: string;
  /** As it was given. */
  readonly id: string | undefined;
  /** Why it was not taken: the type of the error as Elasticsearch calls it, and what it says. */
  readonly error: { readonly type: string; readonly reason: string } | undefined;
}

/** `index`: that of the URL, for actions that name none. Throws a `RefusedRequest` for a line that is no action. */
export function readBulk(
  collector: Collector,
  p: { readonly text: string; readonly index: string | undefined; readonly now: Moment },
): BulkItem[] {
  const lines = p.text.split("\n");
  const items: BulkItem[] = [];
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (line.trim() === "") continue;
    const { action, about } = actionIn(line, at);
    const index = textIn(about, "_index") ?? p.index;
    if (index === undefined) throw new RefusedRequest("invalid_input", `The action in line ${at + 1} names no index.`);
    const item = { action, index, id: textIn(about, "_id") };
    if (action === "delete") items.push(refusedItem(collector, item));
    else {
      const document = lines[++at];
      items.push(
        action === "update"
          ? refusedItem(collector, item)
          : { ...item, error: addDocument(collector, document ?? "", { index, now: p.now }) },
      );
    }
  }
  if (items.length === 0) throw new RefusedRequest("invalid_input", "The body holds no action.");
  return items;
}

function actionIn(line: string, at: number): { readonly action: Action; readonly about: Json } {
  const json = parsedJson(line)?.json;
  const [name = "", about] = isObject(json) ? (Object.entries(json)[0] ?? []) : [];
  const action = actions.find((each) => each === name);
  if (action !== undefined && isObject(about)) return { action, about };
  throw new RefusedRequest("invalid_input", `Malformed action/metadata line [${at + 1}]: an action is expected there.`);
}

function textIn(object: Json, name: string): string | undefined {
  const value = object[name];
  return typeof value === "number" ? String(value) : typeof value === "string" && value !== "" ? value : undefined;
}

/** Entries are added, and neither changed nor taken out one by one. */
function refusedItem(collector: Collector, item: Omit<BulkItem, "error">): BulkItem {
  collector.reject("not_an_entry");
  const reason = `Entries of logs are added only: ${item.action} is not possible.`;
  return { ...item, error: { type: "illegal_argument_exception", reason } };
}

function addDocument(
  collector: Collector,
  text: string,
  { index, now }: { readonly index: string; readonly now: Moment },
): BulkItem["error"] {
  const json = parsedJson(text)?.json;
  if (!isObject(json)) {
    collector.reject("not_an_entry");
    return { type: "document_parsing_exception", reason: "The document is not an object of JSON." };
  }
  const code = addObject(collector, json, { form, now, labels: { index } });
  return code === undefined ? undefined : { type: "document_parsing_exception", reason: `It was not taken: ${code}.` };
}

/** The answer to a bulk request. `madeId` names what had no name, by its place. */
export function bulkAnswer(
  items: readonly BulkItem[],
  p: { readonly tookMs: number; readonly madeId: (place: number) => string },
): object {
  return {
    took: p.tookMs,
    errors: items.some(({ error }) => error !== undefined),
    items: items.map(({ action, index, id, error }, place) => {
      const about = { _index: index, _id: id ?? p.madeId(place) };
      const done = { _version: 1, result: "created", _shards: { total: 1, successful: 1, failed: 0 }, status: 201 };
      return { [action]: error === undefined ? { ...about, ...done } : { ...about, status: 400, error } };
    }),
  };
}
