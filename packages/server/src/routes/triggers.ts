// Triggers other than schedules: what starts by itself, how far it has got, and an operator's say in it.
import { triggerKind, triggerName, unwrap } from "@sluice/core";
import type { DeployedTrigger } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import type { TriggerDebounce, TriggerManifest, WebhookManifest } from "@sluice/protocol";
import { valueField } from "../body.ts";
import type { Call } from "../call.ts";
import { fieldsOf, optionalTextOf, quoted } from "../fields.ts";
import { showError, showValue } from "../show.ts";
import { reply } from "../wire.ts";

const keyCharsMax = 512;
const nothing = new Uint8Array([0xc0]);

export function triggerNotFound(id: string): SluiceError {
  return new SluiceError({
    code: "trigger_not_found",
    message: `There is no trigger ${quoted(id)}.`,
    hint: "GET /api/v1/triggers lists those that are there.",
  });
}

async function showTrigger(call: Call, { manifest, record }: DeployedTrigger): Promise<Record<string, unknown>> {
  const { engine, wire } = call;
  return {
    id: record.id,
    workflow: record.workflow,
    kind: triggerKind(manifest),
    name: triggerName(manifest),
    paused: record.paused,
    createdAt: record.createdAt,
    fired: record.fired,
    firedAt: record.firedAt ?? null,
    lookedAt: record.lookedAt ?? null,
    nextAt: record.paused ? null : (record.nextAt ?? null),
    failures: record.failures,
    error: await showError(engine, wire, record.error),
    webhook: manifest.type === "webhook" ? showWebhook(manifest) : null,
    poll:
      manifest.type === "poll"
        ? {
            everyMs: manifest.every,
            timeoutMs: manifest.timeout,
            backoffMaxMs: manifest.backoffMax,
            cursor: await showValue(engine, wire, record.cursor ?? nothing),
          }
        : null,
    event: manifest.type === "event" ? await showEvent(call, manifest, record.position) : null,
    manual: manifest.type === "manual" ? showManual(manifest) : null,
    config: await showValue(engine, wire, manifest.type === "source" ? manifest.config : nothing),
    debounce: "debounce" in manifest ? showDebounce(manifest.debounce) : null,
  };
}

function showWebhook(manifest: WebhookManifest): unknown {
  const { method, path, scheme, secret, secretRef, input, calls, wait, rate } = manifest;
  const signed = secret !== undefined || secretRef !== undefined;
  const place = secretRef === undefined ? (signed ? "its code" : null) : `${secretRef.from} ${secretRef.name}`;
  return {
    method,
    path: `/hooks${path}`,
    scheme: signed ? (scheme ?? "sluice") : null,
    secret: place,
    input: input ?? (calls === true ? "made" : "body"),
    functions: calls === true,
    waitMs: wait ?? null,
    rate: rate === undefined ? null : { count: rate.count, perMs: rate.per },
  };
}

async function showEvent(
  call: Call,
  manifest: Extract<TriggerManifest, { readonly type: "event" }>,
  position: number,
): Promise<unknown> {
  const { event, key, match, calls } = manifest;
  return {
    name: event,
    key: key ?? null,
    match: await showValue(call.engine, call.wire, match ?? nothing),
    functions: calls === true,
    position,
  };
}

function showManual({ title, description, schema }: Extract<TriggerManifest, { readonly type: "manual" }>): unknown {
  return { title: title ?? null, description: description ?? null, schema: schema ?? null };
}

function showDebounce(debounce: TriggerDebounce | undefined): unknown {
  if (debounce === undefined) return null;
  return { waitMs: debounce.wait, maxMs: debounce.max ?? null, key: debounce.key ?? null };
}

export async function listTriggers(call: Call): Promise<Response> {
  const query = call.query();
  const workflow = query.text("workflow");
  query.done();
  const shown = call.engine.triggers
    .list(call.access("trigger:read"))
    .filter(({ record }) => workflow === undefined || record.workflow === workflow)
    .toSorted((a, b) => (a.record.id < b.record.id ? -1 : 1));
  return reply(call.wire, 200, { triggers: await Promise.all(shown.map((each) => showTrigger(call, each))) });
}

export async function getTrigger(call: Call): Promise<Response> {
  call.query().done();
  const id = call.param(0);
  const trigger = call.engine.triggers.get(id);
  if (trigger === undefined || !call.may("trigger:read", trigger.record.workflow)) throw triggerNotFound(id);
  return reply(call.wire, 200, { trigger: await showTrigger(call, trigger) });
}

/** A trigger that may be controlled. Throws `trigger_not_found` or `forbidden`. */
export function controlled(call: Call, id: string): DeployedTrigger {
  const trigger = call.engine.triggers.get(id);
  const missing = (): SluiceError => triggerNotFound(id);
  if (trigger === undefined) throw missing();
  call.requireOn("trigger:control", trigger.record.workflow, { seenBy: "trigger:read", missing });
  return trigger;
}

async function setPaused(call: Call, paused: boolean): Promise<Response> {
  call.query().done();
  const id = call.param(0);
  fieldsOf((await call.body()).content, []);
  controlled(call, id);
  const trigger = unwrap(await call.engine.triggers.setPaused(call.actor, id, paused));
  return reply(call.wire, 200, { trigger: await showTrigger(call, trigger) });
}

export async function pauseTrigger(call: Call): Promise<Response> {
  return setPaused(call, true);
}

export async function resumeTrigger(call: Call): Promise<Response> {
  return setPaused(call, false);
}

export async function runTrigger(call: Call): Promise<Response> {
  call.query().done();
  const id = call.param(0);
  const body = await call.body();
  const fields = fieldsOf(body.content, ["values", "idempotencyKey"]);
  const key = optionalTextOf(fields, "idempotencyKey", keyCharsMax);
  const { manifest } = controlled(call, id);
  const { triggers } = call.engine;
  if (manifest.type === "manual") {
    const values = valueField(body, "values");
    const { run, created } = unwrap(await triggers.startByHand({ by: call.actor, trigger: id, values, key }));
    const trigger = await showTrigger(call, controlled(call, id));
    return reply(call.wire, created ? 201 : 200, { trigger, runId: run.id, created });
  }
  const polled = unwrap(await triggers.pollNow(id));
  return reply(call.wire, 200, { trigger: await showTrigger(call, polled), runId: null, created: false });
}
