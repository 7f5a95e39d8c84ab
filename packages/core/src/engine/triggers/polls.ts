// Polls: a worker calls the function, what it found gets runs and moves the cursor in one commit, failures make it wait longer.
import { encodeErrorValue, encodeValue, decodeValue } from "@sluice/protocol";
import type { PollFound, PollManifest, WireError } from "@sluice/protocol";
import type { TriggerMark } from "../../kernel/trigger-store.ts";
import type { Entering, LiveTrigger, TriggerParts } from "./live-trigger.ts";

/** A pause doubles so often before it stays at its longest. */
const doublingsMax = 20;
/** While no worker is up nothing is polled; it is looked again this much later. */
const noWorkerDelayMs = 1_000;

export class Poll {
  readonly #parts: TriggerParts;
  readonly live: LiveTrigger<PollManifest>;
  #cancel: (() => void) | undefined;

  constructor(parts: TriggerParts, live: LiveTrigger<PollManifest>) {
    this.#parts = parts;
    this.live = live;
  }

  /** Waits for its time; at once where that has passed. */
  arm(): void {
    const { clock } = this.#parts.engine;
    this.#armIn((this.live.record.nextAt ?? 0) - clock.now());
  }

  #armIn(ms: number): void {
    this.#cancel?.();
    if (this.live.stopped || this.live.record.paused) return;
    this.#cancel = this.#parts.engine.clock.after(Math.max(0, ms), () => void this.#turn());
  }

  stop(): void {
    this.#cancel?.();
  }

  async #turn(): Promise<void> {
    const { engine } = this.#parts;
    const { id } = this.live.record;
    try {
      const polled = await this.live.inTurn(() => this.poll());
      if (polled === "no_worker") this.#armIn(noWorkerDelayMs);
      else this.arm();
    } catch (error) {
      engine.log("error", "a poll could not be carried out yet", { trigger: id, error: String(error) });
      this.#armIn(engine.limits.reloadDelayMs);
    }
  }

  /** Looks once. To be called in turn. */
  async poll(): Promise<"polled" | "failed" | "no_worker"> {
    const { live } = this;
    const { manifest, workflow, index, record } = live;
    if (live.stopped || record.paused) return "polled";
    const cursor = record.cursor === undefined ? {} : { cursor: decodeValue(record.cursor) };
    const value = encodeValue(cursor);
    const answer = await this.#parts.invocations.ask({ workflow, trigger: index, value, ms: manifest.timeout });
    if (live.stopped) return "polled";
    if (!answer.ok && answer.error.code === "no_worker") return "no_worker";
    const { found } = answer.ok ? answer.value : { found: undefined };
    const failure = found === undefined ? (answer.ok ? unexpected : answer.error) : await this.#take(found);
    if (failure === undefined) return "polled";
    await this.#failed(failure);
    return "failed";
  }

  /** Undefined when everything found is durable. */
  async #take(found: PollFound): Promise<WireError | undefined> {
    const { engine, store } = this.#parts;
    const { live } = this;
    const { limits, clock } = engine;
    const now = clock.now();
    const byId = new Map(found.items.map((item) => [item.id, item]));
    const known = await store.findMarks({ trigger: live.record.id, keys: [...byId.keys()] });
    for (const { key } of known) byId.delete(key);
    const expiresAt = now + limits.triggerSeenMs;
    const entering = [...byId.values()].map(({ id, input }): Entering => ({ key: id, input, expiresAt }));
    const entered = await live.enter(entering, {
      marks: known.filter((mark) => isFading(mark, now, limits.triggerSeenMs)).map(({ key }) => ({ key, expiresAt })),
      progress: {
        cursor: found.cursor,
        lookedAt: now,
        nextAt: now + (found.more === true ? 0 : live.manifest.every),
        failures: 0,
        error: null,
      },
    });
    return entered.ok || entered.error.code === "conflict" ? undefined : entered.error;
  }

  async #failed(error: WireError): Promise<void> {
    const { engine } = this.#parts;
    const { live } = this;
    const { every, backoffMax } = live.manifest;
    const failures = live.record.failures + 1;
    const now = engine.clock.now();
    const delayMs = Math.max(every, Math.min(backoffMax, every * 2 ** Math.min(failures, doublingsMax)));
    engine.log("warn", "a poll failed", { trigger: live.record.id, failures, error: error.message });
    const kept = encodeErrorValue({ name: "Error", message: error.message, code: error.code });
    await live.advance({
      occurrences: [],
      progress: { failures, error: kept, lookedAt: now, nextAt: now + delayMs },
    });
  }
}

const unexpected: WireError = { code: "trigger_failed", message: "The worker answered a poll without its result." };

/** Something that is still found would be taken for new once its mark has gone. */
function isFading({ expiresAt }: TriggerMark, now: number, keptMs: number): boolean {
  return expiresAt !== undefined && expiresAt - now < keptMs / 2;
}
