// Messages in Graylog's format. Format: Graylog, "GELF Payload Specification", version 1.1.
import type { Collector, RejectCode } from "../collector.ts";
import { addObject, isObject, parsedJson, severityName } from "../objects.ts";
import type { ObjectForm } from "../objects.ts";
import type { Moment } from "../values.ts";

const form: ObjectForm = {
  times: ["timestamp"],
  lines: ["short_message", "message", "full_message"],
  labels: { host: "host", service: "service", facility: "facility" },
};
const inner = /^_(?=.)/;

/** Adds a message; answers why it was not taken. Members that a sender has added lose the underscore in front. */
export function readGelf(
  collector: Collector,
  p: { readonly text: string; readonly now: Moment },
): RejectCode | undefined {
  const json = parsedJson(p.text)?.json;
  if (!isObject(json)) {
    collector.reject("not_an_entry");
    return "not_an_entry";
  }
  const found = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(json)) {
    if (name !== "version") found[name.replace(inner, "")] = name === "level" ? (severityName(value) ?? value) : value;
  }
  if (found["full_message"] === found["short_message"]) Reflect.deleteProperty(found, "full_message");
  return addObject(collector, found, { form, now: p.now });
}
