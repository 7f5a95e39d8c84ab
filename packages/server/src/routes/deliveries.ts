// Deliveries: requests to webhooks, looked at, made up and sent once more.
import { matchPath } from "@sluice/core/hook-match";
import type { DeliveryRecord } from "@sluice/core";
import { decodeValue, deliveryStatuses, SluiceError, valueToJson } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { fieldsOf, optionalBooleanOf, optionalTextOf, quoted, refuse } from "../fields.ts";
import type { Body } from "../fields.ts";
import { deliver, judge } from "../hooks/delivery.ts";
import type { DeployedHook, Incoming, Outcome } from "../hooks/delivery.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";
import { controlled } from "./triggers.ts";

const queryCharsMax = 4_096;
const testFields = ["body", "headers", "query", "params", "dryRun"];
const accepted = 202;
const fine = 200;

function showDelivery(delivery: DeliveryRecord): Record<string, unknown> {
  const { id, trigger, workflow, at, kind, method, path, query, bytes, status, code, tookMs } = delivery;
  const plain = { id, trigger, workflow, at, kind, method, path, query, bytes, status, code, tookMs };
  return {
    ...plain,
    of: delivery.of ?? null,
    address: delivery.address ?? null,
    run: delivery.run ?? null,
    error: delivery.error === undefined ? null : (JSON.parse(delivery.error) as unknown),
  };
}

/** As hook-desk.ts makes them. */
const deliveryId = /^dlv_[0-9a-z]{1,64}$/;

export async function listDeliveries(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const trigger = query.text("trigger");
  const workflow = query.text("workflow");
  const [status] = query.listOf("status", deliveryStatuses) ?? [];
  const before = query.text("cursor");
  query.done();
  if (before !== undefined && !deliveryId.test(before)) {
    refuse("invalid_filter", "The cursor is not one of this list.", "Pass nextCursor of the page before.");
  }
  const access = call.access("trigger:read");
  const { triggers } = call.parts.store;
  const found = await triggers.listDeliveries({ trigger, workflow, status, before, access, limit: limit + 1 });
  const page = found.slice(0, limit);
  const nextCursor = found.length > limit ? (page.at(-1)?.id ?? null) : null;
  return reply("json", 200, { deliveries: page.map(showDelivery), nextCursor });
}

async function recorded(call: Call, permission: "trigger:read" | "trigger:control"): Promise<DeliveryRecord> {
  const id = call.param(0);
  const { triggers } = call.parts.store;
  const delivery = await triggers.getDelivery({ delivery: id, access: call.access("trigger:read") });
  const missing = new SluiceError({
    code: "delivery_not_found",
    message: `There is no delivery ${quoted(id)}.`,
    hint: "GET /api/v1/deliveries lists those that are there.",
  });
  if (delivery === undefined) throw missing;
  call.requireOn(permission, delivery.workflow, { seenBy: "trigger:read", missing: () => missing });
  return delivery;
}

export async function getDelivery(call: Call): Promise<Response> {
  call.query().done();
  const delivery = await recorded(call, "trigger:read");
  return reply("json", 200, {
    delivery: {
      ...showDelivery(delivery),
      headers: JSON.parse(delivery.headers) as unknown,
      body: textOf(delivery.body),
      bodyKept: delivery.body !== undefined,
    },
  });
}

/** Null for what is no text. */
function textOf(body: Uint8Array | undefined): string | null {
  if (body === undefined) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    // Bytes that are no UTF-8.
    return null;
  }
}

function hookOf(call: Call, id: string): DeployedHook {
  const trigger = controlled(call, id);
  if (trigger.manifest.type === "webhook") return trigger as DeployedHook;
  return refuse("conflict", `The trigger ${quoted(id)} is no webhook.`, "Deliveries go to webhooks.");
}

