// Lines of the product itself about a run: that it began, each of its steps as it settled, what it logged, and how it ended.
import { decodeErrorValue, decodeValue, valueToJson } from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import { isStandIn } from "../../kernel/blob-ref.ts";
import type { LogLine, RunRecord } from "../../kernel/run-records.ts";
import type { FieldValue } from "../entry.ts";
import type { FoundEntry } from "../ingest/collector.ts";
import { emptyFields, flattenInto } from "../ingest/values.ts";

/** What has been told of a run. */
export interface RunPlace {
  /** Number of the last settlement. */
  readonly ord: number;
  /** Number of the last line it logged. */
  readonly line: number;
  readonly attempt: number;
  readonly stage: "created" | "started" | "ended";
}

export type OwnEntry = FoundEntry & { readonly labels: Readonly<Record<string, string>> };

type Fields = Record<string, FieldValue>;

const stages = ["created", "started", "ended"] as const;
const levels = { completed: "info", failed: "error", aborted: "warn", running: "debug" } as const;
/** How a line that a step wrote is named: `LIFE:step SEQ:ATTEMPT:N:NAME`. */
const stepKey = /^\d+:step (-?\d+):(\d+):\d+(?::(.*))?$/s;
/** Fields of our own, which data of a line does not stand in for. */
const ownNames: ReadonlySet<string> = new Set(["run", "step", "seq", "attempt", "level"]);

export function placeText({ ord, line, attempt, stage }: RunPlace): string {
  return JSON.stringify([ord, line, attempt, stages.indexOf(stage)]);
}

export function placeIn(text: string): RunPlace {
  const [ord, line, attempt, stage] = JSON.parse(text) as [number, number, number, number];
  return { ord, line, attempt, stage: stages[stage] ?? "created" };
}

/**
 * What is new about a run since `place`. Without one nothing of it was told, or that is longer ago than places are kept: then
 * whatever happened before `sinceMs` was told, or was before logs were used.
 */
export function runEntries(p: {
  readonly run: RunRecord;
  /** Settled after the place, in order. */
  readonly journal: readonly JournalEntry[];
  /** Logged after the place, in order. */
  readonly lines: readonly LogLine[];
  /** There is more to read of it: its end is told later. */
  readonly more: boolean;
  readonly place: RunPlace | undefined;
  readonly sinceMs: number;
  readonly nowMs: number;
}): { readonly entries: readonly OwnEntry[]; readonly place: RunPlace } {
  const { run, journal, lines, place } = p;
  const labels = { service: "sluice", workflow: run.workflow };
  const told: FoundEntry[] = [...beginning(p)];
  for (const entry of journal) if (entry.ord > (place?.ord ?? 0)) told.push(stepEntry(run, entry));
  for (const line of lines) told.push(lineEntry(run, line));
  const { endedAt } = run;
  const ended = endedAt !== undefined && !p.more;
  const again = run.attempt > (place?.attempt ?? run.attempt);
  if (ended && (place?.stage !== "ended" || again)) told.push(endEntry(run, endedAt));
  const fresh = place === undefined ? told.filter(({ timeMs }) => timeMs >= p.sinceMs) : told;
  return {
    entries: fresh.map((each) => ({ ...each, labels })),
    place: {
      ord: journal.reduce((last, { ord }) => Math.max(last, ord), place?.ord ?? 0),
      line: lines.reduce((last, { line }) => Math.max(last, line), place?.line ?? 0),
      attempt: run.attempt,
      stage: ended ? "ended" : run.startedAt === undefined ? "created" : "started",
    },
  };
}

function at(timeMs: number, line: string, fields: Fields): FoundEntry {
  return { timeMs, subNs: 0, line, fields };
}

function fieldsOf(values: Readonly<Record<string, FieldValue | undefined>>): Fields {
  const fields = emptyFields();
  for (const [name, value] of Object.entries(values)) if (value !== undefined) fields[name] = value;
  return fields;
}

function* beginning(p: {
  readonly run: RunRecord;
  readonly place: RunPlace | undefined;
  readonly nowMs: number;
}): Generator<FoundEntry> {
  const { run, place } = p;
  const about = { run: run.id, version: run.version };
  if (place === undefined) {
    const by = `${run.by.kind}:${run.by.id}`;
    const { schedule } = run;
    yield at(
      run.createdAt,
      "run created",
      fieldsOf({ ...about, level: "info", by, schedule, parent: run.parent?.run }),
    );
  } else if (run.attempt > place.attempt) {
    yield at(p.nowMs, "run retried", fieldsOf({ ...about, level: "info", attempt: run.attempt }));
  }
  if (run.startedAt !== undefined && (place === undefined || place.stage === "created")) {
    yield at(
      run.startedAt,
      "run started",
      fieldsOf({ ...about, level: "info", waitedMs: run.startedAt - run.createdAt }),
    );
  }
}

function stepEntry(run: RunRecord, entry: JournalEntry): FoundEntry {
  const { seq, kind, name, status, attempt, end } = entry;
  const what = name === "" ? kind : `${kind} ${name}`;
  const isStep = kind === "step" || kind === "undo";
  const level = status === "completed" && !isStep ? "debug" : levels[status];
  const call = isStep ? { step: name } : { call: name === "" ? undefined : name };
  const fields = { run: run.id, level, kind, ...call, seq, attempt, ms: Math.max(0, end - entry.at) };
  return at(end, `${what} ${status}`, fieldsOf({ ...fields, ...failureOf(run, entry.error) }));
}

function lineEntry(run: RunRecord, { level, message, data, at: timeMs, key }: LogLine): FoundEntry {
  const [, seq, attempt, step] = stepKey.exec(key ?? "") ?? [];
  const fields = emptyFields();
  if (data !== undefined && !isStandIn(data)) {
    const value = valueToJson(decodeValue(data));
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    for (const [name, each] of Object.entries(isObject ? value : { data: value })) {
      flattenInto(fields, ownNames.has(name) ? `data.${name}` : name, each);
    }
  }
  fields["level"] = level;
  fields["run"] = run.id;
  if (step !== undefined) fields["step"] = step;
  if (seq !== undefined) fields["seq"] = Number(seq);
  if (attempt !== undefined) fields["attempt"] = Number(attempt);
  // What an encrypted run says is kept with it alone.
  const line = run.payloadKey !== undefined && message === "" ? "(encrypted)" : message;
  return at(timeMs, line, fields);
}

function endEntry(run: RunRecord, endedAt: number): FoundEntry {
  const { status, reason } = run;
  const level = status === "completed" ? "info" : status === "cancelled" ? "warn" : "error";
  const ms = Math.max(0, endedAt - run.createdAt);
  const fields = { run: run.id, level, status, reason, attempt: run.attempt, ms };
  return at(endedAt, `run ${status}`, fieldsOf({ ...fields, ...failureOf(run, run.error) }));
}

/** Of a run that keeps its payloads encrypted nothing is told but what kind of error it was. */
function failureOf(run: RunRecord, bytes: Uint8Array | undefined): Readonly<Record<string, FieldValue | undefined>> {
  if (bytes === undefined || bytes.length === 0 || isStandIn(bytes)) return {};
  const { name, message, code } = decodeErrorValue(bytes);
  return { error: run.payloadKey === undefined ? message : undefined, errorName: name, errorCode: code };
}
