// Webhooks: a request from outside starts the workflow whose trigger has this path.
import { unwrap } from "@sluice/core";
import type { Actor } from "@sluice/core";
import { encodeValue, SluiceError } from "@sluice/protocol";
import type { TriggerManifest } from "@sluice/protocol";
import { signatureHeader } from "@sluice/protocol/http";
import { isSame } from "../auth.ts";
import { objectOf, readPayload } from "../body.ts";
import type { Call } from "../call.ts";
import { parametersOf } from "../fields.ts";
import { failure, reply } from "../wire.ts";

type WebhookManifest = Extract<TriggerManifest, { type: "webhook" }>;

interface Hook {
  readonly workflow: string;
  readonly trigger: WebhookManifest;
}

function hooksAt(call: Call, path: string): readonly Hook[] {
  const found: Hook[] = [];
  for (const { manifest } of call.engine.deployments.workflows) {
    for (const trigger of manifest.triggers) {
      if (trigger.type === "webhook" && trigger.path === path) found.push({ workflow: manifest.name, trigger });
    }
  }
  return found;
}

const encoder = new TextEncoder();

/** HMAC-SHA256 in hex, by the platform's own implementation (RFC 2104, FIPS 180-4). */
async function hmacHex(secret: string, body: Uint8Array): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  const signed = new Uint8Array(await crypto.subtle.sign(algorithm.name, key, body as Uint8Array<ArrayBuffer>));
  let hex = "";
  for (const byte of signed) hex += byte.toString(16).padStart(2, "0");
  return hex;
}

async function checkSignature(call: Call, secret: string, body: Uint8Array): Promise<void> {
  const given = (call.request.headers.get(signatureHeader) ?? "").trim().toLowerCase();
  if (isSame(given, `sha256=${await hmacHex(secret, body)}`)) return;
  throw new SluiceError({
    code: "unauthorized",
    message: given === "" ? "The request is not signed." : "The signature is not that of the body.",
    hint: "Send X-Sluice-Signature: sha256=<hex HMAC-SHA256 of the body with the webhook's secret>.",
  });
}

export async function callHook(call: Call): Promise<Response> {
  const { method, headers } = call.request;
  const path = `/${call.param(0)}`;
  const hooks = hooksAt(call, path);
  const hook = hooks.find((each) => each.trigger.method === method);
  if (hook === undefined) {
    if (hooks.length === 0) {
      return failure({
        code: "not_found",
        message: "No deployed workflow has a webhook with this path.",
        hint: "GET /api/v1/workflows shows the triggers of each workflow.",
      });
    }
    const allow = hooks.map((each) => each.trigger.method).join(", ");
    const hint = `Use ${allow}.`;
    return failure({ code: "method_not_allowed", message: `This webhook does not take ${method}.`, hint }, { allow });
  }
  const { raw, value } = await readPayload(call.request, call.parts.limits);
  if (hook.trigger.secret !== undefined) await checkSignature(call, hook.trigger.secret, raw);
  const { address } = call.passage;
  const by: Actor = { kind: "webhook", id: path, origin: address === undefined ? {} : { address } };
  // A request without a body says what it has to say in its query.
  const bodiless = raw.length === 0 && call.hasQuery;
  const started = await call.engine.startRun({
    by,
    workflow: hook.workflow,
    input: bodiless ? encodeValue(objectOf(parametersOf(call.queryText, "bad_request"))) : value(),
    key: headers.get("idempotency-key") ?? undefined,
  });
  const { run, created } = unwrap(started);
  return reply("json", 202, { runId: run.id, created });
}
