// The account that is kept outside of engine, worker and store, and survives their crashes: what effects were executed, what
// workflows saw, what clients were promised.
import type { StepContext } from "@sluice/sdk";
import type { Effect, Host, Life, Witness } from "./life.suite.ts";
import { digest } from "./interpreter.suite.ts";
import type { StepNode } from "./program.suite.ts";
import type { Recorder } from "./recorder.suite.ts";

/** A body guarded by a lock that some incarnation is in. */
interface Guarded {
  readonly path: string;
  readonly name: string;
  readonly fence: number;
  readonly ttlMs: number | undefined;
}

interface OpenEffect {
  readonly life: Life;
  readonly fence: number;
}

/** What somebody who started a run was told of it. */
interface Promised {
  readonly workflow: string;
  readonly key: string | undefined;
  readonly input: string;
  /** It may have been part of a run with another key. */
  readonly shared: boolean;
}

export class Ledger implements Witness {
  /** Executions of steps and undos that began. */
  effects = 0;
  /** Results that workflows saw. */
  sights = 0;
  /** Runs that were acknowledged, with what was promised. */
  readonly acknowledged = new Map<string, Promised>();
  /** Undos that were carried out, as `run:number`. */
  readonly undone = new Set<string>();
  /** Schedules that were paused while things went wrong: they do not catch up on that time. */
  readonly pausedSchedules = new Set<string>();
  /** Wall time at which a run first saw a result, by run and place. */
  readonly firstSeen = new Map<string, number>();
  readonly outside: number[] = [];
  /** Numbers of the events for triggers that an engine has acknowledged. */
  readonly rang: number[] = [];
  readonly #fail: (what: string) => void;
  readonly #trace: ((line: () => string) => void) | undefined;
  readonly #recorder: Recorder;
  /** What each attempt of a run saw, in order. */
  readonly #seen = new Map<string, string[]>();
  readonly #begun = new Set<string>();
  /** Tasks that were given out, with their epochs. */
  readonly #given = new Set<string>();
  readonly #guarded = new Map<Life, Guarded[]>();
  readonly #critical = new Map<string, Set<OpenEffect>>();
  readonly #fences = new Map<string, number>();
  #events = 0;

  constructor(recorder: Recorder, fail: (what: string) => void, trace: ((line: () => string) => void) | undefined) {
    this.#recorder = recorder;
    this.#fail = fail;
    this.#trace = trace;
  }

  holds(run: string, epoch: number): boolean {
    const model = this.#recorder.runs.get(run);
    return model?.owner !== undefined && model.epoch === epoch;
  }

