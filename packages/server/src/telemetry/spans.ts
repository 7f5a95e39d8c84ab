// The spans of a run that has ended, made from its journal: nothing is measured while it goes on, and a crash in between loses none.
import { decodeErrorValue, parseTraceparent, spanIdOf, traceIdOf } from "@sluice/protocol";
import type { EntryKind, JournalEntry, TraceSpan } from "@sluice/protocol";
import type { Attempt, RunRecord } from "@sluice/core";

/** Times are milliseconds since 1970. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string | undefined;
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** Of what failed; the message is absent where it may not leave. */
  readonly error?: { readonly type: string; readonly message?: string | undefined } | undefined;
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[] | undefined;
}

/** Entries that take time of their own; the others are the engine's own notes. */
const shownKinds: ReadonlySet<EntryKind> = new Set([
  "step",
  "task",
  "undo",
  "sleep",
  "event",
  "approval",
  "callback",
  "call",
  "start",
  "lock",
]);

export interface RunToShow {
  readonly run: RunRecord;
  readonly journal: readonly JournalEntry[];
  readonly attempts: readonly Attempt[];
  /** The span that began it. */
  readonly began: TraceSpan | undefined;
  readonly spansMax: number;
}

/** The run, its entries, and the attempts of its steps. */
export function spansOf(p: RunToShow): readonly Span[] {
  const { run, began } = p;
  const traceId = began?.traceId ?? traceIdOf(run.id);
  const shown = p.journal.filter(({ kind, status }) => shownKinds.has(kind) && status !== "aborted");
  const entries = shown.flatMap((entry) => entrySpans(entry, { ...p, traceId }));
  const spans = entries.slice(0, Math.max(0, p.spansMax - 1));
  return [rootSpan(p, { traceId, left: entries.length - spans.length }), ...spans];
}

function rootSpan(
  { run, began }: RunToShow,
  { traceId, left }: { readonly traceId: string; readonly left: number },
): Span {
  const failed = run.status !== "completed";
  return {
    traceId,
    spanId: spanIdOf(run.id),
    ...(began === undefined ? {} : { parentSpanId: began.spanId }),
    name: run.workflow,
    start: run.createdAt,
    end: run.endedAt ?? run.createdAt,
    attributes: {
      "sluice.run.id": run.id,
      "sluice.workflow": run.workflow,
      "sluice.workflow.version": run.version,
      "sluice.run.status": run.status,
      "sluice.run.attempt": run.attempt,
      "sluice.run.queued_ms": Math.max(0, (run.startedAt ?? run.createdAt) - run.createdAt),
      ...(run.reason === undefined ? {} : { "sluice.run.status_reason": run.reason }),
      ...(run.parent === undefined ? {} : { "sluice.run.parent": run.parent.run }),
      ...(left > 0 ? { "sluice.spans_left_out": left } : {}),
    },
    ...(failed ? { error: errorOf(run, run.error) ?? { type: run.status } } : {}),
    ...(run.forkedFrom === undefined
      ? {}
      : { links: [{ traceId: traceIdOf(run.forkedFrom), spanId: spanIdOf(run.forkedFrom) }] }),
  };
}

type Making = RunToShow & { readonly traceId: string };

/** A step that was made once is one span; one that was made again has a span of its own, and one for each attempt. */
function entrySpans(entry: JournalEntry, p: Making): readonly Span[] {
  const { run, traceId } = p;
  const own = entrySpan(entry, p);
  if (entry.kind !== "step" && entry.kind !== "task" && entry.kind !== "undo") return [own];
  const earlier = p.attempts.filter(({ seq, attempt }) => seq === entry.seq && attempt < entry.attempt);
  const last = (start: number, parentSpanId: string): Span => ({
    ...own,
    spanId: spanIdOf(run.id, entry.seq, entry.attempt),
    parentSpanId,
    start,
    attributes: { ...own.attributes, "sluice.step.attempt": entry.attempt },
  });
  if (earlier.length === 0) return [last(own.start, own.parentSpanId ?? spanIdOf(run.id))];
  const before = earlier.map(({ attempt, at, end, error }): Span => ({
    traceId,
    spanId: spanIdOf(run.id, entry.seq, attempt),
    parentSpanId: own.spanId,
    name: own.name,
    start: at,
    end,
    attributes: { ...own.attributes, "sluice.step.attempt": attempt },
    error: errorOf(run, error),
  }));
  return [own, ...before, last(Math.min(own.end, earlier.at(-1)?.end ?? own.start), own.spanId)];
}

function entrySpan(entry: JournalEntry, { run, traceId }: Making): Span {
  const { seq, kind, name, n, at, end, error } = entry;
  return {
    traceId,
    spanId: spanIdOf(run.id, seq),
    parentSpanId: spanIdOf(run.id),
    name: kind === "step" ? name : `${kind} ${name}`,
    start: at,
    end: Math.max(at, end === 0 ? (run.endedAt ?? at) : end),
    attributes: {
      "sluice.run.id": run.id,
      "sluice.step.kind": kind,
      "sluice.step.seq": seq,
      "sluice.step.occurrence": n,
    },
    ...(entry.status === "failed" ? { error: errorOf(run, error) ?? { type: "Error" } } : {}),
  };
}

/** Of a run that keeps its payloads encrypted nothing is told but that it failed. */
function errorOf(run: RunRecord, error: Uint8Array | undefined): Span["error"] {
  // What begins so stands for an error that is kept elsewhere, or encrypted.
  if (error === undefined || error.length === 0 || error[0] === 0xc1) return { type: "Error" };
  const { name, message } = decodeErrorValue(error);
  return run.payloadKey === undefined ? { type: name, message } : { type: name };
}

/** The span that a run was begun in, as its row says. */
export function beganIn({ trace, parent }: RunRecord): TraceSpan | undefined {
  const told = parseTraceparent(trace);
  if (told !== undefined || parent === undefined) return told;
  return { traceId: "", spanId: spanIdOf(parent.run, parent.seq), sampled: true };
}
