// A run as a file: what `sluice runs export` writes, `sluice runs import` reads, and tests replay as fixtures.
import { attributesMax, attributeTypes, attributeValue, isAttributeName } from "./attributes.ts";
import type { RunAttribute } from "./attributes.ts";
import { SluiceError } from "./errors.ts";
import type { JournalEntry } from "./journal-entry.ts";
import { streamPieceBytesMax } from "./run-data-ops.ts";
import { entryKinds, entryStatuses, finalRunStatuses, runStatuses, runStatusReasons } from "./statuses.ts";
import type { EntryKind, EntryStatus, RunStatus, RunStatusReason } from "./statuses.ts";
import { decodeValue, encodeValue } from "./value.ts";

export const runExportFormat = "sluice-run";
/** What is written. Version 1, which is read too, had neither search attributes nor chains nor streamed output. */
export const runExportVersion = 2;
const versionsRead: readonly unknown[] = [1, runExportVersion];

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

/** One piece of streamed output. */
export interface ExportedPiece {
  /** From 1; each is one above that before it. Those before the first were let go before the export. */
  readonly no: number;
  /** The step that streamed it; without it the workflow did. */
  readonly step?: { readonly seq: number; readonly name: string; readonly attempt: number };
  readonly index: number;
  readonly at: number;
  readonly value: ExportedValue;
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
  /** Search attributes. */
  readonly attributes?: readonly RunAttribute[];
  /** First of the runs that went on as one another. */
  readonly chain?: string;
  readonly continuedFrom?: string;
  readonly continuedTo?: string;
}

/** A whole run: what it was, its journal by `ord` with what is open last, what it logged, and what is kept of what it streamed. */
export interface RunExport {
  readonly format: typeof runExportFormat;
  readonly formatVersion: typeof runExportVersion;
  readonly run: ExportedRun;
  readonly journal: readonly ExportedEntry[];
  readonly logs: readonly ExportedLog[];
  readonly stream: readonly ExportedPiece[];
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

/**
 * Says that something is an exported run, and brings one of an earlier format up to this one. Throws `bad_request` with what is
 * wrong, and for a newer format.
 */
export function parseRunExport(given: unknown): RunExport {
  const it = given as (Omit<Partial<RunExport>, "formatVersion"> & { readonly formatVersion?: unknown }) | null;
  if (typeof it !== "object" || it === null || it.format !== runExportFormat) {
    throw refused("This is no exported run.", "Write one with `sluice runs export RUN`.");
  }
  if (!versionsRead.includes(it.formatVersion)) {
    const version = (JSON.stringify(it.formatVersion) ?? "none").slice(0, 64);
    throw refused(`The run was exported in format ${version}; this version reads ${versionsRead.join(" and ")}.`);
  }
  const first = it.formatVersion === 1;
  const known = first ? partsBefore : [...partsBefore, "stream"];
  const unknown = Object.keys(it).find((key) => !known.includes(key));
  if (unknown !== undefined) throw refused(`An exported run has no field ${JSON.stringify(unknown.slice(0, 64))}.`);
  const { run, journal, logs, stream = first ? [] : undefined } = it;
  if (!isRun(run, first ? runFieldsBefore : runFields))
    throw refused("The exported run has no id, workflow, status or input that can be read.");
  if (!isAttributes(run.attributes)) throw refused("The search attributes of the exported run cannot be read.");
  if (!isChained(run)) throw refused("The exported run names a chain that it cannot be part of.");
  if (!Array.isArray(journal)) throw refused("The exported run has no journal.");
  const wrong = journal.findIndex((entry) => !isEntry(entry));
  if (wrong >= 0) throw refused(`Entry ${wrong} of the exported journal cannot be read.`);
  if (!Array.isArray(logs) || !logs.every(isLog)) throw refused("The log lines of the exported run cannot be read.");
  if (!isStream(stream)) throw refused("The streamed output of the exported run cannot be read.");
  return { format: it.format, formatVersion: runExportVersion, run, journal, logs, stream };
}

function refused(message: string, hint?: string): SluiceError {
  return new SluiceError({ code: "bad_request", message, ...(hint === undefined ? {} : { hint }) });
}

/** As a start takes them. */
const idPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;
const tagsMax = 32;
const textCharsMax = 512;

const partsBefore = ["format", "formatVersion", "run", "journal", "logs"];
const runFieldsBefore = (
  "id workflow version status reason input output error progress createdAt startedAt endedAt tags priority key inputHash " +
  "parent schedule forkedFrom attempt generation cause"
).split(" ");
const runFields = [...runFieldsBefore, "attributes", "chain", "continuedFrom", "continuedTo"];
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

function isRun(value: unknown, fields: readonly string[]): value is ExportedRun {
  if (!isFields(value) || !hasOnly(value, fields)) return false;
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

/** Each once, and each value as it is stored: a time in milliseconds. */
function isAttributes(value: unknown): boolean {
  if (value === undefined) return true;
  if (!Array.isArray(value) || value.length > attributesMax) return false;
  const names = new Set(value.map((each: unknown) => (isFields(each) ? each["name"] : undefined)));
  return names.size === value.length && value.every(isAttribute);
}

function isAttribute(each: unknown): boolean {
  if (!isFields(each) || !hasOnly(each, ["name", "type", "value"])) return false;
  const type = attributeTypes.find((known) => known === each["type"]);
  const { name, value } = each;
  return isText(name) && isAttributeName(name) && type !== undefined && attributeValue(type, value) === value;
}

/** The first of a chain is the one it is named after; whoever goes on has completed, and nobody as itself. */
function isChained({ id, chain, continuedFrom, continuedTo, status }: ExportedRun): boolean {
  const ids: readonly unknown[] = [chain, continuedFrom, continuedTo];
  if (!ids.every((each) => orNone(each, (given) => isText(given) && idPattern.test(given)))) return false;
  if (chain === undefined) return continuedFrom === undefined && continuedTo === undefined;
  if (continuedFrom === undefined && continuedTo === undefined) return false;
  const wellBegun = (chain === id) === (continuedFrom === undefined);
  const wellEnded = continuedTo === undefined || (status === "completed" && continuedTo !== chain);
  return wellBegun && wellEnded && continuedTo !== id && continuedFrom !== id && continuedFrom !== continuedTo;
}

function isStream(value: unknown): value is readonly ExportedPiece[] {
  if (!Array.isArray(value)) return false;
  const first: unknown = isFields(value[0]) ? value[0]["no"] : 1;
  return isCount(first) && first > 0 && value.every((piece, at) => isPiece(piece, first + at));
}

function isPiece(value: unknown, no: number): boolean {
  if (!isFields(value) || !hasOnly(value, ["no", "step", "index", "at", "value"])) return false;
  const { step } = value;
  const fromStep = orNone(
    step,
    (each) =>
      isFields(each) &&
      hasOnly(each, ["seq", "name", "attempt"]) &&
      isText(each["name"]) &&
      isWhole(each["seq"]) &&
      isCount(each["attempt"]),
  );
  return value["no"] === no && fromStep && isCount(value["index"]) && isCount(value["at"]) && isValue(value["value"]);
}

/** The encoded bytes of a piece. Throws `bad_request` for one that is larger than any that is streamed. */
export function importPiece({ no, value }: ExportedPiece): Uint8Array {
  const bytes = importValue(value);
  if (bytes.length > streamPieceBytesMax) throw refused(`Piece ${no} of the streamed output is too large.`);
  return bytes;
}
