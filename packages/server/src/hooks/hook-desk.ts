// What webhooks need beside a request: their secrets, how often each may be called, and the record of deliveries.
import type { Clock, DeliveryRecord, Engine, Store, SecretSource } from "@sluice/core";
import { httpStatusOf, SluiceError } from "@sluice/protocol";
import type { SecretRef, WebhookManifest } from "@sluice/protocol";
import { Rates } from "../rate-limit.ts";
import { failureOf, markKey } from "./delivery.ts";
import type { DeployedHook, Incoming, Outcome } from "./delivery.ts";
import { verifySignature } from "./signatures.ts";

export interface HookLimits {
  /** Longest body of a delivery that is kept, to be looked at and delivered again. */
  readonly deliveryBodyBytesMax: number;
  /** Refused deliveries to one webhook in a minute that are recorded. */
  readonly refusedDeliveriesPerMinuteMax: number;
}

export interface HookDeskParts {
  readonly engine: Engine;
  readonly store: Pick<Store, "triggers">;
  readonly clock: Clock;
  readonly secrets: SecretSource;
  readonly limits: HookLimits;
}

/** Proof of who somebody is: not recorded. */
const secretHeaders: ReadonlySet<string> = new Set([
  "authorization",
  "cookie",
  "proxy-authorization",
  "x-api-key",
  "x-auth-token",
  "x-sluice-signature",
  "x-hub-signature",
  "x-hub-signature-256",
  "stripe-signature",
  "x-slack-signature",
]);
const minuteMs = 60_000;

/** What a request to a webhook was, when it is recorded. */
export interface Arrived {
  readonly incoming: Pick<Incoming, "kind" | "of" | "method" | "path" | "query" | "headers" | "deliveryId">;
  readonly raw: Uint8Array | undefined;
  readonly address?: string | undefined;
  /** When it came: milliseconds since 1970. */
  readonly at: number;
}

export class HookDesk {
  readonly #parts: HookDeskParts;
  readonly #rates = new Map<string, { readonly rate: WebhookManifest["rate"]; readonly buckets: Rates }>();
  readonly #refusals: Rates;
  #deliveries = 0;
  #lastAt = 0;

