// The journal of systemd as it is uploaded: fields of an entry one a line, those of several lines or bytes with their length, and an
// empty line behind each entry. Format: systemd, "Journal Export Formats".
import type { FieldValue } from "../../entry.ts";
import type { Collector } from "../collector.ts";
import { RefusedRequest } from "../collector.ts";
import { severityName, takeLabels, taken } from "../objects.ts";
import { emptyFields, momentOfNanos } from "../values.ts";
import type { Moment } from "../values.ts";

/** An entry of a journal, by the names of its fields. */
export interface JournalEntry {
  /** Where it stands in its journal; empty where it does not say. */
  readonly cursor: string;
  readonly fields: Readonly<Record<string, string>>;
}

const newline = 0x0a;
const equals = 0x3d;
const utf8 = new TextDecoder();

/** Takes a journal apart as it comes, piece by piece. */
export class JournalReader {
  readonly #entryBytesMax: number;
  #rest: Uint8Array = new Uint8Array(0);
  #fields = emptyFields() as Record<string, string>;

  /** `entryBytesMax`: of what has come and is no whole entry yet. */
  constructor(entryBytesMax: number) {
    this.#entryBytesMax = entryBytesMax;
  }

  /** The entries that end in this piece. Throws a `RefusedRequest` for what is no journal. */
  push(piece: Uint8Array): JournalEntry[] {
    const bytes = this.#rest.length === 0 ? piece : Buffer.concat([this.#rest, piece]);
    const entries: JournalEntry[] = [];
    let at = 0;
    for (;;) {
      const end = bytes.indexOf(newline, at);
      if (end === -1) break;
      if (end === at) {
        const ended = this.#ended();
        if (ended !== undefined) entries.push(ended);
        at = end + 1;
        continue;
      }
      const next = this.#field(bytes, at, end);
      if (next === undefined) break;
      at = next;
    }
    this.#rest = new Uint8Array(bytes.subarray(at));
    if (this.#rest.length > this.#entryBytesMax) throw refused(`An entry is longer than ${this.#entryBytesMax} bytes`);
    return entries;
  }

  /** The entry that the end of the journal ends. Throws a `RefusedRequest` where it ends inside of a field. */
  end(): JournalEntry | undefined {
    if (this.#rest.length > 0) throw refused("The body ends inside of a field");
    return this.#ended();
  }

  /** Takes the field whose first line is this; answers where the next begins, undefined where it has not come whole. */
  #field(bytes: Uint8Array, at: number, end: number): number | undefined {
    const sign = bytes.subarray(at, end).indexOf(equals);
    if (sign !== -1) {
      this.#fields[utf8.decode(bytes.subarray(at, at + sign))] = utf8.decode(bytes.subarray(at + sign + 1, end));
      return end + 1;
    }
    if (end + 9 > bytes.length) return undefined;
    const length = Number(Buffer.from(bytes.buffer, bytes.byteOffset + end + 1, 8).readBigUInt64LE());
    if (length > this.#entryBytesMax) throw refused(`A field is longer than ${this.#entryBytesMax} bytes`);
    const valueAt = end + 9;
    if (valueAt + length + 1 > bytes.length) return undefined;
    if (bytes[valueAt + length] !== newline) throw refused("A field is not as long as it says");
    this.#fields[utf8.decode(bytes.subarray(at, end))] = utf8.decode(bytes.subarray(valueAt, valueAt + length));
    return valueAt + length + 1;
  }

  #ended(): JournalEntry | undefined {
    const fields = this.#fields;
    if (Object.keys(fields).length === 0) return undefined;
    this.#fields = emptyFields() as Record<string, string>;
    return { cursor: fields["__CURSOR"] ?? "", fields };
  }
}

function refused(what: string): RefusedRequest {
  return new RefusedRequest("invalid_input", `${what}: it is no journal.`);
}

const journalLabels: Readonly<Record<string, string>> = {
  _HOSTNAME: "host",
  _SYSTEMD_UNIT: "service",
  SYSLOG_IDENTIFIER: "service",
};
const times = ["_SOURCE_REALTIME_TIMESTAMP", "__REALTIME_TIMESTAMP"] as const;

/** Adds an entry; its times are microseconds. */
export function addJournalEntry(collector: Collector, entry: JournalEntry, now: Moment): void {
  const fields: Record<string, FieldValue> = Object.assign(emptyFields(), entry.fields);
  const micros = taken(fields, times);
  const line = String(taken(fields, ["MESSAGE"]) ?? "");
  const level = severityName(taken(fields, ["PRIORITY"]));
  if (level !== undefined) fields["level"] = level;
  for (const name of ["__CURSOR", "__MONOTONIC_TIMESTAMP", ...times]) Reflect.deleteProperty(fields, name);
  const labels = takeLabels(fields, journalLabels);
  const moment = micros === undefined ? now : momentOfNanos(`${micros}000`);
  collector.add(collector.stream(labels), labels, { ...moment, line, fields });
}
