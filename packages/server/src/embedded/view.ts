// Shows stored runs and journal entries to callers: decoded values, plain words, nothing of the engine's bookkeeping.
import type { RunRecord, Engine } from "@sluice/core";
import { isErased } from "@sluice/core";
import { decodeErrorValue, decodeValue, SluiceError, toWire, wireErrorOf } from "@sluice/protocol";
import type { JournalEntry, WireError } from "@sluice/protocol";
import type { Run, Step } from "@sluice/sdk";
import { payloadOf, showAttributes } from "../show.ts";

type Values = Engine["values"];

async function failure(values: Values, stored: Uint8Array | undefined): Promise<WireError | null> {
  if (stored === undefined) return null;
  const found = await values.find(stored);
  return found instanceof SluiceError ? toWire(found) : wireErrorOf(decodeErrorValue(found));
}

async function decoded(values: Values, stored: Uint8Array | undefined): Promise<unknown> {
  const found = stored === undefined ? undefined : await values.find(stored);
  return found === undefined || found instanceof SluiceError ? null : decodeValue(found);
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
    error: await failure(values, run.error ?? (isErased(run.input) ? run.input : undefined)),
    progress: await decoded(values, run.progress),
    createdAt: run.createdAt,
    startedAt: run.startedAt ?? null,
    endedAt: run.endedAt ?? null,
    tags: run.tags,
    priority: run.priority,
    idempotencyKey: run.key ?? null,
    parent: run.parent?.run ?? null,
    attempt: run.attempt,
    attributes: showAttributes(run),
    forkedFrom: run.forkedFrom ?? null,
    chain: run.chain ?? null,
    continuedFrom: run.continuedFrom ?? null,
    continuedTo: run.continuedTo ?? null,
    schedule: run.schedule ?? null,
    payload: payloadOf(run),
    hold: run.hold === undefined ? null : { by: run.hold.by, path: run.hold.path ?? null, key: run.hold.key ?? null },
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
    error: await failure(values, entry.error),
    startedAt: entry.at,
    endedAt: entry.end === 0 ? null : entry.end,
    dueAt: entry.due ?? null,
  };
}
