// What starts a workflow by itself, as its code says it to the engine, and what engine and worker say to each other about the
// functions a trigger may have: they are user code and run in a worker, never in the server.
import type { CatchUp, Overlap } from "./statuses.ts";

/** Where a secret is kept: a variable of the server's environment, a file, or the store of secrets. Never the secret itself. */
export interface SecretRef {
  readonly from: "env" | "file" | "store";
  readonly name: string;
}

/** How a webhook knows that a request comes from who it says. `sluice`: `X-Sluice-Signature: sha256=<hex>`. */
export const webhookSchemes = ["sluice", "github", "stripe", "slack", "generic"] as const;
export type WebhookScheme = (typeof webhookSchemes)[number];

/** For the scheme `generic`: where the signature stands and over what it was made (HMAC-SHA256). */
export interface GenericSignature {
  /** Header with the signature. */
  readonly header: string;
  /** What stands before it in the header, such as `sha256=`. */
  readonly prefix: string;
  readonly encoding: "hex" | "base64";
  /** Header with the time of sending, in seconds since 1970; without it no time is checked. */
  readonly timestamp?: string | undefined;
  /** Between time and body in what is signed. */
  readonly separator: string;
}

/** What a header of a request has to be: there at all, or one of these. */
export interface HeaderRule {
  readonly name: string;
  readonly values?: readonly string[] | undefined;
}

/** What the input of a webhook's run is: its body, its body as bytes, or the request as a `HookRequest`. */
export const hookInputs = ["body", "raw", "request"] as const;
export type HookInput = (typeof hookInputs)[number];

export interface WebhookManifest {
  readonly type: "webhook";
  readonly path: string;
  readonly method: string;
  /** A secret written into the code: is in the worker's manifest, never in what is stored. */
  readonly secret?: string | undefined;
  readonly secretRef?: SecretRef | undefined;
  readonly name?: string | undefined;
  readonly scheme?: WebhookScheme | undefined;
  readonly generic?: GenericSignature | undefined;
  /** Milliseconds that the time of sending may be off. */
  readonly tolerance?: number | undefined;
  readonly headers?: readonly HeaderRule[] | undefined;
  /** Header with the idempotency key, besides `Idempotency-Key`. */
  readonly keyHeader?: string | undefined;
  readonly input?: HookInput | undefined;
  /** Milliseconds the answer waits for the end of the run; without it the answer is 202. */
  readonly wait?: number | undefined;
  readonly rate?: { readonly count: number; readonly per: number } | undefined;
  /** It has functions: a worker has to be asked. */
  readonly calls?: boolean | undefined;
}

export interface PollManifest {
  readonly type: "poll";
  readonly name: string;
  /** Milliseconds between two polls. */
  readonly every: number;
  /** Milliseconds one poll may take. */
  readonly timeout: number;
  /** Longest pause after failures, in milliseconds. */
  readonly backoffMax: number;
}

/** Several occurrences close together start one run, with the input of the last. Milliseconds. */
export interface TriggerDebounce {
  readonly wait: number;
  /** The run starts at the latest so long after the first of them. */
  readonly max?: number | undefined;
  /** Path into the input: occurrences with different values there do not hold each other up. */
  readonly key?: string | undefined;
}

export interface EventManifest {
  readonly type: "event";
  readonly name: string;
  readonly event: string;
  /** Encoded data that the payload must contain. */
  readonly match?: Uint8Array | undefined;
  /** Only events with this key. */
  readonly key?: string | undefined;
  readonly debounce?: TriggerDebounce | undefined;
  /** It has a schema or a function: a worker has to be asked. */
  readonly calls?: boolean | undefined;
}

export interface ManualManifest {
  readonly type: "manual";
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** JSON Schema of the form, where its schema library offers one. */
  readonly schema?: unknown;
  readonly calls?: boolean | undefined;
}

/** What another part of the product watches: files, later log lines and metrics. `config` is that part's own, as a value. */
export interface SourceManifest {
  readonly type: "source";
  readonly name: string;
  /** Which source: `file`. */
  readonly source: string;
  /** Encoded value. */
  readonly config: Uint8Array;
  readonly debounce?: TriggerDebounce | undefined;
}

interface ScheduleManifest {
  readonly type: "schedule";
  readonly cron: string;
  readonly timezone: string;
  readonly input: Uint8Array;
  readonly catchUp: CatchUp;
  readonly catchUpMax: number;
  readonly overlap: Overlap;
  readonly jitter: number;
  readonly name?: string | undefined;
}

/** What starts a workflow by itself. */
export type TriggerManifest =
  | WebhookManifest
  | ScheduleManifest
  | PollManifest
  | EventManifest
  | ManualManifest
  | SourceManifest;

/** What becomes of a request to a webhook. */
export const deliveryStatuses = ["started", "duplicate", "ignored", "answered", "refused", "failed"] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** A request as the functions of a webhook, and runs with `input: "request"`, see it. Names of headers are in lower case. */
export interface HookRequest {
  readonly method: string;
  /** Below `/hooks`. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly rawBody: Uint8Array;
}

/** An answer that a webhook's function gives instead of starting a run. */
export interface HookAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Text is sent as it is, everything else as JSON. */
  readonly body?: unknown;
}

/** What a worker says about an occurrence whose trigger has functions. Values are encoded. */
export type TriggerVerdict =
  | { readonly verdict: "start"; readonly input: Uint8Array; readonly key?: string | undefined }
  | { readonly verdict: "ignore"; readonly reason: string }
  | { readonly verdict: "answer"; readonly answer: HookAnswer }
  | { readonly verdict: "invalid"; readonly issues: readonly { readonly path: string; readonly message: string }[] };

/** What a poll has found. Values are encoded; `cursor` is what the next poll is given. */
export interface PollFound {
  readonly items: readonly { readonly id: string; readonly input: Uint8Array }[];
  readonly cursor?: Uint8Array | undefined;
  /** There is more to be had at once. */
  readonly more?: boolean | undefined;
}

/** What a worker is asked to do with a trigger's functions, and answers; `value` and `error` are encoded. */
export interface InvokeMessage {
  readonly type: "invoke";
  readonly request: string;
  readonly workflow: string;
  /** Place of the trigger in its workflow's list. */
  readonly trigger: number;
  /** For a webhook a `HookRequest`, for a poll `{ cursor }`, else the input. */
  readonly value: Uint8Array;
  /** Milliseconds it may take. */
  readonly ms: number;
}
export interface InvokedMessage {
  readonly type: "invoked";
  readonly request: string;
  readonly verdict?: TriggerVerdict | undefined;
  readonly found?: PollFound | undefined;
  readonly error?: Uint8Array | undefined;
}
