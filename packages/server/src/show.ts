// How the engine's records look to clients. Values go out as JSON, or untouched to those who speak the value format.
import {
  decodeErrorValue,
  decodeValue,
  encodeError,
  encodeValue,
  SluiceError,
  valueToJson,
  wireErrorOf,
} from "@sluice/protocol";
import type { JournalEntry } from "@sluice/protocol";
import { isErased, termsOf } from "@sluice/core";
import type { Engine, RunRecord, TokenRecord } from "@sluice/core";
import type { Wire } from "./wire.ts";

/** A stored value for a client: null where there is none. */
export async function showValue(engine: Engine, wire: Wire, stored: Uint8Array | undefined): Promise<unknown> {
  if (stored === undefined) return null;
  const bytes = engine.values.isRef(stored) ? await engine.values.find(stored) : stored;
  return showBytes(wire, bytes instanceof SluiceError ? nothing : bytes);
}

/** What is shown of a value that was erased. */
const nothing = encodeValue(null);

/** A value that has been loaded. */
export function showBytes(wire: Wire, bytes: Uint8Array): unknown {
  return wire === "value" ? bytes : valueToJson(decodeValue(bytes));
}

export async function showError(engine: Engine, wire: Wire, stored: Uint8Array | undefined): Promise<unknown> {
  if (stored === undefined) return null;
  const found = engine.values.isRef(stored) ? await engine.values.find(stored) : stored;
  const bytes = found instanceof SluiceError ? encodeError(found) : found;
  return wire === "value" ? bytes : errorJson(bytes);
}

/** A recorded error as JSON. */
function errorJson(bytes: Uint8Array): unknown {
  const { details, ...error } = wireErrorOf(decodeErrorValue(bytes));
  return { ...error, details: valueToJson(details) };
}

/** Search attributes by name. */
export function showAttributes({ attributes = [] }: RunRecord): Record<string, string | number | boolean> {
  return Object.fromEntries(attributes.map(({ name, value }) => [name, value]));
}

function runFields(run: RunRecord): Record<string, unknown> {
  return {
    id: run.id,
    workflow: run.workflow,
    version: run.version,
    status: run.status,
    statusReason: run.reason ?? null,
    createdAt: run.createdAt,
    dueAt: run.dueAt > run.createdAt ? run.dueAt : null,
    startedAt: run.startedAt ?? null,
    endedAt: run.endedAt ?? null,
    timeoutAt: run.timeoutAt ?? null,
    tags: run.tags,
    priority: run.priority,
    idempotencyKey: run.key ?? null,
    parent: run.parent?.run ?? null,
    parentStep: run.parent?.seq ?? null,
    attempt: run.attempt,
    crashes: run.crashes,
    attributes: showAttributes(run),
    attributeTypes: Object.fromEntries((run.attributes ?? []).map(({ name, type }) => [name, type])),
    forkedFrom: run.forkedFrom ?? null,
    chain: run.chain ?? null,
    continuedFrom: run.continuedFrom ?? null,
    continuedTo: run.continuedTo ?? null,
    schedule: run.schedule ?? null,
    payload: payloadOf(run),
    hold: showHold(run.hold),
    by: `${run.by.kind}:${run.by.id}`,
  };
}

/** How the values of a run are kept. */
export function payloadOf({ payloadKey, input }: RunRecord): "plain" | "encrypted" | "erased" {
  if (payloadKey === undefined) return "plain";
  return isErased(input) ? "erased" : "encrypted";
}

function showHold(hold: RunRecord["hold"]): unknown {
  return hold === undefined ? null : { by: hold.by, path: hold.path ?? null, key: hold.key ?? null };
}

/** A run with its values. */
export function showRun(engine: Engine, wire: Wire, run: RunRecord): unknown {
  const { values } = engine;
  const { input, output, error, progress } = run;
  if (values.isRef(input) || values.isRef(output) || values.isRef(error) || values.isRef(progress)) {
    return showLargeRun(engine, wire, run);
  }
  const fields = runFields(run);
  fields["input"] = showBytes(wire, input);
  fields["output"] = output === undefined ? null : showBytes(wire, output);
  fields["error"] = error === undefined ? null : wire === "value" ? error : errorJson(error);
  fields["progress"] = progress === undefined ? null : showBytes(wire, progress);
  return fields;
}

async function showLargeRun(engine: Engine, wire: Wire, run: RunRecord): Promise<unknown> {
  return {
    ...runFields(run),
    input: await showValue(engine, wire, run.input),
    output: await showValue(engine, wire, run.output),
    // Of a run whose values are gone the error says so, however it ended.
    error: await showError(engine, wire, run.error ?? (isErased(run.input) ? run.input : undefined)),
    progress: await showValue(engine, wire, run.progress),
  };
}

/** A run in a list: values that are kept as blobs are left out and named in `omitted`. */
export function showListedRun(engine: Engine, wire: Wire, run: RunRecord): unknown {
  const omitted = (["input", "output", "error", "progress"] as const).filter((key) => engine.values.isRef(run[key]));
  if (omitted.length === 0) return showRun(engine, wire, run);
  const { input, output, error, progress, ...rest } = run;
  const small = {
    ...rest,
    input: omitted.includes("input") ? omittedValue : input,
    ...(output === undefined || omitted.includes("output") ? {} : { output }),
    ...(error === undefined || omitted.includes("error") ? {} : { error }),
    ...(progress === undefined || omitted.includes("progress") ? {} : { progress }),
  };
  return { ...(showRun(engine, wire, small) as object), omitted };
}

/** A journal entry, with its value and error loaded. */
export function showStep(wire: Wire, entry: JournalEntry): unknown {
  const { value, error } = entry;
  return {
    seq: entry.seq,
    kind: entry.kind,
    name: entry.name,
    occurrence: entry.n,
    status: entry.status,
    attempt: entry.attempt,
    output: value === undefined ? null : showBytes(wire, value),
    error: error === undefined ? null : wire === "value" ? error : errorJson(error),
    startedAt: entry.at,
    endedAt: entry.end === 0 ? null : entry.end,
    dueAt: entry.due ?? null,
    order: entry.ord === 0 ? null : entry.ord,
  };
}

/** What stands for a value that is too large for a list. */
export const omittedValue = new Uint8Array([0xc0]);

export async function showApproval(engine: Engine, wire: Wire, token: TokenRecord): Promise<Record<string, unknown>> {
  const terms = termsOf(token);
  return {
    token: token.token,
    run: token.run,
    workflow: token.workflow,
    name: token.name,
    description: token.description ?? null,
    data: await showValue(engine, wire, token.data),
    status: token.status,
    createdAt: token.createdAt,
    expiresAt: token.expiresAt ?? null,
    approver: terms?.approver ?? null,
    need: terms?.need ?? 1,
    of: terms?.of ?? 1,
    group: terms?.group ?? null,
    form: terms?.form ?? null,
    problem: terms?.problem ?? null,
    delegable: terms?.delegable === true,
    delegatedBy: terms?.delegatedBy ?? null,
    escalated: terms?.escalated === true,
  };
}
