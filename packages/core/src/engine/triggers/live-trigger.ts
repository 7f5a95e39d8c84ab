// One deployed trigger as the engine has it in memory: what its code says, how far it has got, and its turn: what changes it
// happens one after the other, since each advance is made for the state before it.
import { encodeError } from "@sluice/protocol";
import type { TriggerDebounce } from "@sluice/protocol";
import type { Result } from "../../kernel/result.ts";
import { fail, ok } from "../../kernel/result.ts";
import type { HeldStart, Occurrence, TriggerRecord, TriggerStore } from "../../kernel/trigger-store.ts";
import type { EngineParts } from "../parts.ts";
import type { Starts } from "../starts.ts";
import { HeldStarts } from "./held-starts.ts";
import type { Advance, Advanced, Kept, SealedStart, WaitingStarts } from "./held-starts.ts";
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

type Rest = Pick<Advance, "marks" | "forget" | "progress">;

export class LiveTrigger<M extends KeptManifest = KeptManifest> {
  readonly manifest: M;
  readonly workflow: string;
  /** Place in its workflow's list. */
  readonly index: number;
  record: TriggerRecord;
  readonly #parts: TriggerParts;
  #turn: Promise<unknown> = Promise.resolve();
  readonly #heldStarts: HeldStarts;
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
    this.#heldStarts = new HeldStarts(parts, {
      workflow: p.workflow,
      record: () => this.record,
      stopped: () => this.stopped,
      inTurn: (work) => this.inTurn(work),
      commit: (advance) => this.#commit(advance),
      keep: (input) => this.#keep(input),
      run: (input, sealed) => this.#run(input, sealed),
    });
  }

  get stopped(): boolean {
    return this.#stopped || this.#parts.engine.draining();
  }

  /** Undefined while no limit holds anything back. */
  get waiting(): WaitingStarts | undefined {
    return this.#heldStarts.waiting;
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
    this.#heldStarts.stop();
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
    if (entering.length > 0 && this.#isFull) return tooMany(this.workflow, this.waiting?.count ?? 0);
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
          const { input, sealed, release } = await this.#keep(checked.value);
          releases.push(release);
          good.push({ ...each, input, sealed });
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

  /** An input that is good, as it is stored. */
  async #keep(input: Uint8Array): Promise<Kept> {
    const { ids, sealer, values, deployments } = this.#parts.engine;
    const begun = sealer.begin(this.workflow);
    if (begun === undefined) {
      const { stored, release } = await values.keep(input);
      return { input: stored, release };
    }
    const id = ids.run();
    const current = deployments.workflow(this.workflow);
    const flow = current === undefined ? undefined : this.#parts.starts.flowOf(current, input);
    const { stored, release } = await values.keep(begun.seal.seal({ run: id, field: "input" }, input));
    return { input: stored, sealed: { id, row: begun.row, flow }, release };
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
    if (advanced.ok) await this.#heldStarts.arm();
    return advanced;
  }

  get #isFull(): boolean {
    return (this.waiting?.count ?? 0) >= this.#parts.engine.limits.triggerWaitingMax;
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

  /** Takes up what was held before. */
  async resumeHeld(): Promise<void> {
    await this.inTurn(() => this.#heldStarts.arm());
  }

  /** Commits what it is given, on top of the state that is known; starts over from the stored one where that is another. */
  async advance(p: Omit<Advance, "by" | "trigger" | "expect" | "now">): Promise<Result<Advanced>> {
    const done = await this.#commit(p);
    if (done.ok && done.value.refused !== undefined) await this.#heldStarts.noteRefused(done.value.refused);
    return done;
  }

  async #commit(p: Omit<Advance, "by" | "trigger" | "expect" | "now">): Promise<Result<Advanced>> {
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
