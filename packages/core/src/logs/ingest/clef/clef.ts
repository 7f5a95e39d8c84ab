// Events as Serilog and Seq's loggers write them: one object of JSON a line, or in the older form as a list of events.
// Format: Seq, "Posting Raw Events", "Compact Log Event Format"; templates: messagetemplates.org.
import type { Collector, RejectCode } from "../collector.ts";
import { RefusedRequest } from "../collector.ts";
import { addObject, isObject, parsedJson, usualLabels } from "../objects.ts";
import type { Json, ObjectForm } from "../objects.ts";
import type { Moment } from "../values.ts";

const form: ObjectForm = {
  times: ["@t"],
  lines: ["@m"],
  labels: { ...usualLabels, Application: "service", MachineName: "host" },
};
/** Members with a meaning of their own, and what they are called here. */
const renamed: Readonly<Record<string, string>> = {
  "@l": "level",
  "@x": "exception",
  "@i": "event_id",
  "@mt": "message_template",
  "@tr": "trace_id",
  "@sp": "span_id",
};

/** One event a line. */
export function readClef(collector: Collector, p: { readonly text: string; readonly now: Moment }): void {
  for (const line of p.text.split("\n")) {
    if (line.trim() === "") continue;
    const json = parsedJson(line)?.json;
    if (isObject(json)) addEvent(collector, json, p.now);
    else collector.reject("not_an_entry");
  }
}

/** `{"Events":[{"Timestamp","Level","MessageTemplate","Exception","Properties"}]}`. Throws a `RefusedRequest` for what is none. */
export function readRawEvents(collector: Collector, p: { readonly text: string; readonly now: Moment }): void {
  const document = parsedJson(p.text);
  if (document === undefined) throw new RefusedRequest("invalid_json", "The body is not JSON.");
  const events = isObject(document.json) ? document.json["Events"] : undefined;
  if (!Array.isArray(events)) throw new RefusedRequest("invalid_input", "`Events` is not a list.");
  for (const each of events as unknown[]) {
    if (!isObject(each)) {
      collector.reject("not_an_entry");
      continue;
    }
    const { Timestamp, Level, MessageTemplate, RenderedMessage, Exception, Properties } = each;
    const told = { "@t": Timestamp, "@l": Level, "@mt": MessageTemplate, "@m": RenderedMessage, "@x": Exception };
    addEvent(collector, { ...(isObject(Properties) ? Properties : {}), ...told }, p.now);
  }
}

function addEvent(collector: Collector, event: Json, now: Moment): RejectCode | undefined {
  const found = Object.create(null) as Record<string, unknown>;
  // An event without a level is one of information.
  found["level"] = "information";
  for (const [name, value] of Object.entries(event)) {
    if (name === "@r" || value === undefined || value === null) continue;
    // A name that begins with `@` is written with two.
    const own = name.startsWith("@@") ? name.slice(1) : name;
    found[own === name ? (renamed[name] ?? name) : own] = value;
  }
  const { "@mt": template, "@m": message, "@r": renderings } = event;
  if (typeof message !== "string" && typeof template === "string") {
    found["@m"] = renderTemplate(template, event, Array.isArray(renderings) ? (renderings as unknown[]) : []);
  }
  return addObject(collector, found, { form, now });
}

const hole = /\{\{|\}\}|\{[@$]?([\w.]+)(?:,[^:}]*)?(:[^}]*)?\}/g;

/** A template with values in its holes; those with a format of their own come rendered, in their order. */
export function renderTemplate(template: string, values: Json, renderings: readonly unknown[]): string {
  let formatted = 0;
  return template.replace(hole, (whole, name: string | undefined, format: string | undefined) => {
    if (name === undefined) return whole.slice(1);
    const rendered = format === undefined ? undefined : renderings[formatted++];
    if (typeof rendered === "string") return rendered;
    if (!Object.hasOwn(values, name)) return whole;
    const value = values[name];
    return typeof value === "string" ? value : (JSON.stringify(value) ?? whole);
  });
}
