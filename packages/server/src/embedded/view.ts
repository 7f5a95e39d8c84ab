// Shows stored runs and journal entries to callers: decoded values, plain words, nothing of the engine's bookkeeping.
import type { RunRecord, Engine } from "@sluice/core";
import { decodeErrorValue, decodeValue, errorCodes } from "@sluice/protocol";
import type { ErrorCode, JournalEntry, WireError } from "@sluice/protocol";
import type { Run, Step } from "@sluice/sdk";

type Values = Engine["values"];

/** An entry or run error in the shape errors have everywhere. */
function wireErrorOf(bytes: Uint8Array): WireError {
  const { code, message, hint, details, name } = decodeErrorValue(bytes);
  const known = code !== undefined && code in errorCodes ? (code as ErrorCode) : "step_failed";
  const extra = known === code || code === undefined ? {} : { code };
  return {
    code: known,
    message,
    ...(hint === undefined ? {} : { hint }),
    details: { name, ...extra, ...(details === undefined ? {} : { details }) },
  };
}

async function decoded(values: Values, stored: Uint8Array | undefined): Promise<unknown> {
  return stored === undefined ? null : decodeValue(await values.load(stored));
}

/** A run with its values decoded. */
export async function showRun(values: Values, run: RunRecord): Promise<Run> {
  return {
    id: run.id,
    workflow: run.workflow,
    version: run.version,
    status: run.status,
    statusReason: run.reason ?? null,
    input: await decoded(values, run.input),
    output: await decoded(values, run.output),
    error: run.error === undefined ? null : wireErrorOf(await values.load(run.error)),
    progress: await decoded(values, run.progress),
    createdAt: run.createdAt,
    startedAt: run.startedAt ?? null,
    endedAt: run.endedAt ?? null,
    tags: run.tags,
    priority: run.priority,
    idempotencyKey: run.key ?? null,
    parent: run.parent?.run ?? null,
    attempt: run.attempt,
    forkedFrom: run.forkedFrom ?? null,
    schedule: run.schedule ?? null,
  };
}

/** A journal entry with its values decoded. */
export async function showStep(values: Values, entry: JournalEntry): Promise<Step> {
  return {
    seq: entry.seq,
    kind: entry.kind,
    name: entry.name,
    status: entry.status,
    attempt: entry.attempt,
    output: await decoded(values, entry.value),
    error: entry.error === undefined ? null : wireErrorOf(await values.load(entry.error)),
    startedAt: entry.at,
    endedAt: entry.end === 0 ? null : entry.end,
    dueAt: entry.due ?? null,
  };
}
