// One deployed trigger as the engine has it in memory: what its code says, how far it has got, and its turn: what changes it
// happens one after the other, since each advance is made for the state before it.
import { encodeError, SluiceError } from "@sluice/protocol";
import type { TriggerDebounce } from "@sluice/protocol";
import type { Result } from "../../kernel/result.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { AdvanceOutcome, HeldStart, Occurrence, TriggerRecord, TriggerStore } from "../../kernel/trigger-store.ts";
import type { EngineParts } from "../parts.ts";
import type { RunFlow } from "../../kernel/run-store.ts";
import type { Begun } from "../sealing.ts";
import type { Starts } from "../starts.ts";
import type { Invocations } from "./invocations.ts";
import type { KeptManifest } from "./trigger-names.ts";
import { valueAt } from "./value-path.ts";

/** What the kinds of triggers share. */
export interface TriggerParts {
  readonly engine: EngineParts;
  readonly starts: Starts;
  readonly store: TriggerStore;
  readonly invocations: Invocations;
}

/** One occurrence on its way to a run; `input` is encoded, `content` decoded on demand. */
export interface Entering {
  readonly key?: string | undefined;
  readonly mark?: string | undefined;
  readonly expiresAt?: number | undefined;
  readonly input: Uint8Array;
}

/** One that was let in: `input` as it is stored, and where that is sealed, what could not be read from it any more. */
interface Placed extends Entering {
  readonly sealed?: SealedStart | undefined;
}

/** The run that an input is sealed for, with what its row has of the key, and the gates that were read from the input. */
interface SealedStart extends Pick<Begun, "row"> {
  readonly id: string;
  readonly flow: RunFlow | undefined;
}

type Advance = Parameters<TriggerStore["advanceTrigger"]>[0];
export type Advanced = Extract<AdvanceOutcome, { readonly outcome: "ok" }>;
type Rest = Pick<Advance, "marks" | "forget" | "progress">;

/** Held starts let go in one commit, and looked at in one turn. */
const releaseBatchMax = 100;
const releaseLookMax = 1_000;
/** A limit that may take one sooner is asked after this long. */
const refusedRetryMsMin = 100;

/** Occurrences that a limit of the workflow has turned away, and when it is asked again (milliseconds since 1970). */
export interface WaitingStarts {
  readonly count: number;
  readonly retryAt: number;
}

export class LiveTrigger<M extends KeptManifest = KeptManifest> {
  readonly manifest: M;
  readonly workflow: string;
  /** Place in its workflow's list. */
  readonly index: number;
  record: TriggerRecord;
  readonly #parts: TriggerParts;
  #turn: Promise<unknown> = Promise.resolve();
  #cancelHeld: (() => void) | undefined;
  #waiting: WaitingStarts | undefined;
  #stopped = false;

  constructor(
    parts: TriggerParts,
    p: { readonly manifest: M; readonly workflow: string; readonly index: number; readonly record: TriggerRecord },
  ) {
    this.#parts = parts;
    this.manifest = p.manifest;
    this.workflow = p.workflow;
    this.index = p.index;
    this.record = p.record;
  }

  get stopped(): boolean {
    return this.#stopped || this.#parts.engine.draining();
  }

  /** Undefined while no limit holds anything back. */
  get waiting(): WaitingStarts | undefined {
    return this.#waiting;
  }

  /** Does something that changes it, after what was asked for before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /** Ends its timers and waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelHeld?.();
    await this.#turn;
  }

  /**
   * Lets occurrences in: each gets a run, or is held back until it has been quiet. To be called in turn. An input that the
   * workflow's schema refuses gets none, and the last of them is the trigger's error. One that a limit of the workflow turns away
   * waits; when too many do, nothing is let in.
   */
  async enter(entering: readonly Entering[], rest: Rest = {}): Promise<Result<Advanced>> {
    const crowded = this.#parts.starts.crowded();
    if (entering.length > 0 && crowded !== undefined) return crowded;
    if (entering.length > 0 && this.#isFull) return tooMany(this.workflow, this.#waiting?.count ?? 0);
    const releases: (() => void)[] = [];
    try {
      const good: Placed[] = [];
      const marks = [...(rest.marks ?? [])];
      let refused: Error | undefined;
      for (const each of entering) {
        const checked = await this.#parts.starts.check(this.workflow, each.input);
        if (!checked.ok && checked.error.code !== "invalid_input" && checked.error.code !== "payload_too_large")
          return checked;
        if (checked.ok) {
          const { placed, release } = await this.#keep(each, checked.value);
          releases.push(release);
          good.push(placed);
          continue;
        }
        refused = new Error(checked.error.message);
        if (each.key !== undefined) marks.push({ key: each.key, mark: each.mark, expiresAt: each.expiresAt });
      }
      const shown = refused === undefined ? {} : { error: encodeError(refused) };
      return await this.#place(good, { ...rest, marks, progress: { ...rest.progress, ...shown } });
    } finally {
      for (const release of releases) release();
    }
  }

  /** One that is good, with its input as it is stored. */
  async #keep(each: Entering, input: Uint8Array): Promise<{ readonly placed: Placed; readonly release: () => void }> {
    const { ids, sealer, values, deployments } = this.#parts.engine;
    const begun = sealer.begin(this.workflow);
    if (begun === undefined) {
      const { stored, release } = await values.keep(input);
      return { placed: { ...each, input: stored }, release };
    }
    const id = ids.run();
    const current = deployments.workflow(this.workflow);
    const flow = current === undefined ? undefined : this.#parts.starts.flowOf(current, input);
    const { stored, release } = await values.keep(begun.seal.seal({ run: id, field: "input" }, input));
    return { placed: { ...each, input: stored, sealed: { id, row: begun.row, flow } }, release };
  }