  constructor(parts: HookDeskParts) {
    this.#parts = parts;
    const perMinute = parts.limits.refusedDeliveriesPerMinuteMax;
    this.#refusals = new Rates({
      clock: parts.clock,
      perSecond: perMinute / 60,
      capacity: perMinute,
      entriesMax: refusedHooksMax,
    });
  }

  /** Throws `trigger_paused` or `too_many_requests`. */
  admit({ record, manifest: { rate } }: DeployedHook): void {
    if (record.paused) {
      throw new SluiceError({
        code: "trigger_paused",
        message: "This webhook is paused.",
        hint: "Send it again later.",
        details: { retryAfterMs: minuteMs },
      });
    }
    if (rate === undefined) return;
    const waitMs = this.#bucketsOf(record.id, rate).take("");
    if (waitMs === 0) return;
    throw new SluiceError({
      code: "too_many_requests",
      message: `This webhook takes ${rate.count} requests in ${rate.per} ms.`,
      details: { retryAfterMs: waitMs },
    });
  }

  #bucketsOf(id: string, rate: NonNullable<WebhookManifest["rate"]>): Rates {
    const known = this.#rates.get(id);
    if (known?.rate?.count === rate.count && known.rate.per === rate.per) return known.buckets;
    const perSecond = (rate.count * 1_000) / rate.per;
    const buckets = new Rates({ clock: this.#parts.clock, perSecond, capacity: rate.count, entriesMax: 1 });
    this.#rates.set(id, { rate, buckets });
    return buckets;
  }

  /** The sender's name for a delivery that is signed well. Throws `unauthorized`, or `unavailable` where the secret is missing. */
  async verify({ manifest, record }: DeployedHook, headers: Headers, raw: Uint8Array): Promise<string | undefined> {
    const { secret, secretRef } = manifest;
    if (secret === undefined && secretRef === undefined) return undefined;
    const known = secret ?? (secretRef && (await this.#parts.secrets.read(secretRef)));
    if (known === undefined) {
      // Where it should be is for those who look at the trigger, not for whoever calls.
      await this.#parts.engine.triggers.ail(record.id, new Error(`Its secret is not there: ${placeOf(secretRef)}.`));
      throw new SluiceError({
        code: "unavailable",
        message: "The secret of this webhook is not there, so nobody is let in.",
        hint: "Whoever runs the server sees at the trigger where it should be.",
      });
    }
    if (record.failures > 0) await this.#parts.engine.triggers.ail(record.id, undefined);
    return verifySignature(manifest, known, { headers, raw, now: this.#parts.clock.now() });
  }

  /** The run that a delivery of this name has started. */
  async seen({ record }: DeployedHook, deliveryId: string): Promise<string | undefined> {
    const [mark] = await this.#parts.store.triggers.findMarks({ trigger: record.id, keys: [markKey(deliveryId)] });
    return mark?.run;
  }

  /** Writes down what became of a request; the id of the record. */
  async record(hook: DeployedHook, arrived: Arrived, ended: Outcome & { readonly code: number }): Promise<string> {
    const { engine, store } = this.#parts;
    const { deliveryId, kind } = arrived.incoming;
    const { status, run, code } = ended;
    const keep = { run: run?.id, expiresAt: arrived.at + engine.limits.triggerSeenMs };
    const delivery = this.#recordOf(hook, arrived, { status, code, run: run?.id, error: undefined });
    const marks = kind === "live" && deliveryId !== undefined && run !== undefined;
    await store.triggers.recordDelivery({
      by: { kind: "webhook", id: hook.record.id },
      delivery,
      ...(marks ? { mark: { key: markKey(deliveryId), ...keep } } : {}),
    });
    this.#changed(hook);
    return delivery.id;
  }

  /** Writes down a request that was refused, unless there are too many of them. */
  async recordFailure(hook: DeployedHook, arrived: Arrived, thrown: unknown): Promise<string | undefined> {
    const { status, error } = failureOf(thrown);
    // Whoever may not come in must not be able to fill the disk.
    if (arrived.incoming.kind === "live" && this.#refusals.take(hook.record.id) > 0) return undefined;
    const { code, message } = error;
    const about = { status, code: httpStatusOf(code), run: undefined, error: JSON.stringify({ code, message }) };
    const known = code !== "unauthorized" && code !== "too_many_requests";
    const delivery = this.#recordOf(hook, known ? arrived : { ...arrived, raw: undefined }, about);
    await this.#parts.store.triggers.recordDelivery({ by: { kind: "webhook", id: hook.record.id }, delivery });
    this.#changed(hook);
    return delivery.id;
  }

  #changed({ record }: DeployedHook): void {
    const { changes } = this.#parts.engine;
    if (changes.heard) changes.note("triggers", record.workflow);
  }

  #recordOf(
    { record }: DeployedHook,
    { incoming, raw, address, at }: Arrived,
    about: Pick<DeliveryRecord, "status" | "code" | "run" | "error">,
  ): DeliveryRecord {
    const { clock, limits } = this.#parts;
    const headers = [...incoming.headers].filter(([name]) => !secretHeaders.has(name));
    // What a workflow keeps encrypted is not kept here in the clear.
    const sealed = this.#parts.engine.sealer.wants(record.workflow);
    const kept = raw !== undefined && raw.length <= limits.deliveryBodyBytesMax && !sealed;
    return {
      id: this.#nextId(),
      trigger: record.id,
      workflow: record.workflow,
      at,
      kind: incoming.kind,
      ...(incoming.of === undefined ? {} : { of: incoming.of }),
      method: incoming.method,
      path: incoming.path,
      query: incoming.query,
      headers: JSON.stringify(Object.fromEntries(headers)),
      ...(kept ? { body: raw } : {}),
      bytes: raw?.length ?? 0,
      ...(address === undefined ? {} : { address }),
      tookMs: Math.max(0, clock.now() - at),
      ...withoutUndefined(about),
    };
  }

  /** Grows with time, and within a millisecond by a count: lists go by it. */
  #nextId(): string {
    const now = Math.max(this.#lastAt, this.#parts.clock.now());
    this.#deliveries = now === this.#lastAt ? this.#deliveries + 1 : 0;
    this.#lastAt = now;
    const random = Buffer.from(crypto.getRandomValues(new Uint8Array(5))).toString("hex");
    return `dlv_${now.toString(36).padStart(9, "0")}${this.#deliveries.toString(36).padStart(4, "0")}${random}`;
  }
}

function placeOf(ref: SecretRef | undefined): string {
  return ref === undefined ? "nowhere" : `${ref.from} ${ref.name}`;
}

/** Webhooks whose refusals are counted apart. */
const refusedHooksMax = 1_000;

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
