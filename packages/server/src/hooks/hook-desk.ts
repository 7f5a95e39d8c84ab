// What webhooks need beside a request: their secrets, how often each may be called, and the record of deliveries.
import type { Clock, DeliveryRecord, Engine, Store, SecretSource } from "@sluice/core";
import { httpStatusOf, SluiceError } from "@sluice/protocol";
import type { ErrorCode, SecretRef, WebhookManifest } from "@sluice/protocol";
import { Rates } from "../rate-limit.ts";
import { failureOf, markKey } from "./delivery.ts";
import type { DeployedHook, Incoming, Outcome } from "./delivery.ts";
import { isSecretHeader } from "./secret-headers.ts";
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

/** Refusals whose words are always the same. Others may quote the payload that they found something wrong with. */
const sayingNothing: ReadonlySet<ErrorCode> = new Set([
  "unauthorized",
  "too_many_requests",
  "trigger_paused",
  "unavailable",
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

  /** Throws `trigger_paused`, and `too_many_requests` where nobody has to sign. */
  admit(hook: DeployedHook): void {
    if (hook.record.paused) {
      throw new SluiceError({
        code: "trigger_paused",
        message: "This webhook is paused.",
        hint: "Send it again later.",
        details: { retryAfterMs: minuteMs },
      });
    }
    if (!isSigned(hook)) this.#count(hook);
  }

  #count({ record, manifest: { rate } }: DeployedHook): void {
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

  /**
   * The sender's name for a delivery that is signed well. Throws `unauthorized`, `unavailable` where the secret is missing, and
   * `too_many_requests`: only what is signed well counts, or whoever may not come in could use up what its sender may send.
   */
  async verify(hook: DeployedHook, headers: Headers, raw: Uint8Array): Promise<string | undefined> {
    if (!isSigned(hook)) return undefined;
    const { manifest, record } = hook;
    const { secret, secretRef } = manifest;
    const known = secret ?? (secretRef && (await this.#parts.secrets.read(secretRef)));
    if (known === undefined) {
      // Where it should be is for those who look at the trigger, not for whoever calls; and no caller makes it be written again.
      const missing = new Error(`Its secret is not there: ${placeOf(secretRef)}.`);
      if (record.failures === 0) await this.#parts.engine.triggers.ail(record.id, missing);
      throw new SluiceError({
        code: "unavailable",
        message: "The secret of this webhook is not there, so nobody is let in.",
        hint: "Whoever runs the server sees at the trigger where it should be.",
      });
    }
    if (record.failures > 0) await this.#parts.engine.triggers.ail(record.id, undefined);
    const deliveryId = await verifySignature(manifest, known, { headers, raw, now: this.#parts.clock.now() });
    this.#count(hook);
    return deliveryId;
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
    const { code } = error;
    const quotes = this.#isSealed(hook) && !sayingNothing.has(code);
    const message = quotes ? "What was wrong is not kept: the workflow is encrypted." : error.message;
    const about = { status, code: httpStatusOf(code), run: undefined, error: JSON.stringify({ code, message }) };
    const known = code !== "unauthorized" && code !== "too_many_requests";
    const delivery = this.#recordOf(hook, known ? arrived : { ...arrived, raw: undefined }, about);
    await this.#parts.store.triggers.recordDelivery({ by: { kind: "webhook", id: hook.record.id }, delivery });
    this.#changed(hook);
    return delivery.id;
  }

  #isSealed({ record }: DeployedHook): boolean {
    return this.#parts.engine.sealer.wants(record.workflow);
  }

  #changed({ record }: DeployedHook): void {
    const { changes } = this.#parts.engine;
    if (changes.heard) changes.note("triggers", record.workflow);
  }

  #recordOf(
    hook: DeployedHook,
    { incoming, raw, address, at }: Arrived,
    about: Pick<DeliveryRecord, "status" | "code" | "run" | "error">,
  ): DeliveryRecord {
    const { clock, limits } = this.#parts;
    const { record, manifest } = hook;
    // What a workflow keeps encrypted is not kept here in the clear: not as body, and not where else a request has it.
    const sealed = this.#isSealed(hook);
    const headers = sealed ? [] : [...incoming.headers].filter(([name]) => !isSecretHeader(manifest, name));
    const kept = raw !== undefined && raw.length <= limits.deliveryBodyBytesMax && !sealed;
    return {
      id: this.#nextId(),
      trigger: record.id,
      workflow: record.workflow,
      at,
      kind: incoming.kind,
      ...(incoming.of === undefined ? {} : { of: incoming.of }),
      method: incoming.method,
      path: sealed ? manifest.path : incoming.path,
      query: sealed ? "" : incoming.query,
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

function isSigned({ manifest: { secret, secretRef } }: DeployedHook): boolean {
  return secret !== undefined || secretRef !== undefined;
}

function placeOf(ref: SecretRef | undefined): string {
  return ref === undefined ? "nowhere" : `${ref.from} ${ref.name}`;
}

/** Webhooks whose refusals are counted apart. */
const refusedHooksMax = 1_000;

function withoutUndefined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;
}