  #isCurrent(life: Life): boolean {
    return this.holds(life.run, life.epoch);
  }

  saw(life: Life, path: string, what: string): void {
    if (life.host.dead) return;
    const line = `${path} ${what}`;
    this.#trace?.(() => `saw  ${life.run} epoch ${life.epoch}: ${line}`);
    if (life.parked) {
      this.#fail(`run ${life.run} epoch ${life.epoch} had given itself up and saw ${line}`);
      return;
    }
    if (life.check) return;
    this.sights++;
    this.#settleUnsure(life);
    const at = life.seen++;
    const seq = life.steps.get(path);
    if (seq !== undefined && life.unsure === undefined && !this.#isSure(life, seq)) life.unsure = { seq, lines: [] };
    if (life.unsure === undefined) this.#compare(life, at, line);
    else life.unsure.lines.push({ at, line });
  }

  /** What an incarnation that has lost its run sees may be the result of nothing but its own. */
  #isSure(life: Life, seq: number): boolean {
    return this.#isCurrent(life) && this.#isDurable(life, seq);
  }

  #isDurable(life: Life, seq: number): boolean {
    return this.#recorder.runs.get(life.run)?.settled.has(seq) ?? false;
  }

  /** The result of a last step may be seen before it is durable; whatever is done with it has to wait until it is. */
  #settleUnsure(life: Life): void {
    const { unsure } = life;
    if (unsure === undefined || !this.#isSure(life, unsure.seq)) return;
    life.unsure = undefined;
    for (const { at, line } of unsure.lines) this.#compare(life, at, line);
  }

  #compare(life: Life, at: number, line: string): void {
    const slot = `${life.run}#${life.attempt}`;
    let seen = this.#seen.get(slot);
    if (seen === undefined) {
      seen = [];
      this.#seen.set(slot, seen);
    }
    const before = seen[at];
    if (before === undefined) {
      seen[at] = line;
      const place = `${life.run} ${line.slice(0, line.indexOf(" "))}`;
      if (!this.firstSeen.has(place)) this.firstSeen.set(place, life.host.now());
    } else if (before !== line)
      this.#fail(
        `run ${life.run} epoch ${life.epoch} saw "${line}" where an earlier incarnation saw "${before}" (${at})`,
      );
  }

  began(life: Life, node: StepNode, step: StepContext, undo?: { readonly result: unknown }): Effect {
    const seq = Number(step.idempotencyKey.split(":")[1]);
    this.effects++;
    if (undo === undefined) life.steps.set(node.path, seq);
    if (undo === undefined && node.breaker !== undefined) this.#recorder.watches?.begins(node.breaker.name);
    if (life.check) this.#fail(`the replay check of run ${life.run} executes ${node.path}`);
    if (life.unsure !== undefined && undo === undefined && !this.#isDurable(life, life.unsure.seq))
      this.#fail(
        `step ${node.path} of run ${life.run} begins before the one before it (${life.unsure.seq}) is durable`,
      );
    this.#trace?.(
      () =>
        `step ${life.run} epoch ${life.epoch}: ${undo === undefined ? "" : "undo "}${node.path} (${seq}) attempt ${step.attempt} begins`,
    );
    if (this.#isCurrent(life)) this.#checkBegin(life, { node, seq, attempt: step.attempt, undo });
    const ended = undo === undefined ? this.#openCritical(life, node) : undefined;
    return {
      attempt: step.attempt,
      end: (how) => {
        this.#trace?.(
          () =>
            `step ${life.run} epoch ${life.epoch}: ${undo === undefined ? "" : "undo "}${node.path} (${seq}) ${how}${life.host.dead ? " too late" : ""}`,
        );
        ended?.();
        if (undo !== undefined && how === "done" && !life.host.dead) this.undone.add(`${life.run}:${seq}`);
      },
    };
  }

  #checkBegin(
    life: Life,
    p: {
      readonly node: StepNode;
      readonly seq: number;
      readonly attempt: number;
      readonly undo: { readonly result: unknown } | undefined;
    },
  ): void {
    const { node, seq, attempt, undo } = p;
    const run = this.#recorder.runs.get(life.run);
    const settled = run?.settled.get(seq);
    const what = `${undo === undefined ? "step" : "undo"} ${node.path} of run ${life.run}`;
    if (settled !== undefined) this.#fail(`${what} begins again although it has ${settled} durably`);
    if (run?.final !== undefined) this.#fail(`${what} begins although the run has ended`);
    const once = `${life.run}:${seq}:${life.epoch}:${attempt}`;
    if (this.#begun.has(once)) this.#fail(`attempt ${attempt} of ${what} begins twice in epoch ${life.epoch}`);
    this.#begun.add(once);
    if (undo === undefined) return;
    const of = run?.settled.get(-seq - 1);
    const expected = of === "completed" ? digest(`did ${node.path}`) : digest(undefined);
    if (digest(undo.result) !== expected) this.#fail(`${what} got ${digest(undo.result)}, not ${expected}`);
  }

  entered(
    life: Life,
    path: string,
    lock: { readonly name: string; readonly fence: number; readonly ttlMs: number | undefined },
  ): () => void {
    const guarded: Guarded = { path, ...lock };
    const all = this.#guarded.get(life) ?? [];
    all.push(guarded);
    this.#guarded.set(life, all);
    return () => all.splice(all.indexOf(guarded), 1);
  }

  /** An effect inside of a lock: no other run's may be going on, and the fence is the highest so far. */
  #openCritical(life: Life, node: StepNode): (() => void) | undefined {
    const [base, ...items] = node.path.split("@");
    const guard = this.#guarded.get(life)?.find((each) => {
      const [at, ...of] = each.path.split("@");
      return `${base}.`.startsWith(`${at}.`) && items.join("@") === of.join("@");
    });
    if (guard === undefined || guard.ttlMs !== undefined || node.deaf || !this.#isCurrent(life)) return undefined;
    const { name, fence } = guard;
    const open = this.#critical.get(name) ?? new Set();
    this.#critical.set(name, open);
    for (const other of open) {
      if (other.life.run !== life.run && this.#isCurrent(other.life) && !other.life.host.dead)
        this.#fail(
          `run ${life.run} works inside lock ${name} (fence ${fence}) while run ${other.life.run} does (fence ${other.fence})`,
        );
    }
    const highest = this.#fences.get(name) ?? 0;
    if (fence < highest)
      this.#fail(`run ${life.run} works inside lock ${name} with fence ${fence} after fence ${highest}`);
    this.#fences.set(name, fence);
    const effect = { life, fence };
    open.add(effect);
    return () => open.delete(effect);
  }

  acted(host: Host, path: string): void {
    this.effects++;
    this.#trace?.(() => `task ${path} begins on ${host.name}`);
  }

  unacted(host: Host, path: string, key: string): () => void {
    this.effects++;
    const [run = "", seq = ""] = key.split(":");
    this.#trace?.(() => `task takes back ${path} (${run}:${seq}) on ${host.name}`);
    return () => void this.undone.add(`${run}:${seq}`);
  }

  given(task: string, epoch: number): void {
    const ticket = `${task} ${epoch}`;
    if (this.#given.has(ticket)) this.#fail(`task ${task} was given out twice under epoch ${epoch}`);
    this.#given.add(ticket);
  }

  emitId(life: Life, path: string): string {
    return `${life.run} ${path}`;
  }

  nextEvent(): number {
    return ++this.#events;
  }

  /** A client was told that a run exists. */
  promise(run: string, p: Promised): void {
    this.acknowledged.set(run, p);
  }

  /** Somebody who waited was told how a run ended. */
  told(run: string, end: string): void {
    const ends = this.#recorder.runs.get(run)?.ends ?? [];
    if (!ends.includes(end))
      this.#fail(`somebody was told that run ${run} ended as ${end}; it ended as ${ends.join(", ")}`);
  }
}
