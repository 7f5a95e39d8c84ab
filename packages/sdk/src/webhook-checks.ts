// Refuses options of a webhook that make no sense, where they are written.
import { hookInputs, parseDuration } from "@sluice/protocol";
import { refuse } from "./refusal.ts";
import { isStandardSchema } from "./standard-schema.ts";
import type { WebhookOptions } from "./webhook.ts";

const presets: readonly unknown[] = ["github", "stripe", "slack"];
const headerPattern = /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/;

/** Throws `invalid_workflow` or `invalid_duration`. */
export function checkWebhookOptions(of: string, options: WebhookOptions): void {
  checkSigning(of, options);
  checkHeaders(of, options);
  const { schema, condition, middleware, input, idempotencyKey, name } = options;
  if (name !== undefined && (typeof name !== "string" || name === "")) refuse(of, "name", "text");
  if (schema !== undefined && !isStandardSchema(schema)) refuse(of, "schema", "a Standard Schema");
  if (condition !== undefined && typeof condition !== "function") refuse(of, "condition", "a function");
  if (
    middleware !== undefined &&
    !(Array.isArray(middleware) && middleware.every((each) => typeof each === "function"))
  )
    refuse(of, "middleware", "a list of functions");
  if (input !== undefined && typeof input !== "function" && !hookInputs.includes(input))
    refuse(of, "input", `a function, or one of ${hookInputs.join(", ")}`);
  if (typeof idempotencyKey === "string" ? !headerPattern.test(idempotencyKey) : !isFunctionOrNone(idempotencyKey))
    refuse(of, "idempotencyKey", "the name of a header, or a function");
  checkAnswer(of, options);
}

function isFunctionOrNone(value: unknown): boolean {
  return value === undefined || typeof value === "function";
}

function checkSigning(of: string, { secret, verify, tolerance }: WebhookOptions): void {
  if (typeof secret === "object") {
    const names = secret === null ? [] : Object.values(secret as Readonly<Record<string, unknown>>);
    if (names.length === 0 || names.some((name) => typeof name !== "string" || name === ""))
      refuse(of, "secret", '{ env: "NAME" }, { file: "path" } or { secret: "name" }');
  }
  if (tolerance !== undefined) parseDuration(tolerance);
  if (verify === undefined) return;
  if (typeof verify === "object" && verify !== null) {
    if (typeof verify.header !== "string" || !headerPattern.test(verify.header))
      refuse(of, "verify.header", "the name of a header");
  } else if (!presets.includes(verify)) refuse(of, "verify", `one of ${presets.join(", ")}, or { header }`);
  if (secret === undefined) refuse(of, "verify", "for webhooks with a secret");
}

function checkHeaders(of: string, { headers }: WebhookOptions): void {
  for (const [name, rule] of Object.entries(headers ?? {})) {
    const values = Array.isArray(rule) ? rule : [rule];
    if (!headerPattern.test(name) || values.some((value) => value !== true && typeof value !== "string"))
      refuse(of, "headers", '{ "x-source": true }, or a value or a list of values for each name');
  }
}

function checkAnswer(of: string, { reply, rateLimit }: WebhookOptions): void {
  if (typeof reply === "object") parseDuration(reply.wait);
  else if (reply !== undefined && reply !== "accepted") refuse(of, "reply", '"accepted" or { wait: "10s" }');
  if (rateLimit === undefined) return;
  if (!Number.isSafeInteger(rateLimit.count) || rateLimit.count < 1)
    refuse(of, "rateLimit.count", "a whole number from 1");
  if (parseDuration(rateLimit.per) === 0) refuse(of, "rateLimit.per", "a duration");
}
