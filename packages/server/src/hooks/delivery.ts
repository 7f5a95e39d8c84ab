// One request on its way to a webhook, and what came of it: the same for what the network brings, a test and a redelivery.
import { decodeValue, encodeValue, SluiceError, toWire } from "@sluice/protocol";
import type {
  DeliveryStatus,
  HookAnswer,
  HookRequest,
  TriggerVerdict,
  WebhookManifest,
  WireError,
} from "@sluice/protocol";
import { unwrap } from "@sluice/core";
import type { Actor, DeliveryRecord, DeployedTrigger, Engine, RunRecord } from "@sluice/core";
import { objectOf, payloadValue } from "../body.ts";
import type { BodyLimits } from "../body.ts";
import { parametersOf } from "../fields.ts";
import { isSecretHeader } from "./secret-headers.ts";

export type DeployedHook = DeployedTrigger & { readonly manifest: WebhookManifest };

/** A request that has been let in. */
export interface Incoming {
  readonly kind: DeliveryRecord["kind"];
  /** The delivery that is repeated. */
  readonly of?: string | undefined;
  readonly by: Actor;
  readonly method: string;
  /** Below `/hooks`. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Headers;
  readonly raw: Uint8Array;
  /** The sender's name for this delivery, where it was signed with it. */
  readonly deliveryId?: string | undefined;
}

/** What becomes of it. */
export interface Outcome {
  readonly status: Exclude<DeliveryStatus, "refused" | "failed">;
  readonly run?: RunRecord | undefined;
  readonly answer?: HookAnswer | undefined;
  readonly reason?: string | undefined;
}

/** Tag of runs that a test delivery started. */
const testTag = "test";
const keyCharsMax = 512;

/** Judges a request and starts its run. Throws what it is refused with. */
export async function deliver(
  engine: Engine,
  hook: DeployedHook,
  p: { readonly incoming: Incoming; readonly limits: BodyLimits },
): Promise<Outcome> {
  const { incoming } = p;
  const verdict = await judge(engine, hook, p);
  if (verdict.verdict === "answer") return { status: "answered", answer: verdict.answer };
  if (verdict.verdict === "ignore") return { status: "ignored", reason: verdict.reason };
  if (verdict.verdict === "invalid") throw invalid(hook, verdict.issues);
  const own = incoming.kind === "live" ? keyOf(hook.manifest, incoming, verdict.key) : undefined;
  const started = await engine.startRun({
    by: incoming.by,
    workflow: hook.record.workflow,
    input: verdict.input,
    key: own?.key,
    ...(incoming.kind === "test" ? { tags: [testTag] } : {}),
  });
  if (!started.ok && started.error.code === "idempotency_conflict" && own?.bySender === true) {
    // Its sender says that it is the same: what its functions made of it this time does not matter.
    const { run } = started.error.details as { readonly run: string };
    return { status: "duplicate", run: unwrap(await engine.getRun(run)) };
  }
  const { run, created } = unwrap(started);
  return { status: created ? "started" : "duplicate", run };
}

/** What the webhook's data and functions make of a request. */
export async function judge(
  engine: Engine,
  hook: DeployedHook,
  { incoming, limits }: { readonly incoming: Incoming; readonly limits: BodyLimits },
): Promise<TriggerVerdict> {
  const { manifest, record } = hook;
  const { raw, headers, query } = incoming;
  checkHeaders(manifest, incoming);
  const parameters = (): HookRequest["query"] => objectOf(parametersOf(query, "bad_request"));
  // A request without a body says what it has to say in its query.
  const bodiless = raw.length === 0 && query !== "";
  const body = (): Uint8Array =>
    bodiless ? encodeValue(parameters()) : payloadValue(raw, headers.get("content-type"), limits);
  if (manifest.calls !== true && manifest.input !== "request") {
    return { verdict: "start", input: manifest.input === "raw" ? encodeValue(raw) : body() };
  }
  const request: HookRequest = {
    method: incoming.method,
    path: incoming.path,
    params: incoming.params,
    query: parameters(),
    headers: Object.fromEntries(headers),
    body: manifest.input === "raw" ? undefined : decodeValue(body()),
    rawBody: raw,
  };
  if (manifest.calls !== true) return { verdict: "start", input: encodeValue(request) };
  return unwrap(await engine.triggers.ask(record.id, encodeValue(request)));
}

/** Throws `bad_request` for a header that is not as the webhook wants it. */
function checkHeaders(manifest: WebhookManifest, { kind, headers }: Pick<Incoming, "kind" | "headers">): void {
  for (const { name, values } of manifest.headers ?? []) {
    // What proved who sent it was not written down; whoever sends it once more is known.
    if (kind === "redelivery" && isSecretHeader(manifest, name.toLowerCase())) continue;
    const given = headers.get(name);
    if (given !== null && (values === undefined || values.includes(given))) continue;
    throw new SluiceError({
      code: "bad_request",
      message: `The header ${name} is ${given === null ? "missing" : "not one that is taken here"}.`,
      hint: values === undefined ? `Send ${name}.` : `Send ${name} with one of the values that the webhook names.`,
    });
  }
}

interface Key {
  readonly key: string;
  /** The sender has named the delivery itself, and signed that. */
  readonly bySender: boolean;
}

function keyOf({ keyHeader }: WebhookManifest, incoming: Incoming, made: string | undefined): Key | undefined {
  const { headers, deliveryId } = incoming;
  const given = made ?? headers.get(keyHeader ?? "idempotency-key") ?? headers.get("idempotency-key") ?? undefined;
  if (given !== undefined) return { key: given, bySender: false };
  return deliveryId === undefined ? undefined : { key: markKey(deliveryId).slice(0, keyCharsMax), bySender: true };
}

/** What a delivery that its sender named is remembered under. */
export function markKey(deliveryId: string): string {
  return `delivery:${deliveryId}`;
}

function invalid(
  { record }: DeployedHook,
  issues: readonly { readonly path: string; readonly message: string }[],
): SluiceError {
  const said = issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; ");
  return new SluiceError({
    code: "invalid_input",
    message: `The body is not what ${record.id} takes: ${said}`,
    details: issues,
  });
}

/** What a failure on the way is recorded as. */
export function failureOf(error: unknown): { readonly status: "refused" | "failed"; readonly error: WireError } {
  const wire = toWire(error);
  const own = wire.code === "internal" || wire.code === "trigger_failed" || wire.code === "no_worker";
  return { status: own ? "failed" : "refused", error: wire };
}
