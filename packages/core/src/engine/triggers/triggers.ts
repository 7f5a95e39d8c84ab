// The triggers of the deployed code: keeps each at its work, and lets people look at them and stop them.
import { encodeError } from "@sluice/protocol";
import type { EventManifest, PollManifest, TriggerVerdict, WorkflowManifest } from "@sluice/protocol";
import { cleaner } from "../../kernel/inner-actor.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import { sees } from "../../kernel/patterns.ts";
import type { AccessFilter, Actor } from "../../kernel/run-store.ts";
import type { Happening, Report, TriggerSink, TriggerSource } from "../../kernel/trigger-source.ts";
import type { TriggerMark, TriggerRecord } from "../../kernel/trigger-store.ts";
import type { Started } from "../starts.ts";
import { EventTriggerRun } from "./event-triggers.ts";
import { LiveTrigger } from "./live-trigger.ts";
import type { WaitingStarts } from "./held-starts.ts";
import type { TriggerParts } from "./live-trigger.ts";
import { Poll } from "./polls.ts";
import { isKept, triggerId, triggerKind } from "./trigger-names.ts";
import type { KeptManifest } from "./trigger-names.ts";

/** What is known of one trigger. */
export interface DeployedTrigger {
  readonly record: TriggerRecord;
  readonly manifest: KeptManifest;
  /** Place in its workflow's list. */
  readonly index: number;
  /** Occurrences that a limit of its workflow has turned away, and when it is asked again (milliseconds since 1970). */
  readonly waiting: WaitingStarts | undefined;
}

const system: Actor = { kind: "system", id: "triggers" };
const marksPageMax = 1_000;

export class Triggers implements TriggerSink {
  readonly #parts: TriggerParts;
  readonly #sources: readonly TriggerSource[];
  readonly #live = new Map<string, LiveTrigger>();
  readonly #polls = new Map<string, Poll>();
  readonly #events = new Map<string, EventTriggerRun>();
  #unlisten: (() => void) | undefined;

  constructor(parts: TriggerParts, sources: readonly TriggerSource[]) {
    this.#parts = parts;
    this.#sources = sources;
  }

  /** Makes the triggers be those of these workflows. */
  async deploy(workflows: readonly WorkflowManifest[]): Promise<void> {
    const { engine, store } = this.#parts;
    const now = engine.clock.now();
    const found = workflows.flatMap(({ name, triggers }) =>
      triggers.flatMap((manifest, index) => (isKept(manifest) ? [{ workflow: name, manifest, index }] : [])),
    );
    const records = await store.putTriggers({
      by: system,
      workflows: workflows.map(({ name }) => name),
      triggers: found.map(({ workflow, manifest }) => ({
        id: triggerId(workflow, manifest),
        workflow,
        kind: triggerKind(manifest),
        createdAt: now,
      })),
      now,
    });
    const byId = new Map(records.map((record) => [record.id, record]));
    // What is under way may still commit once; what replaces it then begins from there.
    void this.#rest();
    for (const each of found) {
      const record = byId.get(triggerId(each.workflow, each.manifest));
      if (record !== undefined) this.#live.set(record.id, new LiveTrigger(this.#parts, { ...each, record }));
    }
    this.#begin();
  }

  /** Ends the work of all that are live. */
  async #rest(): Promise<void> {
    this.#unlisten?.();
    this.#unlisten = undefined;
    for (const poll of this.#polls.values()) poll.stop();
    for (const event of this.#events.values()) event.stop();
    const live = [...this.#live.values()];
    this.#live.clear();
    this.#polls.clear();
    this.#events.clear();
    await Promise.all(live.map((each) => each.stop()));
  }

  #begin(): void {
    const { engine } = this.#parts;
    for (const live of this.#live.values()) {
      const { id } = live.record;
      if (live.manifest.type === "poll") this.#polls.set(id, new Poll(this.#parts, live as LiveTrigger<PollManifest>));
      if (live.manifest.type === "event")
        this.#events.set(id, new EventTriggerRun(this.#parts, live as LiveTrigger<EventManifest>));
    }
    if (this.#events.size > 0) {
      this.#unlisten = engine.changes.listen((noun, name) => {
        if (noun !== "events") return;
        for (const event of this.#events.values())
          if (name === undefined || event.live.manifest.event === name) event.look();
      });
    }
    for (const live of this.#live.values()) this.#resume(live);
    this.#tellSources();
  }

  #resume(live: LiveTrigger): void {
    const { id } = live.record;
    this.#polls.get(id)?.arm();
    this.#events.get(id)?.look();
    void live
      .resumeHeld()
      .catch((error: unknown) =>
        this.#parts.engine.log("error", "a trigger could not go on", { trigger: id, error: String(error) }),
      );
  }

