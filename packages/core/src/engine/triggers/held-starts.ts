// What a trigger holds back: lets it go when it is due, as far as the limits of its workflow take it. One that has to wait, or
// cannot be opened, holds up none of those behind it.
import { SluiceError } from "@sluice/protocol";
import type { Result } from "../../kernel/result.ts";
import type { NewRun, RunFlow } from "../../kernel/run-store.ts";
import type { AdvanceOutcome, HeldStart, Occurrence, TriggerRecord, TriggerStore } from "../../kernel/trigger-store.ts";
import type { Begun } from "../sealing.ts";
import type { TriggerParts } from "./live-trigger.ts";

export type Advance = Parameters<TriggerStore["advanceTrigger"]>[0];
export type Advanced = Extract<AdvanceOutcome, { readonly outcome: "ok" }>;

/** The run that an input is sealed for, with what its row has of the key, and the gates that were read from the input. */
export interface SealedStart extends Pick<Begun, "row"> {
  readonly id: string;
  readonly flow: RunFlow | undefined;
}

/** An input as it is stored, and what to call once it is committed (or was not). */
export interface Kept {
  readonly input: Uint8Array;
  readonly sealed?: SealedStart | undefined;
  readonly release: () => void;
}

/** Occurrences that a limit of the workflow has turned away, and when it is asked again (milliseconds since 1970). */
export interface WaitingStarts {
  readonly count: number;
  readonly retryAt: number;
}

/** The trigger whose starts are held. */
export interface Holder {
  readonly workflow: string;
  readonly record: () => TriggerRecord;
  readonly stopped: () => boolean;
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly commit: (p: Pick<Advance, "occurrences" | "release">) => Promise<Result<Advanced>>;
  readonly keep: (input: Uint8Array) => Promise<Kept>;
  readonly run: (input: Uint8Array, sealed?: SealedStart) => NewRun;
}

/** Let go in one commit. */
const batchMax = 100;
/** A limit that may take one sooner is asked after this long, for each thousand that are looked at. */
const refusedRetryMsMin = 100;
const lookedPerPause = 1_000;

/** One look at everything that is due. */
interface Look {
  readonly now: number;
  /** Rate limits that took no more: who waits for the same one need not be asked. */
  readonly full: Set<string>;
  looked: number;
  refused: { readonly count: number; readonly retryAt: number } | undefined;
  unread: { readonly count: number; readonly error: unknown } | undefined;
}

export class HeldStarts {
  readonly #parts: TriggerParts;
  readonly #of: Holder;
  #cancel: (() => void) | undefined;
  #waiting: WaitingStarts | undefined;
  /** Those that could not be opened, and when that is tried again. */
  #unread: WaitingStarts | undefined;
  /** What was due by then has been looked at, and not before `#notBefore` again. */
  #lookedUntil = 0;
  #notBefore = 0;

  constructor(parts: TriggerParts, of: Holder) {
    this.#parts = parts;
    this.#of = of;
  }

  /** Undefined while no limit holds anything back. */
  get waiting(): WaitingStarts | undefined {
    return this.#waiting;
  }

  stop(): void {
    this.#cancel?.();
  }

