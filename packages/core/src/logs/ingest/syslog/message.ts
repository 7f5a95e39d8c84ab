// One message of syslog, of either kind. Formats: RFC 5424; RFC 3164 and what is sent in its name: without a host, with the year, with
// a time as in RFC 3339, without a priority.
import type { FieldValue, Labels } from "../../entry.ts";
import type { Collector } from "../collector.ts";
import { severityName } from "../objects.ts";
import { emptyFields, momentOf } from "../values.ts";
import type { Moment } from "../values.ts";

const facilities =
  "kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp audit alert clock local0 local1 local2 local3 local4 local5 local6 local7".split(
    " ",
  );
/** What a message without a priority has: that of `user.notice`. */
const usualPriority = 13;
const priority = /^<(\d{1,3})>/;
const header5424 = /^1 (\S+) (\S+) (\S+) (\S+) (\S+) ?/;
const time3164 = /^([A-Z][a-z]{2}) ([ \d]\d) (?:(\d{4}) )?(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?: (\d{4}))?(?::? )/;
const time3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})) /;
const host3164 = /^([\w.:-]+) (?=[\w./-]+(?:\[[^\]]*\])?: ?)/;
const tag3164 = /^([\w./-]{1,256})(?:\[([^\]]*)\])?: ?/;
const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const dayMs = 86_400_000;

interface Message {
  readonly moment: Moment;
  readonly host: string;
  readonly app: string;
  readonly line: string;
  readonly fields: Readonly<Record<string, FieldValue>>;
}

/** `from`: where it came from, for messages that name no host. */
export function readSyslog(
  collector: Collector,
  p: { readonly text: string; readonly from: string; readonly now: Moment },
): void {
  const found = priority.exec(p.text);
  const number = found === null ? usualPriority : Number(found[1]);
  const rest = p.text.slice(found === null ? 0 : found[0].length);
  const header = header5424.exec(rest);
  const message = header === null ? read3164(rest, p.now) : read5424(rest, header, p.now);
  const labels: Labels = {
    host: message.host === "" ? p.from : message.host,
    ...(message.app === "" ? {} : { service: message.app }),
  };
  const fields = Object.assign(emptyFields(), message.fields);
  const facility = facilities[number >> 3];
  if (facility !== undefined) fields["facility"] = facility;
  fields["severity"] = severityName(number & 7) ?? "";
  collector.add(collector.stream(labels), labels, { ...message.moment, line: message.line, fields });
}

function read5424(rest: string, header: RegExpExecArray, now: Moment): Message {
  const [whole, time = "", host = "", app = "", pid = "", id = ""] = header;
  const fields = emptyFields();
  if (pid !== "-") fields["pid"] = pid;
  if (id !== "-") fields["msgid"] = id;
  const { end, found } = structuredData(rest, whole.length);
  Object.assign(fields, found);
  const own = momentOf(time);
  const line = rest
    .slice(end)
    .replace(/^ /, "")
    .replace(/^\uFEFF/, "");
  return {
    moment: Number.isNaN(own.timeMs) ? now : own,
    host: host === "-" ? "" : host,
    app: app === "-" ? "" : app,
    line,
    fields,
  };
}

const parameter = / ([^\s=\]"]{1,64})="((?:[^"\\\]]|\\.)*)"/y;

/** `[id name="value" …]…` or `-`; each value is a field `id.name`. What is none of both is part of the message. */
function structuredData(text: string, from: number): { readonly end: number; readonly found: Record<string, string> } {
  const found = Object.create(null) as Record<string, string>;
  if (text[from] === "-") return { end: from + 1, found };
  let at = from;
  while (text[at] === "[") {
    const name = /^\[([^\s=\]"]{1,64})/.exec(text.slice(at, at + 66))?.[1];
    if (name === undefined) break;
    let next = at + 1 + name.length;
    for (;;) {
      parameter.lastIndex = next;
      const pair = parameter.exec(text);
      if (pair === null) break;
      found[`${name}.${pair[1] ?? ""}`] = (pair[2] ?? "").replace(/\\(["\\\]])/g, "$1");
      next = parameter.lastIndex;
    }
    if (text[next] !== "]") break;
    at = next + 1;
  }
  return { end: at, found };
}

function read3164(text: string, now: Moment): Message {
  let rest = text;
  let moment = now;
  const iso = time3339.exec(rest);
  const old = iso === null ? time3164.exec(rest) : null;
  if (iso !== null) moment = momentOf(iso[1]);
  else if (old !== null) moment = momentOf3164(old, now);
  rest = rest.slice((iso ?? old)?.[0].length ?? 0);
  // Without a time there is no host either.
  const host = iso === null && old === null ? undefined : host3164.exec(rest);
  rest = rest.slice(host?.[0].length ?? 0);
  const tag = tag3164.exec(rest);
  const fields = emptyFields();
  if (tag?.[2] !== undefined && tag[2] !== "") fields["pid"] = tag[2];
  const line = rest.slice(tag?.[0].length ?? 0).replace(/^\uFEFF/, "");
  return { moment, host: host?.[1] ?? "", app: tag?.[1] ?? "", line, fields };
}

/** Of the zone of this server; without a year it is of the one that makes it the latest that is not in the future. */
function momentOf3164(found: RegExpExecArray, now: Moment): Moment {
  const [, name = "", day, before, hours, minutes, seconds, fraction = "", behind] = found;
  const month = months.indexOf(name);
  if (month === -1) return now;
  const micros = Number(fraction.padEnd(6, "0"));
  const inYear = (year: number): number =>
    new Date(
      year,
      month,
      Number(day),
      Number(hours),
      Number(minutes),
      Number(seconds),
      Math.floor(micros / 1_000),
    ).getTime();
  const said = before ?? behind;
  const year = said === undefined ? new Date(now.timeMs).getFullYear() : Number(said);
  const timeMs = inYear(year);
  const future = said === undefined && timeMs > now.timeMs + dayMs;
  return { timeMs: future ? inYear(year - 1) : timeMs, subNs: (micros % 1_000) * 1_000 };
}
