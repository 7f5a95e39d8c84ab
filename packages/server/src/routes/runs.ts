// Runs: starting, reading and everything an operator does to one.
import { bulkActions, unwrap } from "@sluice/core";
import type { Attempt, BulkAction, JournalCursor, LogLine, Result, RunRecord } from "@sluice/core";
import { intersectPatterns } from "@sluice/core/identity";
import { SluiceError, formatTraceparent, parseTraceparent } from "@sluice/protocol";
import type { JoinReason, Permission } from "@sluice/protocol";
import { valueField } from "../body.ts";
import type { Call } from "../call.ts";
import {
  fieldsOf,
  optionalBooleanOf,
  optionalDurationOf,
  optionalIntegerOf,
  optionalOneOf,
  optionalTextOf,
  optionalTextsOf,
  quoted,
  refuse,
} from "../fields.ts";
import type { Body } from "../fields.ts";
import { tokensFor } from "../journal-tokens.ts";
import { takeWhileSmall } from "../pages.ts";
import type { Query } from "../query.ts";
import { omittedValue, showListedRun, showRun } from "../show.ts";
import { detailOf, showRunInDetail, showStepInDetail } from "../show-detail.ts";
import { done, reply } from "../wire.ts";
import { attributesOf, filterOf, filterOfBody } from "./run-filter.ts";
import { workflowNotFound } from "./workflows.ts";

const nameCharsMax = 512;
const reasonCharsMax = 4_096;
/** The engine's own limits, so that a refusal names the field. */
const tagsMax = { items: 32, chars: 128 };
const startFields = ["input", "id", "idempotencyKey", "delay", "priority", "tags", "attributes"];

export function runNotFound(run: string): SluiceError {
  return new SluiceError({
    code: "run_not_found",
    message: `There is no run ${quoted(run)}.`,
    hint: "GET /api/v1/runs lists those that are there.",
  });
}

function sessionEnded(): SluiceError {
  return new SluiceError({ code: "session_ended", message: "You are no longer signed in.", hint: "Sign in again." });
}

/** How long the client wants to wait for the end; undefined when it does not. */
function waitOf(call: Call): number | undefined {
  if (!call.hasQuery) return undefined;
  const query = call.query();
  const waitMs = query.duration("wait", call.parts.limits.waitMsMax);
  query.done();
  return waitMs;
}

/** 201 for a new run, 200 for the one that was there, 202 for one that has not ended within the wait. */
export async function startRun(call: Call): Promise<Response> {
  const { engine, request } = call;
  const workflow = call.param(0);
  call.requireOn("run:start", workflow, { seenBy: "workflow:read", missing: () => workflowNotFound(workflow) });
  const waitMs = waitOf(call);
  const body = await call.body();
  const fields = fieldsOf(body.content, startFields);
  const header = request.headers.get("idempotency-key");
  const key = optionalTextOf(fields, "idempotencyKey", nameCharsMax) ?? header ?? undefined;
  const priority = optionalIntegerOf(fields, "priority");
  requirePriority(call, workflow, priority);
  const started = await engine.startRun({
    by: call.actor,
    workflow,
    input: valueField(body, "input"),
    id: optionalTextOf(fields, "id", nameCharsMax),
    key,
    priority,
    delayMs: optionalDurationOf(fields, "delay"),
    tags: optionalTextsOf(fields, "tags", tagsMax),
    attributes: attributesOf(fields["attributes"]),
    trace: traceOf(request),
  });
  // Its hint names what is deployed: of that, some may see a part only.
  const unknown = !started.ok && started.error.code === "workflow_not_found";
  if (unknown && call.patterns("workflow:read") !== undefined) throw workflowNotFound(workflow);
  const { run, created, joined } = unwrap(started);
  if (waitMs === undefined) return answerRun(call, created ? 201 : 200, { run, created, joined });
  const ended = await endWithin(call, run.id, { waitMs, permission: "run:start" });
  return answerRun(call, ended === undefined ? 202 : created ? 201 : 200, {
    run: ended ?? (await current(call, run.id, "run:start")),
    created,
    joined,
  });
}

