// Webhooks: a request from outside starts the workflow whose trigger has this path.
import { SluiceError, toWire } from "@sluice/protocol";
import { unwrap } from "@sluice/core";
import { bestMatches } from "@sluice/core/hook-match";
import type { Actor, RunRecord } from "@sluice/core";
import { readPayload } from "../body.ts";
import type { Call } from "../call.ts";
import { deliver } from "../hooks/delivery.ts";
import type { DeployedHook, Incoming, Outcome } from "../hooks/delivery.ts";
import type { Arrived } from "../hooks/hook-desk.ts";
import { showValue } from "../show.ts";
import { failure, reply } from "../wire.ts";

const prefix = "/hooks";

/** Every deployed webhook. */
function hooksOf(call: Call): readonly DeployedHook[] {
  return call.engine.triggers.list().filter((each): each is DeployedHook => each.manifest.type === "webhook");
}

export async function callHook(call: Call): Promise<Response> {
  const { method } = call.request;
  const path = call.passage.path.slice(prefix.length);
  const found = bestMatches(hooksOf(call), path);
  const match = found.find(({ hook }) => hook.manifest.method === method);
  if (match !== undefined) return receive(call, match.hook, { path, params: match.params });
  if (found.length === 0) {
    return failure({
      code: "not_found",
      message: "No deployed workflow has a webhook with this path.",
      hint: "GET /api/v1/workflows shows the triggers of each workflow.",
    });
  }
  const allow = found.map(({ hook }) => hook.manifest.method).join(", ");
  const hint = `Use ${allow}.`;
  return failure({ code: "method_not_allowed", message: `This webhook does not take ${method}.`, hint }, { allow });
}

async function receive(
  call: Call,
  hook: DeployedHook,
  { path, params }: Pick<Incoming, "path" | "params">,
): Promise<Response> {
  const { clock, limits } = call.parts;
  const hooks = await call.parts.hooks();
  const { method, headers } = call.request;
  const { address } = call.passage;
  const at = clock.now();
  const about = { kind: "live", method, path, query: call.queryText, headers } as const;
  let arrived: Arrived = { incoming: about, raw: undefined, address, at };
  let release = (): void => {};
  try {
    hooks.admit(hook);
    const payload = await readPayload(call.request, call.parts);
    release = payload.release;
    const { raw } = payload;
    arrived = { ...arrived, raw };
    const deliveryId = await hooks.verify(hook, headers, raw);
    arrived = { ...arrived, incoming: { ...about, deliveryId } };
    const by: Actor = { kind: "webhook", id: hook.manifest.path, origin: address === undefined ? {} : { address } };
    const incoming: Incoming = { ...about, by, params, raw, deliveryId };
    const outcome =
      (await seenBefore(call, hook, deliveryId)) ?? (await deliver(call.engine, hook, { incoming, limits }));
    return await answer(call, hook, { arrived, outcome });
  } catch (error) {
    await hooks.recordFailure(hook, arrived, error);
    throw shownToSenders(error);
  } finally {
    release();
  }
}

/** What functions throw is for those who read the delivery's record, not for whoever sent it. */
function shownToSenders(error: unknown): unknown {
  const { code } = toWire(error);
  if (code !== "trigger_failed") return error;
  const message = "A function of this webhook failed.";
  return new SluiceError({ code, message, hint: "The record of this delivery says more." }, { cause: error });
}

/** A delivery whose sender sends it again leads to the run that is there; undefined where there is none. */
async function seenBefore(
  call: Call,
  hook: DeployedHook,
  deliveryId: string | undefined,
): Promise<Outcome | undefined> {
  const id = deliveryId === undefined ? undefined : await (await call.parts.hooks()).seen(hook, deliveryId);
  if (id === undefined) return undefined;
  const run = await call.engine.getRun(id);
  return { status: "duplicate", run: run.ok ? run.value : undefined };
}

async function answer(
  call: Call,
  hook: DeployedHook,
  { arrived, outcome }: { readonly arrived: Arrived; readonly outcome: Outcome },
): Promise<Response> {
  const hooks = await call.parts.hooks();
  const response = await responseTo(call, hook, outcome);
  const delivery = await hooks.record(hook, arrived, { ...outcome, code: response.status });
  response.headers.set("x-sluice-delivery", delivery);
  return response;
}

async function responseTo(call: Call, hook: DeployedHook, outcome: Outcome): Promise<Response> {
  if (outcome.answer !== undefined) return given(outcome.answer);
  const { run } = outcome;
  if (run === undefined) return reply("json", 200, { runId: null, created: false, url: null });
  const { wait } = hook.manifest;
  const ended = wait === undefined ? undefined : await endWithin(call, run.id, wait);
  return ended === undefined ? accepted(call, run, outcome.status === "started") : resultOf(call, ended);
}

/** 202 with where the run is to be found. */
function accepted(call: Call, run: RunRecord, created: boolean): Response {
  const path = `/api/v1/runs/${encodeURIComponent(run.id)}`;
  const url = (call.parts.publicUrl ?? "") + path;
  const response = reply("json", 202, { runId: run.id, created, url });
  response.headers.set("location", url);
  return response;
}

/** The result itself: whoever waits for it asked for nothing else. */
async function resultOf(call: Call, run: RunRecord): Promise<Response> {
  const headers = { "x-sluice-run": run.id };
  if (run.status !== "completed") {
    const code = run.status === "timedout" ? "timeout" : "workflow_failed";
    const message = `The run ${run.id} has ended ${run.status}.`;
    return failure({ code, message, details: { runId: run.id, status: run.status } }, headers);
  }
  const output = (await showValue(call.engine, "json", run.output)) ?? null;
  const response = reply("json", 200, output);
  response.headers.set("x-sluice-run", run.id);
  return response;
}

/** A page that a webhook answers with is nobody's here: its scripts may not act as the console, which has the same origin. */
const notOurs = "sandbox allow-downloads allow-forms allow-modals allow-popups allow-scripts";

function given({ status, headers, body }: NonNullable<Outcome["answer"]>): Response {
  const text = body === undefined ? null : typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "string" ? "text/plain; charset=utf-8" : "application/json";
  const shown = text === null ? {} : { "content-type": type };
  const empty = status === 204 || status === 304;
  return new Response(empty ? null : text, {
    status,
    headers: {
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      "content-security-policy": notOurs,
      ...(empty ? {} : shown),
      ...headers,
    },
  });
}

/** The run once it has ended; undefined when the time is up or the sender has gone. */
async function endWithin(call: Call, run: string, waitMs: number): Promise<RunRecord | undefined> {
  const { clock, closing, limits } = call.parts;
  const ms = Math.min(waitMs, limits.waitMsMax);
  call.mayIdle(ms);
  const stop = new AbortController();
  const giveUp = (): void => stop.abort();
  const cancel = clock.after(ms, giveUp);
  const signals = [call.request.signal, closing];
  for (const signal of signals) signal.addEventListener("abort", giveUp, { once: true });
  try {
    unwrap(await call.engine.ended(run, stop.signal));
    return unwrap(await call.engine.getRun(run));
  } catch (error) {
    if (stop.signal.aborted) return undefined;
    throw error;
  } finally {
    cancel();
    for (const signal of signals) signal.removeEventListener("abort", giveUp);
  }
}