  async #place(good: readonly Placed[], rest: Rest): Promise<Result<Advanced>> {
    const debounce = "debounce" in this.manifest ? this.manifest.debounce : undefined;
    if (debounce === undefined) {
      const occurrences = good.map(({ key, mark, expiresAt, input, sealed }) => ({
        key,
        mark,
        expiresAt,
        run: this.#run(input, sealed),
      }));
      return this.advance({ ...rest, occurrences });
    }
    const hold = await this.#held(good, debounce);
    const seen = good.flatMap(({ key, mark, expiresAt }) => (key === undefined ? [] : [{ key, mark, expiresAt }]));
    const advanced = await this.advance({ ...rest, marks: [...(rest.marks ?? []), ...seen], hold, occurrences: [] });
    if (advanced.ok) await this.#armHeld();
    return advanced;
  }

  get #isFull(): boolean {
    return (this.#waiting?.count ?? 0) >= this.#parts.engine.limits.triggerWaitingMax;
  }

  #run(input: Uint8Array, sealed?: SealedStart): Occurrence["run"] {
    const { engine, starts } = this.#parts;
    const current = engine.deployments.workflow(this.workflow);
    if (current === undefined) throw new Error(`the workflow ${this.workflow} of a live trigger is not deployed`);
    const by = { kind: "trigger", id: this.record.id } as const;
    return starts.newRun(
      { by, workflow: this.workflow, input },
      { current, input, now: engine.clock.now(), ...sealed, begun: sealed },
    );
  }

  /** What is held under each key after these. */
  async #held(good: readonly Placed[], debounce: TriggerDebounce): Promise<readonly HeldStart[]> {
    const { engine, store } = this.#parts;
    const now = engine.clock.now();
    const keyed: Pick<HeldStart, "key" | "input" | "run" | "payloadKey" | "newKey">[] = [];
    for (const { input, sealed } of good) {
      const key = debounce.key === undefined ? "" : valueAt(await engine.values.load(input), debounce.key);
      keyed.push({ key, input, ...(sealed === undefined ? {} : { run: sealed.id, ...sealed.row }) });
    }
    const keys = [...new Set(keyed.map(({ key }) => key))];
    const held = new Map<string, HeldStart>();
    for (const each of await store.findHeld({ trigger: this.record.id, keys })) held.set(each.key, each);
    for (const { key, ...content } of keyed) {
      const before = held.get(key);
      const firstAt = before?.firstAt ?? now;
      const latest = debounce.max === undefined ? Number.MAX_SAFE_INTEGER : firstAt + debounce.max;
      const dueAt = Math.min(now + debounce.wait, latest);
      held.set(key, { key, firstAt, dueAt, count: (before?.count ?? 0) + 1, ...content });
    }
    return [...held.values()];
  }

  /** Begins to wait for what is held; also after a restart. */
  async #armHeld(): Promise<void> {
    const { engine, store } = this.#parts;
    this.#cancelHeld?.();
    if (this.#stopped || this.record.paused) return;
    const [first] = await store.listHeld({ trigger: this.record.id, limit: 1 });
    if (first === undefined || this.#stopped) return;
    const dueAt = Math.max(first.dueAt, this.#waiting?.retryAt ?? 0);
    this.#cancelHeld = engine.clock.after(Math.max(0, dueAt - engine.clock.now()), () => {
      void this.inTurn(() => this.#release()).catch((error: unknown) => {
        engine.log("error", "what a trigger holds could not be let go yet", {
          trigger: this.record.id,
          error: String(error),
        });
        this.#cancelHeld = engine.clock.after(engine.limits.reloadDelayMs, () => void this.resumeHeld());
      });
    });
  }

  /** Takes up what was held before. */
  async resumeHeld(): Promise<void> {
    await this.inTurn(() => this.#armHeld());
  }

  /** Lets go what is due, as far as limits of the workflow take it; the rest is held on, in the order in which it came. */
  async #release(): Promise<void> {
    if (this.stopped) return;
    const { engine, store } = this.#parts;
    const trigger = this.record.id;
    const held = await store.listHeld({ trigger, limit: releaseLookMax });
    const due = held.filter(({ dueAt }) => dueAt <= engine.clock.now());
    let refused: Advanced["refused"];
    for (let at = 0; at < due.length && (refused === undefined || this.#isKeyed); at += releaseBatchMax) {
      const some = due.slice(at, at + releaseBatchMax);
      const done = await this.#letGo(some);
      if (!done.ok) throw new Error(done.error.message);
      refused = done.value.refused ?? refused;
    }
    if (refused === undefined) this.#waiting = undefined;
    await this.#armHeld();
  }

  /** Gives what was held its runs. What cannot be opened any more waits on, or goes where its key was erased. */
  async #letGo(held: readonly HeldStart[]): Promise<Result<Advanced>> {
    const releases: (() => void)[] = [];
    try {
      const occurrences: Occurrence[] = [];
      const release: string[] = [];
      for (const each of held) {
        const run = await this.#runHeld(each, releases);
        if (run === undefined) release.push(each.key);
        else occurrences.push({ held: each.key, run });
      }
      return await this.advance({ occurrences, release });
    } finally {
      for (const free of releases) free();
    }
  }

  /** The run of what was held; undefined where it was erased. Throws `payload_unreadable` while its key is not here. */
  async #runHeld(
    { input, run: id, payloadKey }: HeldStart,
    releases: (() => void)[],
  ): Promise<Occurrence["run"] | undefined> {
    const { deployments, sealer, values } = this.#parts.engine;
    if (id === undefined || payloadKey === undefined) {
      if (!sealer.wants(this.workflow)) return this.#run(input);
      // It was held before its workflow was encrypted.
      const { placed, release } = await this.#keep({ input }, await values.load(input));
      releases.push(release);
      return this.#run(placed.input, placed.sealed);
    }
    const opened = await values.find(input);
    if (opened instanceof SluiceError) {
      if (opened.code !== "payload_erased") throw opened;
      return undefined;
    }
    if (!sealer.wants(this.workflow)) {
      const { stored, release } = await values.keep(opened);
      releases.push(release);
      return this.#run(stored);
    }
    const current = deployments.workflow(this.workflow);
    const flow = current === undefined ? undefined : this.#parts.starts.flowOf(current, opened);
    return this.#run(input, { id, row: { payloadKey }, flow });
  }

  /** True where a limit that turns one away may take the next. */
  get #isKeyed(): boolean {
    const flow = this.#parts.engine.deployments.workflow(this.workflow)?.manifest.flow;
    return flow?.rateLimit?.key !== undefined;
  }

  /** Remembers that a limit has turned some away. */
  async #noteRefused({ retryAt, count }: NonNullable<Advanced["refused"]>): Promise<void> {
    const { engine, store } = this.#parts;
    const before = this.#waiting;
    const held = await store.countHeld({ trigger: this.record.id });
    const asked = Math.max(retryAt, engine.clock.now() + refusedRetryMsMin);
    this.#waiting = { count: held, retryAt: asked };
    if (before === undefined)
      engine.log("warn", "a limit makes occurrences of a trigger wait", { trigger: this.record.id, count, retryAt });
    await this.#armHeld();
  }

  /** Commits what it is given, on top of the state that is known; starts over from the stored one where that is another. */
  async advance(p: Omit<Advance, "by" | "trigger" | "expect" | "now">): Promise<Result<Advanced>> {
    const { engine, store } = this.#parts;
    const { id } = this.record;
    const now = engine.clock.now();
    const outcome = await store.advanceTrigger({
      ...p,
      by: { kind: "trigger", id },
      trigger: id,
      expect: this.record.version,
      now,
    });
    if (outcome.outcome === "stale") {
      const stored = (await store.listTriggers()).find((each) => each.id === id);
      if (stored !== undefined) this.record = stored;
      return fail({ code: "conflict", message: `The trigger ${id} has been changed meanwhile.` });
    }
    this.record = outcome.trigger;
    if (outcome.refused !== undefined) await this.#noteRefused(outcome.refused);
    for (const _run of outcome.created) engine.count("runs_started");
    engine.route(outcome.effects);
    if (engine.changes.heard) {
      for (const run of outcome.created) engine.changes.note("runs", run.id);
      engine.changes.note("triggers", this.workflow);
    }
    return ok(outcome);
  }
}

function tooMany(workflow: string, count: number): Result<never> {
  return fail({
    code: "queue_full",
    message: `${count} occurrences wait for a limit of ${workflow}; no more are taken until some have begun (triggerWaitingMax).`,
    hint: "A higher rateLimit, or throttle in its place, lets runs begin sooner.",
  });
}
