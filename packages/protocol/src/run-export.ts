// A run as a file: what `sluice runs export` writes, `sluice runs import` reads, and tests replay as fixtures.
import { SluiceError } from "./errors.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { entryKinds, entryStatuses, finalRunStatuses, runStatuses, runStatusReasons } from "./statuses.ts";
import type { EntryKind, EntryStatus, RunStatus, RunStatusReason } from "./statuses.ts";
import { decodeValue, encodeValue } from "./value.ts";

export const runExportFormat = "sluice-run";
export const runExportVersion = 1;

/**
 * A stored value: as JSON where JSON says all of it, so that people can read and compare it; else the bytes of its encoding
 * in base64 (RFC 4648).
 */
export type ExportedValue = { readonly json: unknown } | { readonly base64: string };

/** Times are milliseconds since 1970. What is absent was not there. */
export interface ExportedEntry {
  readonly seq: number;
  readonly kind: EntryKind;
  readonly name: string;
  readonly n: number;
  readonly status: EntryStatus;
  readonly ord: number;
  /** Where its result stands among the others, in place of `ord`: a retry had it done again. */
  readonly place?: number;
  readonly attempt: number;
  readonly value?: ExportedValue;
  readonly error?: ExportedValue;
  readonly at: number;
  readonly end: number;
  readonly due?: number;
  readonly undo?: boolean;
}

export interface ExportedLog {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly data?: ExportedValue;
  readonly at: number;
}

export interface ExportedRun {
  readonly id: string;
  readonly workflow: string;
  readonly version: string;
  readonly status: RunStatus;
  readonly reason?: RunStatusReason;
  readonly input: ExportedValue;
  readonly output?: ExportedValue;
  readonly error?: ExportedValue;
  readonly progress?: ExportedValue;
  readonly createdAt: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
  readonly tags: readonly string[];
  readonly priority: number;
  readonly key?: string;
  readonly inputHash?: string;
  /** The run that called or started it, and the place of that call. */
  readonly parent?: { readonly run: string; readonly seq: number };
  readonly schedule?: string;
  readonly forkedFrom?: string;
  readonly attempt: number;
  readonly generation: number;
  readonly cause?: number;
}

/** A whole run: what it was, its journal by `ord` with what is open last, and what it logged. */
export interface RunExport {
  readonly format: typeof runExportFormat;
  readonly formatVersion: typeof runExportVersion;
  readonly run: ExportedRun;
  readonly journal: readonly ExportedEntry[];
  readonly logs: readonly ExportedLog[];
}

/** Bytes of one piece of base64; a multiple of three, so that pieces can be joined. */
const pieceBytes = 24_576;

function toBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    pieces.push(btoa(String.fromCharCode(...bytes.subarray(at, at + pieceBytes))));
  }
  return pieces.join("");
}

function fromBase64(text: string): Uint8Array {
  const raw = atob(text);
  const bytes = new Uint8Array(raw.length);
  for (let at = 0; at < raw.length; at++) bytes[at] = raw.charCodeAt(at);
  return bytes;
}

/** Writes encoded bytes so that reading them gives the same bytes. */
export function exportValue(bytes: Uint8Array): ExportedValue {
  const json = decodeValue(bytes);
  if (isJson(json, new Set()) && same(encodeValue(JSON.parse(JSON.stringify(json))), bytes)) return { json };
  return { base64: toBase64(bytes) };
}

/** True for what JSON has words for: no special numbers, no holes, no classes, nothing that stands in two places. */
function isJson(value: unknown, seen: Set<object>): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  if (typeof value !== "object" || seen.has(value)) return false;
  seen.add(value);
  if (Array.isArray(value)) return value.every((item) => isJson(item, seen));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.values(value).every((item) => isJson(item, seen));
}

