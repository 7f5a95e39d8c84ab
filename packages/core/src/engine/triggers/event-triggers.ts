// Event triggers: go through stored events in the order of their numbers, and note the number in the commit that makes the
// runs, so that each event starts its run once, whatever crashes.
import { encodeErrorValue } from "@sluice/protocol";
import type { EventManifest, WireError } from "@sluice/protocol";
import { containing } from "../../kernel/match.ts";
import type { EventRecord } from "../../kernel/run-store.ts";
import type { Entering, LiveTrigger, TriggerParts } from "./live-trigger.ts";

export class EventTriggerRun {
  readonly #parts: TriggerParts;
  readonly live: LiveTrigger<EventManifest>;
  #cancel: (() => void) | undefined;
  #wanted = false;

  constructor(parts: TriggerParts, live: LiveTrigger<EventManifest>) {
    this.#parts = parts;
    this.live = live;
  }

  /** Looks for events soon. */
  look(): void {
    if (this.#wanted) return;
    this.#wanted = true;
    void this.live
      .inTurn(async () => {
        this.#wanted = false;
        return this.#drain();
      })
      .catch((error: unknown) => this.#retry(error));
  }

  stop(): void {
    this.#cancel?.();
  }

  #retry(error: unknown): void {
    const { engine } = this.#parts;
    engine.log("error", "an event trigger could not go on yet", { trigger: this.live.record.id, error: String(error) });
    this.#lookIn(engine.limits.reloadDelayMs);
  }

  #lookIn(ms: number): void {
    this.#cancel?.();
    if (!this.live.stopped) this.#cancel = this.#parts.engine.clock.after(ms, () => this.look());
  }

  async #drain(): Promise<void> {
    const { engine } = this.#parts;
    const { live } = this;
    const limit = engine.limits.triggerBatchMax;
    for (;;) {
      if (live.stopped || live.record.paused) return;
      const after = live.record.position;
      const events = await engine.store.listEvents({ name: live.manifest.event, after, limit });
      const last = events.at(-1);
      if (last === undefined) return;
      const entering: Entering[] = [];
      for (const event of events) {
        const taken = await this.#take(event);
        if (taken !== undefined && "code" in taken) return this.#stuck(taken);
        if (taken !== undefined) entering.push(taken);
      }
      // What was passed over stays to be seen; what it was stuck on is over.
      const over = live.record.failures > 0 ? { error: null } : {};
      const progress = { position: last.id, lookedAt: engine.clock.now(), failures: 0, ...over };
      const entered = await live.enter(entering, { progress });
      if (!entered.ok && entered.error.code !== "conflict") return this.#stuck(entered.error);
    }
  }

  /** What an event becomes; undefined when it is not for this trigger. An error is one that passes: the event waits. */
  async #take(event: EventRecord): Promise<Entering | WireError | undefined> {
    const { engine, invocations } = this.#parts;
    const { key, match, calls } = this.live.manifest;
    if (key !== undefined && event.key !== key) return undefined;
    if (match === undefined && calls !== true) return { input: await engine.values.load(event.payload) };
    const payload = await engine.values.load(event.payload);
    if (!containing(payload)(match)) return undefined;
    if (calls !== true) return { input: payload };
    const { workflow, index } = this.live;
    const ms = engine.limits.triggerTimeoutMs;
    const answer = await invocations.ask({ workflow, trigger: index, value: payload, ms });
    if (!answer.ok) {
      if (answer.error.code === "no_worker") return answer.error;
      return this.#passOver(event, answer.error.message);
    }
    const { verdict } = answer.value;
    if (verdict?.verdict === "start") return { input: verdict.input };
    if (verdict?.verdict === "invalid")
      return this.#passOver(event, verdict.issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; "));
    return undefined;
  }

  /** An event that its functions cannot take starts nothing; the log says why. */
  #passOver(event: EventRecord, why: string): undefined {
    const { log } = this.#parts.engine;
    log("warn", "an event started no run", { trigger: this.live.record.id, event: event.id, error: why });
    return undefined;
  }

  /** It cannot go on now; nothing is lost. */
  async #stuck(error: WireError): Promise<void> {
    const { engine } = this.#parts;
    const { live } = this;
    if (live.stopped) return;
    if (error.code !== "no_worker") {
      const kept = encodeErrorValue({ name: "Error", message: error.message, code: error.code });
      await live.advance({ occurrences: [], progress: { failures: live.record.failures + 1, error: kept } });
    }
    this.#lookIn(stuckDelayMs);
    engine.log("warn", "an event trigger waits", { trigger: live.record.id, error: error.message });
  }
}

const stuckDelayMs = 1_000;
