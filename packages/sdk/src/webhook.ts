// A webhook: a request from outside starts the workflow. What can be data is data and is decided by the server; functions run
// in a worker.
import type { Duration, GenericSignature, HookAnswer, HookInput, HookRequest, SecretRef } from "@sluice/protocol";
import { checkWebhook } from "./definition-checks.ts";
import type { StandardSchemaV1 } from "./standard-schema.ts";

/** A secret by its place: a variable of the server's environment, a file, or the store of secrets. */
export type SecretPlace =
  | SecretRef
  | { readonly env: string }
  | { readonly file: string }
  | { readonly secret: string };

/** A request whose body a schema may have made something of. */
export interface WebhookRequest<Body = unknown> extends Omit<HookRequest, "body"> {
  readonly body: Body;
}

/** Returns nothing to go on, the request in another form, or an answer (with a `status`) that ends it without a run. */
export type WebhookMiddleware = (
  request: WebhookRequest,
) => WebhookRequest | HookAnswer | undefined | void | Promise<WebhookRequest | HookAnswer | undefined | void>;

/** Where the signature of a sender stands that no preset knows: HMAC-SHA256 of the body, or of time and body. */
export interface GenericSignatureOptions {
  /** Header with the signature. */
  readonly header: string;
  /** What stands before it there, such as `sha256=`. */
  readonly prefix?: string;
  /** Default `hex`. */
  readonly encoding?: GenericSignature["encoding"];
  /** Header with the time of sending in seconds since 1970: what is signed is then time, separator, body. */
  readonly timestamp?: string;
  /** Default `.`. */
  readonly separator?: string;
}

export interface WebhookOptions<Body = unknown> {
  readonly method?: WebhookTrigger["method"];
  /** Tells it apart on pages and in commands. Default `METHOD /path`. */
  readonly name?: string;
  /** Requests have to be signed with it. Better a place than the text itself: `{ env: "ORDERS_SECRET" }`. */
  readonly secret?: string | SecretPlace;
  /** How they are signed. Default: `X-Sluice-Signature: sha256=<hex HMAC of the body>`. */
  readonly verify?: "github" | "stripe" | "slack" | GenericSignatureOptions;
  /** How far the time of sending may be off, where it is signed. Default 5 minutes. */
  readonly tolerance?: Duration;
  /** Headers a request must have: `true` for any value, a value, or several that are allowed. */
  readonly headers?: Readonly<Record<string, true | string | readonly string[]>>;
  /** Name of the header with the idempotency key, or a function that makes it: requests with one key start one run. */
  readonly idempotencyKey?:
    | string
    | ((request: WebhookRequest<Body>) => string | undefined | Promise<string | undefined>);
  /** Of the body, before the workflow's own schema looks at the input. */
  readonly schema?: StandardSchemaV1<unknown, Body>;
  /** A request for which it is false starts nothing and is answered 200. */
  readonly condition?: (request: WebhookRequest<Body>) => boolean | Promise<boolean>;
  /** Called in order before schema and condition. */
  readonly middleware?: readonly WebhookMiddleware[];
  /** What the run gets: the body (default; the request where the path has parameters), its bytes, the request, or your own. */
  readonly input?: HookInput | ((request: WebhookRequest<Body>) => unknown);
  /** Default: 202 at once. With `wait` the answer is the run's result, if it ends in time. */
  readonly reply?: "accepted" | { readonly wait: Duration };
  /** So many requests in a time; further ones are answered 429. */
  readonly rateLimit?: { readonly count: number; readonly per: Duration };
}

export interface WebhookTrigger {
  readonly type: "webhook";
  readonly path: string;
  readonly method: "POST" | "PUT" | "GET" | "DELETE" | "PATCH";
  readonly secret: string | undefined;
  readonly secretRef?: SecretRef | undefined;
  readonly options: WebhookOptions;
}

/**
 * Starts a run for each request to `/hooks` + path; the body is the input. A segment `:name` takes any text, `*` at the end
 * the rest. Throws `invalid_workflow` or `invalid_duration`.
 */
export function webhook<Body = unknown>(path: string, options: WebhookOptions<Body> = {}): WebhookTrigger {
  const { secret, method = "POST" } = options;
  const place = typeof secret === "object" && secret !== null ? { secretRef: refOf(secret) } : {};
  const trigger: WebhookTrigger = {
    type: "webhook",
    path,
    method,
    secret: secret === undefined || "secretRef" in place ? undefined : (secret as string),
    ...place,
    // What its functions take is what its own schema makes: nobody else calls them.
    options: options as WebhookOptions,
  };
  checkWebhook(trigger);
  return trigger;
}

function refOf(place: SecretPlace): SecretRef {
  if ("from" in place) return { from: place.from, name: place.name };
  if ("env" in place) return { from: "env", name: place.env };
  return "file" in place ? { from: "file", name: place.file } : { from: "store", name: place.secret };
}