/** Whoever may start some workflows only does not go before the runs of others: that is for their code to say. */
function requirePriority(call: Call, workflow: string, priority: number | undefined): void {
  if (priority === undefined || call.patterns("run:start") === undefined) return;
  const own = call.engine.deployments.workflow(workflow)?.manifest.flow?.priority ?? 0;
  if (priority <= own) return;
  refuse(
    "forbidden",
    `You may start runs of some workflows only, and so give those of ${workflow} no priority above ${own}, which is theirs.`,
    "Leave priority out, or use a token that may start runs of every workflow.",
  );
}

/** The span that a request is part of; a header that is none is ignored, as the standard wants it. */
function traceOf({ headers }: Request): string | undefined {
  const span = parseTraceparent(headers.get("traceparent"));
  return span === undefined ? undefined : formatTraceparent(span);
}

/** Whoever may act on a run but not read it learns what became of it, without what it brought about. */
export async function answerRun(
  call: Call,
  status: number,
  body: { readonly run: RunRecord; readonly created?: boolean; readonly joined?: JoinReason | undefined },
): Promise<Response> {
  const { wire } = call;
  const mayRead = call.may("run:read", body.run.workflow);
  const known = mayRead ? body.run : withoutResults(body.run);
  // The run that a start became part of was given what others sent.
  const own = mayRead || body.joined === undefined ? known : { ...known, input: omittedValue };
  const shown = showRun(call.engine, wire, own);
  const run = shown instanceof Promise ? ((await shown) as unknown) : shown;
  const { created, joined } = body;
  if (created === undefined) return reply(wire, status, { run });
  return reply(wire, status, joined === undefined ? { run, created } : { run, created, joined });
}

function withoutResults({ output: _output, error: _error, progress: _progress, ...run }: RunRecord): RunRecord {
  return run;
}

/** A run that is allowed for this. Throws `run_not_found` for every other. */
async function current(call: Call, run: string, permission: Permission = "run:read"): Promise<RunRecord> {
  const record = await call.engine.store.getRun({ run, access: call.access(permission) });
  if (record === undefined) throw runNotFound(run);
  return record;
}

/** Throws unless this may be done to this run: `run_not_found` where it may not be seen either. */
async function requireOnRun(call: Call, permission: Permission, run: string): Promise<void> {
  if (call.patterns(permission) === undefined) return;
  const record = await call.engine.store.getRun({ run });
  if (record === undefined) throw runNotFound(run);
  call.requireOn(permission, record.workflow, { seenBy: "run:read", missing: () => runNotFound(run) });
}

/** The run once it has ended, or undefined when the time is up or the client has gone or is no longer let in. */
async function endWithin(
  call: Call,
  run: string,
  { waitMs, permission }: { readonly waitMs: number; readonly permission: Permission },
): Promise<RunRecord | undefined> {
  const { clock, closing } = call.parts;
  call.mayIdle(waitMs);
  const stop = new AbortController();
  const giveUp = (): void => stop.abort();
  const cancel = clock.after(waitMs, giveUp);
  let over = false;
  const unlisten = call.onEnded(() => {
    over = true;
    giveUp();
  });
  for (const signal of [call.request.signal, closing]) signal.addEventListener("abort", giveUp, { once: true });
  try {
    unwrap(await call.engine.ended(run, stop.signal));
    return await current(call, run, permission);
  } catch (error) {
    if (over) throw sessionEnded();
    if (stop.signal.aborted) return undefined;
    throw error;
  } finally {
    cancel();
    unlisten();
    for (const signal of [call.request.signal, closing]) signal.removeEventListener("abort", giveUp);
  }
}