  /** Begins to wait for what is held; also after a restart. To be called in turn. */
  async arm(): Promise<void> {
    const { clock, log, limits } = this.#parts.engine;
    const trigger = this.#of.record().id;
    this.#cancel?.();
    if (this.#of.stopped() || this.#of.record().paused) return;
    const dueAt = await this.#dueAt();
    if (dueAt === undefined || this.#of.stopped()) return;
    this.#cancel = clock.after(Math.max(0, dueAt - clock.now()), () => {
      void this.#of
        .inTurn(() => this.#release())
        .catch((error: unknown) => {
          log("error", "what a trigger holds could not be let go yet", { trigger, error: String(error) });
          this.#cancel = clock.after(limits.reloadDelayMs, () => void this.#of.inTurn(() => this.arm()));
        });
    });
  }

  /** When something may be let go. */
  async #dueAt(): Promise<number | undefined> {
    const { store } = this.#parts;
    const trigger = this.#of.record().id;
    const left = Math.min(this.#waiting?.retryAt ?? Infinity, this.#unread?.retryAt ?? Infinity);
    if (left === Infinity) return (await store.listHeld({ trigger, limit: 1 }))[0]?.dueAt;
    // One limit for all takes the oldest first: what comes due meanwhile stands behind it.
    if (this.#waiting !== undefined && !this.#isKeyed) return left;
    const [next] = await store.listHeld({ trigger, limit: 1, after: { dueAt: this.#lookedUntil } });
    return Math.max(this.#notBefore, Math.min(left, next?.dueAt ?? left));
  }

  /** Lets go what is due, as far as limits of the workflow take it; the rest is held on, in the order in which it came. */
  async #release(): Promise<void> {
    // It may have been paused since: then it is armed again when it is resumed.
    if (this.#of.stopped() || this.#of.record().paused) return;
    const { engine, store } = this.#parts;
    const trigger = this.#of.record().id;
    const now = engine.clock.now();
    const look: Look = { now, full: new Set(), looked: 0, refused: undefined, unread: undefined };
    for (let after: { readonly dueAt: number; readonly key: string } | undefined; ;) {
      const page = await store.listHeld({ trigger, limit: batchMax, ...(after === undefined ? {} : { after }) });
      const due = page.filter(({ dueAt }) => dueAt <= now);
      if (due.length > 0) await this.#letGo(due, look);
      after = due.at(-1);
      const goesOn = look.refused === undefined || this.#isKeyed;
      if (after === undefined || due.length < batchMax || !goesOn || this.#of.stopped()) break;
    }
    this.#lookedUntil = now;
    this.#notBefore = engine.clock.now() + pauseMs(look.looked);
    this.#noteUnread(look.unread);
    if (look.refused === undefined) this.#waiting = undefined;
    else await this.#wait(look.refused);
    await this.arm();
  }

  /** Gives what was held its runs. What cannot be opened now waits on, or goes where its key was erased. */
  async #letGo(held: readonly HeldStart[], look: Look): Promise<void> {
    const releases: (() => void)[] = [];
    try {
      const occurrences: Occurrence[] = [];
      const release: string[] = [];
      for (const each of held) {
        look.looked++;
        let run: NewRun | undefined;
        try {
          run = await this.#runOf(each, releases);
        } catch (error) {
          look.unread = { count: (look.unread?.count ?? 0) + 1, error };
          continue;
        }
        if (run === undefined) release.push(each.key);
        else if (!look.full.has(rateOf(run))) occurrences.push({ held: each.key, run });
      }
      if (occurrences.length === 0 && release.length === 0) return;
      const done = await this.#of.commit({ occurrences, release });
      if (!done.ok) throw new Error(done.error.message);
      this.#noteFull(look, occurrences, done.value);
    } finally {
      for (const free of releases) free();
    }
  }

  #noteFull(look: Look, asked: readonly Occurrence[], { created, refused }: Advanced): void {
    if (refused === undefined) return;
    const { count = 0, retryAt = Infinity } = look.refused ?? {};
    look.refused = { count: count + refused.count, retryAt: Math.min(retryAt, refused.retryAt) };
    const begun = new Set(created.map(({ id }) => id));
    for (const { run } of asked) if (!begun.has(run.id) && rateOf(run) !== "") look.full.add(rateOf(run));
  }

  /** The run of what was held; undefined where it was erased. Throws `payload_unreadable` while its key is not here. */
  async #runOf(
    { input, run: id, payloadKey }: HeldStart,
    releases: (() => void)[],
  ): Promise<Occurrence["run"] | undefined> {
    const { engine, starts } = this.#parts;
    const { deployments, sealer, values } = engine;
    const { workflow } = this.#of;
    if (id === undefined || payloadKey === undefined) {
      if (!sealer.wants(workflow)) return this.#of.run(input);
      // It was held before its workflow was encrypted.
      const kept = await this.#of.keep(await values.load(input));
      releases.push(kept.release);
      return this.#of.run(kept.input, kept.sealed);
    }
    const opened = await values.find(input);
    if (opened instanceof SluiceError) {
      if (opened.code !== "payload_erased") throw opened;
      return undefined;
    }
    if (!sealer.wants(workflow)) {
      const { stored, release } = await values.keep(opened);
      releases.push(release);
      return this.#of.run(stored);
    }
    const current = deployments.workflow(workflow);
    const flow = current === undefined ? undefined : starts.flowOf(current, opened);
    return this.#of.run(input, { id, row: { payloadKey }, flow });
  }

  /** True where a limit that turns one away may take the next. */
  get #isKeyed(): boolean {
    const flow = this.#parts.engine.deployments.workflow(this.#of.workflow)?.manifest.flow;
    return flow?.rateLimit?.key !== undefined;
  }

  /** Remembers that a limit has turned some away. To be called in turn. */
  async noteRefused(refused: NonNullable<Advanced["refused"]>): Promise<void> {
    await this.#wait({ ...refused, retryAt: Math.min(refused.retryAt, this.#waiting?.retryAt ?? Infinity) });
    await this.arm();
  }

  async #wait({ retryAt, count }: NonNullable<Advanced["refused"]>): Promise<void> {
    const { engine, store } = this.#parts;
    const trigger = this.#of.record().id;
    const isNew = this.#waiting === undefined;
    const held = await store.countHeld({ trigger });
    const asked = Math.max(retryAt, this.#notBefore, engine.clock.now() + refusedRetryMsMin);
    this.#waiting = { count: held, retryAt: asked };
    if (isNew) engine.log("warn", "a limit makes occurrences of a trigger wait", { trigger, count, retryAt });
  }

  #noteUnread(unread: Look["unread"]): void {
    const { clock, limits, log } = this.#parts.engine;
    if (unread !== undefined && unread.count !== this.#unread?.count) {
      const { count, error } = unread;
      const about = { trigger: this.#of.record().id, count, error: String(error) };
      log("error", "what a trigger holds cannot be opened yet", about);
    }
    this.#unread =
      unread === undefined ? undefined : { count: unread.count, retryAt: clock.now() + limits.reloadDelayMs };
  }
}

/** The window of the rate limit that a start counts in; empty for none. */
function rateOf({ flow }: NewRun): string {
  return flow?.admission?.rate?.id ?? "";
}

/** A look at many is not taken as often as one at few. */
function pauseMs(looked: number): number {
  return refusedRetryMsMin * Math.ceil(looked / lookedPerPause);
}