export async function testTrigger(call: Call): Promise<Response> {
  call.query().done();
  const fields = fieldsOf((await call.body()).content, testFields);
  const hook = hookOf(call, call.param(0));
  const incoming = madeUp(call, hook, fields);
  if (optionalBooleanOf(fields, "dryRun") !== true) return repeat(call, hook, incoming);
  const verdict = await judge(call.engine, hook, { incoming, limits: call.parts.limits });
  if (verdict.verdict === "invalid") {
    const said = verdict.issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
    throw new SluiceError({
      code: "invalid_input",
      message: `The body is not taken: ${said}`,
      details: verdict.issues,
    });
  }
  const statuses = { start: "started", ignore: "ignored", answer: "answered" } as const;
  return reply("json", 200, {
    status: statuses[verdict.verdict],
    runId: null,
    delivery: null,
    reason: verdict.verdict === "ignore" ? verdict.reason : null,
    input: verdict.verdict === "start" ? valueToJson(decodeValue(verdict.input)) : null,
  });
}

/** A request as a test describes it. */
function madeUp(call: Call, { manifest }: DeployedHook, fields: Body): Incoming {
  const { body } = fields;
  const headers = new Headers();
  const json = body !== undefined && typeof body !== "string";
  if (body !== undefined) headers.set("content-type", json ? "application/json" : "text/plain");
  for (const [key, value] of Object.entries(textsOf(fields, "headers"))) setHeader(headers, key, value);
  const text = body === undefined ? "" : json ? JSON.stringify(body) : body;
  const params = textsOf(fields, "params");
  const path = manifest.path
    .split("/")
    .map((part) => (part.startsWith(":") ? encodeURIComponent(params[part.slice(1)] ?? "") : part))
    .join("/");
  return {
    kind: "test",
    by: call.actor,
    method: manifest.method,
    path,
    params,
    query: optionalTextOf(fields, "query", queryCharsMax) ?? "",
    headers,
    raw: new TextEncoder().encode(text),
  };
}

function setHeader(headers: Headers, key: string, value: string): void {
  try {
    headers.set(key, value);
  } catch {
    refuse("bad_request", `${quoted(key)} cannot be a header with that value.`, "Send a header as HTTP has them.");
  }
}

function textsOf(fields: Body, key: string): Readonly<Record<string, string>> {
  const given = fields[key] ?? {};
  const texts = typeof given === "object" && !Array.isArray(given) ? Object.entries(given) : undefined;
  if (texts === undefined || texts.some(([, value]) => typeof value !== "string"))
    refuse("bad_request", `${key} is no object of texts.`, `Send ${key} as {"name": "value"}.`);
  return Object.fromEntries(texts) as Record<string, string>;
}

export async function redeliver(call: Call): Promise<Response> {
  call.query().done();
  fieldsOf((await call.body()).content, []);
  const delivery = await recorded(call, "trigger:control");
  const hook = hookOf(call, delivery.trigger);
  if (delivery.body === undefined) {
    throw new SluiceError({
      code: "delivery_not_kept",
      message: "The body of this delivery was not kept.",
      hint: "Retry or fork its run; limits.deliveryBodyBytesMax says how much of a body is kept.",
    });
  }
  return repeat(call, hook, {
    kind: "redelivery",
    of: delivery.id,
    by: call.actor,
    method: delivery.method,
    path: delivery.path,
    params: matchPath(hook.manifest.path, delivery.path)?.params ?? {},
    query: delivery.query,
    headers: new Headers(JSON.parse(delivery.headers) as Record<string, string>),
    raw: delivery.body,
  });
}

/** Delivers what somebody here has asked for, and says what became of it. */
async function repeat(call: Call, hook: DeployedHook, incoming: Incoming): Promise<Response> {
  const { limits, clock } = call.parts;
  const hooks = await call.parts.hooks();
  const arrived = { incoming, raw: incoming.raw, address: call.passage.address, at: clock.now() };
  let outcome: Outcome;
  try {
    outcome = await deliver(call.engine, hook, { incoming, limits });
  } catch (error) {
    await hooks.recordFailure(hook, arrived, error);
    throw error;
  }
  const code = outcome.answer?.status ?? (outcome.run === undefined ? fine : accepted);
  const delivery = await hooks.record(hook, arrived, { ...outcome, code });
  return reply("json", 200, {
    status: outcome.status,
    runId: outcome.run?.id ?? null,
    delivery,
    reason: outcome.reason ?? null,
    input: null,
  });
}