export async function getRun(call: Call): Promise<Response> {
  const run = call.param(0);
  if (!call.hasQuery) return answerRun(call, 200, { run: await current(call, run) });
  const query = call.query();
  const waitMs = query.duration("wait", call.parts.limits.waitMsMax);
  const detail = detailOf(query);
  query.done();
  // What may not be seen is not waited for either: how long it takes would tell.
  let record = await current(call, run);
  if (waitMs !== undefined) {
    record = (await endWithin(call, run, { waitMs, permission: "run:read" })) ?? (await current(call, run));
  }
  const { engine, wire } = call;
  return reply(wire, 200, { run: await showRunInDetail({ engine, wire, detail }, record) });
}

/** The size of a page that a client may ask for. */
export function limitOf(call: Call, query: Query): number {
  const { pageDefault, pageMax } = call.parts.limits;
  return query.integer("limit", { min: 1, max: pageMax }) ?? pageDefault;
}

export async function listRuns(call: Call): Promise<Response> {
  const query = call.query();
  const filter = filterOf(call, query);
  const limit = limitOf(call, query);
  const cursor = query.text("cursor");
  query.done();
  const { wire, engine } = call;
  const page = await engine.store.listRuns({ filter, limit, cursor, access: call.access("run:read") });
  return reply(wire, 200, {
    runs: page.runs.map((run) => showListedRun(engine, wire, run)),
    nextCursor: page.next ?? null,
  });
}

function stepCursorOf(text: string | undefined): JournalCursor | undefined {
  if (text === undefined) return undefined;
  const parts = /^([so])(-?\d{1,16})$/.exec(text);
  if (parts === null)
    refuse("invalid_filter", "The cursor is not one of this list.", "Pass nextCursor of the page before.");
  return { after: Number(parts[2]), open: parts[1] === "o" };
}

/** A page ends at its number of entries, or once their values are large. */
export async function listSteps(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const from = stepCursorOf(query.text("cursor"));
  const detail = detailOf(query);
  query.done();
  const run = call.param(0);
  const { engine, wire, parts } = call;
  const { workflow } = await current(call, run);
  const mayShow = tokensFor(call, workflow);
  const steps: unknown[] = [];
  let attempts: readonly Attempt[] | undefined;
  let bytes = 0;
  let cursor: JournalCursor | undefined = from;
  let more = true;
  while (more && steps.length < limit && bytes < parts.limits.pageBytesMax) {
    const piece = await engine.store.readJournal({ run, from: cursor, bytesMax: parts.limits.pageBytesMax });
    more = false;
    for (const stored of piece.entries) {
      more = steps.length >= limit || bytes >= parts.limits.pageBytesMax;
      if (more) break;
      const entry = (await mayShow(stored)) ? stored : { ...stored, value: undefined };
      if (entry.attempt > 1) attempts ??= await parts.store.figures.listAttempts({ run });
      const shown = await showStepInDetail({ engine, wire, detail }, entry, attempts ?? []);
      bytes += shown.bytes;
      steps.push(shown.step);
      cursor = entry.ord > 0 ? { after: entry.ord, open: false } : { after: entry.seq, open: true };
    }
    if (!more && piece.next !== undefined) {
      more = true;
      cursor = piece.next;
    }
  }
  const nextCursor = more && cursor !== undefined ? `${cursor.open ? "o" : "s"}${cursor.after}` : null;
  return reply(wire, 200, { steps, nextCursor });
}

export async function listLogs(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const after = query.integer("after", { min: 0, max: Number.MAX_SAFE_INTEGER }) ?? 0;
  query.done();
  const run = call.param(0);
  const { engine, wire } = call;
  await current(call, run);
  const stored = await engine.store.listLogs({ run, after, limit });
  const lines: LogLine[] = [];
  for (const line of stored) lines.push(await engine.values.loadLine(line));
  const page = await takeWhileSmall(call, lines, (line) => line.data);
  const logs = page.map(([{ line, level, message, at }, data]) => ({ line, level, message, data, at }));
  const more = logs.length === limit || logs.length < lines.length;
  return reply(wire, 200, { logs, next: more ? (logs.at(-1)?.line ?? null) : null });
}