/** The encoded bytes of an exported value. Throws `value_bad_encoding` for what is none. */
export function importValue(value: ExportedValue): Uint8Array {
  if ("json" in value) return encodeValue(value.json);
  try {
    const bytes = fromBase64(value.base64);
    decodeValue(bytes);
    return bytes;
  } catch (cause) {
    throw new SluiceError({
      code: "value_bad_encoding",
      message: "An exported value cannot be read.",
      details: String(cause),
    });
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** An entry of a journal as it is exported; its values must be loaded. */
export function exportEntry({ value, error, due, undo, place, ...entry }: JournalEntry): ExportedEntry {
  return {
    ...entry,
    ...(place === undefined ? {} : { place }),
    ...(value === undefined ? {} : { value: exportValue(value) }),
    ...(error === undefined ? {} : { error: exportValue(error) }),
    ...(due === undefined ? {} : { due }),
    ...(undo === true ? { undo } : {}),
  };
}

/** The entry as it was in the journal. */
export function importEntry({ value, error, ...entry }: ExportedEntry): JournalEntry {
  return {
    ...entry,
    ...(value === undefined ? {} : { value: importValue(value) }),
    ...(error === undefined ? {} : { error: importValue(error) }),
  };
}

/** Says that something is an exported run. Throws `bad_request` with what is wrong, and for a newer format. */
export function parseRunExport(given: unknown): RunExport {
  const it = given as Partial<RunExport> | null;
  if (typeof it !== "object" || it === null || it.format !== runExportFormat) {
    throw refused("This is no exported run.", "Write one with `sluice runs export RUN`.");
  }
  if (it.formatVersion !== runExportVersion) {
    const version = (JSON.stringify(it.formatVersion) ?? "none").slice(0, 64);
    throw refused(`The run was exported in format ${version}; this version reads ${runExportVersion}.`);
  }
  const unknown = Object.keys(it).find((key) => !["format", "formatVersion", "run", "journal", "logs"].includes(key));
  if (unknown !== undefined) throw refused(`An exported run has no field ${JSON.stringify(unknown.slice(0, 64))}.`);
  const { run, journal, logs } = it;
  if (!isRun(run)) throw refused("The exported run has no id, workflow, status or input that can be read.");
  if (!Array.isArray(journal)) throw refused("The exported run has no journal.");
  const wrong = journal.findIndex((entry) => !isEntry(entry));
  if (wrong >= 0) throw refused(`Entry ${wrong} of the exported journal cannot be read.`);
  if (!Array.isArray(logs) || !logs.every(isLog)) throw refused("The log lines of the exported run cannot be read.");
  return { format: it.format, formatVersion: it.formatVersion, run, journal, logs };
}

function refused(message: string, hint?: string): SluiceError {
  return new SluiceError({ code: "bad_request", message, ...(hint === undefined ? {} : { hint }) });
}

/** As a start takes them. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;
const tagsMax = 32;
const textCharsMax = 512;

const runFields = (
  "id workflow version status reason input output error progress createdAt startedAt endedAt tags priority key inputHash " +
  "parent schedule forkedFrom attempt generation cause"
).split(" ");
const entryFields = "seq kind name n status ord place attempt value error at end due undo".split(" ");

type Fields = Readonly<Record<string, unknown>>;

const isText = (value: unknown): value is string => typeof value === "string";
const isWhole = (value: unknown): value is number => Number.isSafeInteger(value);
const isCount = (value: unknown): value is number => isWhole(value) && value >= 0;
/** A time that a `Date` can have (ECMA-262, section 21.4.1.1): of another no list could be shown. */
const isTime = (value: unknown): value is number => isCount(value) && value <= 8_640_000_000_000_000;
const isShort = (value: unknown): value is string => isText(value) && value.length > 0 && value.length <= textCharsMax;
const isOneOf = (value: unknown, set: readonly string[]): boolean => isText(value) && set.includes(value);
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;
const hasOnly = (value: Fields, known: readonly string[]): boolean =>
  Object.keys(value).every((key) => known.includes(key));
const orNone = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value);
const isValue = (value: unknown): boolean => isFields(value) && ("json" in value || isText(value["base64"]));

function isRun(value: unknown): value is ExportedRun {
  if (!isFields(value) || !hasOnly(value, runFields)) return false;
  const { id, workflow, version, status, reason, input, tags, createdAt, endedAt, priority, cause } = value;
  const named = isText(id) && idPattern.test(id) && isText(workflow) && namePattern.test(workflow) && isShort(version);
  const tagged = Array.isArray(tags) && tags.length <= tagsMax && tags.every(isShort);
  const known = isOneOf(status, runStatuses) && orNone(reason, (each) => isOneOf(each, runStatusReasons));
  const numbers = isWhole(priority) && ["attempt", "generation"].every((name) => isCount(value[name]));
  const times =
    isTime(createdAt) && orNone(value["startedAt"], isTime) && orNone(endedAt, isTime) && orNone(cause, isWhole);
  const names = ["key", "inputHash", "schedule", "forkedFrom"].every((name) => orNone(value[name], isShort));
  const ended = !isOneOf(status, finalRunStatuses) || (isTime(endedAt) && endedAt >= Number(createdAt));
  const values = ["output", "error", "progress"].every((name) => orNone(value[name], isValue));
  const parent = orNone(value["parent"], (each) => isFields(each) && isShort(each["run"]) && isCount(each["seq"]));
  return named && tagged && known && numbers && times && names && parent && ended && values && isValue(input);
}

function isEntry(value: unknown): value is ExportedEntry {
  if (!isFields(value) || !hasOnly(value, entryFields)) return false;
  const { kind, name, status, due, undo } = value;
  const known = isOneOf(kind, entryKinds) && isOneOf(status, entryStatuses) && isText(name);
  const numbers = isWhole(value["seq"]) && ["n", "ord", "attempt"].every((field) => isCount(value[field]));
  const times = isTime(value["at"]) && isTime(value["end"]) && orNone(due, isTime);
  const values = ["value", "error"].every((field) => orNone(value[field], isValue));
  const placed = orNone(value["place"], isCount);
  const undone = orNone(undo, (each) => typeof each === "boolean");
  return known && numbers && times && placed && values && undone;
}

function isLog(value: unknown): value is ExportedLog {
  if (!isFields(value) || !hasOnly(value, ["level", "message", "data", "at"])) return false;
  const { level, message, data, at } = value;
  return isOneOf(level, ["debug", "info", "warn", "error"]) && isText(message) && isTime(at) && orNone(data, isValue);
}
