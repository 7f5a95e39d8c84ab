// Whether a request was signed by somebody who has the webhook's secret, for each way of signing.
// GitHub: docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries. Stripe: docs.stripe.com/webhooks (signature
// verification by hand). Slack: docs.slack.dev/authentication/verifying-requests-from-slack.
import { SluiceError } from "@sluice/protocol";
import type { WebhookManifest } from "@sluice/protocol";
import { signatureHeader } from "@sluice/protocol/http";
import { isSame } from "../auth.ts";

const encoder = new TextEncoder();
/** Versions of a secret that a sender may sign with at once. */
const stripeSignaturesMax = 8;

export interface SignedRequest {
  readonly headers: Headers;
  readonly raw: Uint8Array;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/**
 * Throws `unauthorized` unless the request is signed as the webhook asks for. Answers with what names the delivery to its
 * sender; undefined where nothing does.
 */
export async function verifySignature(
  manifest: WebhookManifest,
  secret: string,
  request: SignedRequest,
): Promise<string | undefined> {
  switch (manifest.scheme) {
    case "github":
      check(request.headers.get("x-hub-signature-256"), `sha256=${hex(await hmac(secret, request.raw))}`, githubHint);
      return request.headers.get("x-github-delivery") ?? undefined;
    case "stripe":
      return stripe(manifest, secret, request);
    case "slack":
      return slack(manifest, secret, request);
    case "generic":
      return generic(manifest, secret, request);
    default:
      check(request.headers.get(signatureHeader), `sha256=${hex(await hmac(secret, request.raw))}`, ownHint);
      return undefined;
  }
}

const ownHint = "Send X-Sluice-Signature: sha256=<hex HMAC-SHA256 of the body with the webhook's secret>.";
const githubHint = "Give the webhook at GitHub the same secret; it then sends X-Hub-Signature-256.";

/** `wanted`: the signature in hex, with what stands before it. */
function check(given: string | null, wanted: string, hint: string): void {
  const text = (given ?? "").trim().toLowerCase();
  if (isSame(text, wanted)) return;
  throw unsigned(text === "" ? "The request is not signed." : "The signature is not that of the body.", hint);
}

/** `Stripe-Signature: t=<seconds>,v1=<hex>[,v1=<hex>]` over `<seconds>.<body>`. */
async function stripe(
  manifest: WebhookManifest,
  secret: string,
  { headers, raw, now }: SignedRequest,
): Promise<string | undefined> {
  const hint = "Give the webhook the signing secret of the endpoint (whsec_…).";
  const parts = (headers.get("stripe-signature") ?? "").split(",").map((part) => part.trim().split("="));
  const time = parts.find(([key]) => key === "t")?.[1] ?? "";
  const signatures = parts.flatMap(([key, value]) => (key === "v1" && value !== undefined ? [value] : []));
  if (time === "" || signatures.length === 0) throw unsigned("The request has no Stripe-Signature.", hint);
  const made = hex(await hmac(secret, joined(`${time}.`, raw)));
  const good = signatures.slice(0, stripeSignaturesMax).filter((each) => isSame(each.toLowerCase(), made));
  if (good.length === 0) throw unsigned("The signature is not that of the body.", hint);
  checkTime(time, manifest, now);
  const id = fieldOf(raw, "id");
  return id ?? made;
}

/** `X-Slack-Signature: v0=<hex>` over `v0:<seconds>:<body>`, the seconds in `X-Slack-Request-Timestamp`. */
async function slack(
  manifest: WebhookManifest,
  secret: string,
  { headers, raw, now }: SignedRequest,
): Promise<string | undefined> {
  const time = headers.get("x-slack-request-timestamp") ?? "";
  const made = await hmac(secret, joined(`v0:${time}:`, raw));
  check(headers.get("x-slack-signature"), `v0=${hex(made)}`, "Give the webhook the app's signing secret.");
  checkTime(time, manifest, now);
  return fieldOf(raw, "event_id") ?? hex(made);
}

async function generic(
  manifest: WebhookManifest,
  secret: string,
  { headers, raw, now }: SignedRequest,
): Promise<string | undefined> {
  const how = manifest.generic;
  if (how === undefined) throw new Error("a generic webhook says where its signature is");
  const hint = `Send ${how.header}: ${how.prefix}<${how.encoding} HMAC-SHA256>.`;
  const time = how.timestamp === undefined ? undefined : (headers.get(how.timestamp) ?? "");
  const made = await hmac(secret, time === undefined ? raw : joined(time + how.separator, raw));
  const text = how.encoding === "hex" ? hex(made) : Buffer.from(made).toString("base64");
  const given = (headers.get(how.header) ?? "").trim();
  if (given === "") throw unsigned("The request is not signed.", hint);
  // Hex may be written in either case; base64 may not.
  const fits =
    how.encoding === "hex"
      ? isSame(given.toLowerCase(), how.prefix.toLowerCase() + text)
      : isSame(given, how.prefix + text);
  if (!fits) throw unsigned("The signature is not that of the body.", hint);
  if (time === undefined) return undefined;
  checkTime(time, manifest, now);
  return hex(made);
}

/** The time is part of what is signed: who sends an old request again cannot give it another. */
function checkTime(seconds: string, { tolerance = 0 }: WebhookManifest, now: number): void {
  const sentAt = /^\d{1,12}$/.test(seconds) ? Number(seconds) * 1_000 : Number.NaN;
  if (Math.abs(now - sentAt) <= tolerance) return;
  throw unsigned(
    `The request was signed at another time than now (more than ${tolerance} ms apart).`,
    "Set the clocks right; the webhook's tolerance says how far apart they may be.",
  );
}

function unsigned(message: string, hint: string): SluiceError {
  return new SluiceError({ code: "unauthorized", message, hint });
}

/** HMAC-SHA256 by the platform's own implementation (RFC 2104, FIPS 180-4). */
async function hmac(secret: string, body: Uint8Array): Promise<Uint8Array> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", encoder.encode(secret), algorithm, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign(algorithm.name, key, body as Uint8Array<ArrayBuffer>));
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function joined(before: string, raw: Uint8Array): Uint8Array {
  const beginning = encoder.encode(before);
  const whole = new Uint8Array(beginning.length + raw.length);
  whole.set(beginning);
  whole.set(raw, beginning.length);
  return whole;
}

/** A text field of a JSON body; undefined where the body has none. */
function fieldOf(raw: Uint8Array, name: string): string | undefined {
  try {
    const body = JSON.parse(new TextDecoder().decode(raw)) as unknown;
    const value = typeof body === "object" && body !== null ? (body as Record<string, unknown>)[name] : undefined;
    return typeof value === "string" && value !== "" ? value : undefined;
  } catch {
    // Not JSON: the sender's name for it is elsewhere, or nowhere.
    return undefined;
  }
}