async function changed(call: Call, result: Result<RunRecord>): Promise<Response> {
  return answerRun(call, 200, { run: unwrap(result) });
}

async function readFields(call: Call, allowed: readonly string[]): Promise<Body> {
  call.query().done();
  return fieldsOf((await call.body()).content, allowed);
}

export async function cancelRun(call: Call): Promise<Response> {
  await requireOnRun(call, "run:cancel", call.param(0));
  const body = await readFields(call, ["reason"]);
  const reason = optionalTextOf(body, "reason", reasonCharsMax);
  return changed(call, await call.engine.operations.cancel({ by: call.actor, run: call.param(0), reason }));
}

export async function pauseRun(call: Call): Promise<Response> {
  await requireOnRun(call, "run:pause", call.param(0));
  await readFields(call, []);
  return changed(call, await call.engine.operations.pause(call.actor, call.param(0)));
}

export async function resumeRun(call: Call): Promise<Response> {
  await requireOnRun(call, "run:pause", call.param(0));
  await readFields(call, []);
  return changed(call, await call.engine.operations.resume(call.actor, call.param(0)));
}

export async function retryRun(call: Call): Promise<Response> {
  await requireOnRun(call, "run:retry", call.param(0));
  const body = await readFields(call, ["code", "takenBack"]);
  const code = optionalOneOf(body, "code", ["current", "pinned"] as const);
  const takenBack = optionalBooleanOf(body, "takenBack");
  return changed(call, await call.engine.operations.retry(call.actor, call.param(0), { code, takenBack }));
}

export async function forkRun(call: Call): Promise<Response> {
  await requireOnRun(call, "run:fork", call.param(0));
  call.query().done();
  const body = await call.body();
  const fields = fieldsOf(body.content, ["from", "input", "trustImported"]);
  const { from, input } = fields;
  const right =
    from === undefined ||
    from === null ||
    Number.isSafeInteger(from) ||
    (typeof from === "string" && from.length <= nameCharsMax);
  if (!right) refuse("bad_request", `from is ${quoted(from)}.`, "Send the number of a step, or its name.");
  const trustImported = optionalBooleanOf(fields, "trustImported");
  if (trustImported === true) await requireOnRun(call, "run:trust", call.param(0));
  const run = await call.engine.operations.fork({
    by: call.actor,
    run: call.param(0),
    from: (from ?? undefined) as string | number | undefined,
    input: input === undefined ? undefined : valueField(body, "input"),
    trustImported,
  });
  return answerRun(call, 201, { run: unwrap(run) });
}

export async function deleteRun(call: Call): Promise<Response> {
  await requireOnRun(call, "run:delete", call.param(0));
  call.query().done();
  unwrap(await call.engine.operations.delete(call.actor, call.param(0)));
  return done();
}

const permissionOf: Readonly<Record<BulkAction, Permission>> = {
  cancel: "run:cancel",
  retry: "run:retry",
  pause: "run:pause",
  resume: "run:pause",
  fork: "run:fork",
  delete: "run:delete",
};

/** What matches is what may be seen and to which it may be done: nothing of the rest is counted. */
export async function bulkRuns(call: Call): Promise<Response> {
  const body = await readFields(call, ["action", "filter", "dryRun", "reason"]);
  const action = optionalOneOf(body, "action", bulkActions);
  if (action === undefined) refuse("bad_request", "action is missing.", `Send one of ${bulkActions.join(", ")}.`);
  call.require(permissionOf[action]);
  const workflows = intersectPatterns(call.patterns("run:read"), call.patterns(permissionOf[action]));
  const result = await call.engine.operations.bulk({
    by: call.actor,
    action,
    filter: filterOfBody(call, body["filter"]),
    access: workflows === undefined ? undefined : { workflows },
    dryRun: optionalBooleanOf(body, "dryRun") ?? false,
    reason: optionalTextOf(body, "reason", reasonCharsMax),
  });
  return reply("json", 200, unwrap(result));
}