  #tellSources(): void {
    for (const source of this.#sources) source.watch(this.#watchedBy(source), this);
    const known = new Set(this.#sources.map(({ source }) => source));
    for (const { manifest, record } of this.#live.values()) {
      if (manifest.type !== "source" || known.has(manifest.source)) continue;
      void this.ail(record.id, new Error(`This server has no source ${manifest.source} to watch for it.`));
    }
  }

  #watchedBy({ source }: TriggerSource): Parameters<TriggerSource["watch"]>[0] {
    return [...this.#live.values()].flatMap(({ manifest, record }) =>
      manifest.type === "source" && manifest.source === source && !record.paused
        ? [{ id: record.id, workflow: record.workflow, config: manifest.config, createdAt: record.createdAt }]
        : [],
    );
  }

  list(access?: AccessFilter): readonly DeployedTrigger[] {
    return [...this.#live.values()].filter(({ record }) => sees(access, record.workflow));
  }

  get(id: string): DeployedTrigger | undefined {
    return this.#live.get(id);
  }

  async setPaused(by: Actor, id: string, paused: boolean): Promise<Result<DeployedTrigger>> {
    const { engine, store } = this.#parts;
    const live = this.#live.get(id);
    if (live === undefined) return unknownTrigger(id);
    const record = await live.inTurn(() =>
      store.setTriggerPaused({ by, trigger: id, paused, now: engine.clock.now() }),
    );
    if (record === undefined) return unknownTrigger(id);
    live.record = record;
    if (engine.changes.heard) engine.changes.note("triggers", live.workflow);
    if (paused) this.#polls.get(id)?.stop();
    else this.#resume(live);
    this.#tellSources();
    return ok(live);
  }

  /** Looks now, whatever its times. Refused for triggers that wait to be told. */
  async pollNow(id: string): Promise<Result<DeployedTrigger>> {
    const live = this.#live.get(id);
    const poll = this.#polls.get(id);
    if (live === undefined) return unknownTrigger(id);
    if (poll === undefined || live.record.paused) {
      const why = poll === undefined ? "is no poll" : "is paused";
      return fail({ code: "conflict", message: `The trigger ${id} ${why}.` });
    }
    poll.stop();
    const polled = await live.inTurn(() => poll.poll());
    poll.arm();
    if (polled === "no_worker") return fail({ code: "no_worker", message: "No worker is up to poll." });
    return ok(live);
  }

  /** What the functions of a trigger say about a value; a trigger without functions is not to be asked. */
  async ask(id: string, value: Uint8Array): Promise<Result<TriggerVerdict>> {
    const { engine, invocations } = this.#parts;
    const live = this.#live.get(id);
    if (live === undefined) return unknownTrigger(id);
    const { workflow, index } = live;
    const answer = await invocations.ask({ workflow, trigger: index, value, ms: engine.limits.triggerTimeoutMs });
    if (!answer.ok) return answer;
    const { verdict } = answer.value;
    return verdict === undefined
      ? fail({ code: "trigger_failed", message: "The worker did not judge it." })
      : ok(verdict);
  }

  /** Starts a run through a form. */
  async startByHand(p: {
    readonly by: Actor;
    readonly trigger: string;
    readonly values: Uint8Array;
    readonly key?: string | undefined;
  }): Promise<Result<Started>> {
    const live = this.#live.get(p.trigger);
    if (live === undefined) return unknownTrigger(p.trigger);
    if (live.manifest.type !== "manual")
      return fail({ code: "conflict", message: `The trigger ${p.trigger} is not one that people start.` });
    const judged = live.manifest.calls === true ? await this.ask(p.trigger, p.values) : undefined;
    if (judged?.ok === false) return judged;
    const verdict = judged?.value;
    if (verdict?.verdict === "invalid") return invalidForm(live.workflow, verdict.issues);
    const input = verdict?.verdict === "start" ? verdict.input : p.values;
    return this.#parts.starts.start({ by: p.by, workflow: live.workflow, input, key: p.key });
  }

  async report({ trigger, happenings, marks, forget, passing }: Report): ReturnType<TriggerSink["report"]> {
    const { engine, store } = this.#parts;
    const live = this.#live.get(trigger);
    if (live === undefined) return unknownTrigger(trigger);
    return live.inTurn(async () => {
      const known = await store.findMarks({ trigger, keys: happenings.map(({ key }) => key) });
      const seen = new Map(known.map((mark) => [mark.key, mark]));
      const fresh = happenings.filter((each) => !isSeen(seen.get(each.key), each));
      const expiry = passing === true ? { expiresAt: engine.clock.now() + engine.limits.triggerSeenMs } : {};
      const entered = await live.enter(
        fresh.map((each) => ({ ...each, ...expiry })),
        { marks, forget, progress: { lookedAt: engine.clock.now(), failures: 0, error: null } },
      );
      if (!entered.ok) return entered;
      return ok({ started: entered.value.created.length, duplicates: happenings.length - fresh.length });
    });
  }

  async marks(trigger: string): Promise<ReadonlyMap<string, TriggerMark>> {
    const all = new Map<string, TriggerMark>();
    for (let after: string | undefined; ;) {
      const page = await this.#parts.store.listMarks({ trigger, after, limit: marksPageMax });
      for (const mark of page) all.set(mark.key, mark);
      after = page.at(-1)?.key;
      if (page.length < marksPageMax) return all;
    }
  }

  async ail(trigger: string, error: Error | undefined): Promise<void> {
    const live = this.#live.get(trigger);
    if (live === undefined || (error === undefined && live.record.failures === 0)) return;
    await live.inTurn(async () => {
      const failures = error === undefined ? 0 : live.record.failures + 1;
      const shown = error === undefined ? null : encodeError(error);
      await live.advance({ occurrences: [], progress: { failures, error: shown } });
    });
  }

  /** Lets go of what is too old. */
  async sweep(): Promise<number> {
    const { engine, store } = this.#parts;
    const { sweepBatchMax, deliveryRetentionMs, deliveriesKeptMax } = engine.limits;
    let total = 0;
    for (;;) {
      const now = engine.clock.now();
      const kept = { deliveriesBefore: now - deliveryRetentionMs, keep: deliveriesKeptMax };
      const { swept } = await store.sweepTriggers({ by: cleaner, now, ...kept, limit: sweepBatchMax });
      total += swept;
      if (swept < sweepBatchMax || engine.draining()) return total;
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#sources.map((source) => source.stop()));
    await this.#rest();
  }
}

function isSeen(mark: TriggerMark | undefined, happening: Happening): boolean {
  return mark !== undefined && mark.mark === happening.mark;
}

function unknownTrigger(id: string): Result<never> {
  return fail({
    code: "trigger_not_found",
    message: `There is no trigger ${JSON.stringify(id)}.`,
    hint: "`sluice triggers list` names them.",
  });
}

function invalidForm(
  workflow: string,
  issues: readonly { readonly path: string; readonly message: string }[],
): Result<never> {
  return fail({
    code: "invalid_input",
    message: `The form of ${workflow} is not filled in well: ${issues.map(({ path, message }) => `${path} ${message}`.trim()).join("; ")}`,
    details: issues,
  });
}
