// A race of branches: the first to settle wins for good, the others are given up together with what they opened.
import { decodeValue, encodeValue } from "@sluice/protocol";
import type { Branches, Context } from "@sluice/sdk";
import type { Call, Place } from "./calls.ts";
import type { Incarnation } from "./incarnation.ts";
import { isRedo } from "./replay.ts";
import { Scope } from "./scope.ts";

/** Where a promise of a context comes from, so that a race can give up the call behind it. */
export const callOf = Symbol("sluice.call");
export interface CallPromise {
  [callOf]?: { readonly scope: Scope; readonly seq: number };
}

interface Settled {
  readonly winner: string;
  readonly failed: boolean;
  readonly value: unknown;
}

/** Runs the branches; resolves to `{winner, value}` once the choice is durable, or rejects with the winner's error. */
export function race(run: Incarnation, scope: Scope, branches: Branches): Promise<unknown> {
  const place = run.place("race", "race");
  if (place === undefined) return new Promise(() => undefined);
  return new Promise((resolve, reject) => {
    new Race(run, scope, place).start(branches, resolve, reject);
  });
}

class Race {
  readonly #run: Incarnation;
  readonly #scope: Scope;
  readonly #place: Place;
  readonly #scopes = new Map<string, Scope>();
  readonly #promised = new Map<string, { readonly scope: Scope; readonly seq: number }>();
  #settled: Settled | undefined;
  /** What was recorded, when it comes before a branch is through: one that still awaits something of its own. */
  #early: (() => void) | undefined;

  constructor(run: Incarnation, scope: Scope, place: Place) {
    this.#run = run;
    this.#scope = scope;
    this.#place = place;
  }

  start(branches: Branches, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    const call: Call = {
      seq: this.#place.seq,
      scope: this.#scope,
      wait: "waiting_for_event",
      isRace: true,
      settle: (settlement) => this.#deliver(settlement.value, resolve, reject),
      reject,
    };
    this.#run.open(call);
    for (const [name, branch] of Object.entries(branches)) {
      const outcome = typeof branch === "function" ? this.#branch(name, branch) : this.#promise(name, branch);
      outcome.then(
        (value) => this.#finish({ winner: name, failed: false, value }, call),
        (error: unknown) => this.#finish({ winner: name, failed: true, value: error }, call),
      );
    }
  }

  async #branch(name: string, branch: (ctx: Context) => Promise<unknown>): Promise<unknown> {
    const scope = new Scope(this.#scope);
    this.#scopes.set(name, scope);
    return branch(this.#run.host.makeContext(this.#run, scope));
  }

  #promise(name: string, branch: Promise<unknown>): Promise<unknown> {
    const source = (branch as CallPromise)[callOf];
    if (source !== undefined) this.#promised.set(name, source);
    return branch;
  }

  /** The first branch that settles wins; what it was is decided by the order of commits and is the same on replay. */
  #finish(settled: Settled, call: Call): void {
    if (this.#settled !== undefined || this.#run.isOver(this.#scope) || this.#run.refusal !== undefined) return;
    this.#settled = settled;
    call.wait = undefined;
    const losers: number[] = [];
    const reason = new Error(`Branch ${settled.winner} won the race.`);
    const locks: (readonly [name: string, fence: number])[] = [];
    for (const [name, scope] of this.#scopes) {
      if (name === settled.winner) continue;
      locks.push(...scope.heldLocks());
      losers.push(...scope.abandon(reason));
    }
    for (const [name, { scope, seq }] of this.#promised) {
      if (name !== settled.winner && scope.open.has(seq)) losers.push(seq);
    }
    this.#run.forget(losers, reason);
    this.#early?.();
    const { seq, name, n, entry } = this.#place;
    if (entry === undefined || entry.status !== "completed") {
      const value = encodeValue({ winner: settled.winner });
      this.#run.live(() => {
        if (this.#run.wants(seq)) this.#run.push({ op: "race", seq, name, n, value, losers }, false);
      });
    }
    for (const [lock, fence] of locks) this.#unlock(lock, fence);
  }

  /** Frees a lock that a lost branch held: nobody else would. */
  #unlock(name: string, fence: number): void {
    const place = this.#run.place("unlock", name);
    if (place === undefined) return;
    const { seq, n, entry } = place;
    const ignore = (): void => undefined;
    this.#run.open({ seq, scope: this.#scope, wait: undefined, settle: ignore, reject: ignore });
    if (entry === undefined || isRedo(entry))
      this.#run.live(() => this.#run.push({ op: "unlock", seq, name, n, fence }, false));
  }

  #deliver(
    recorded: Uint8Array | undefined,
    resolve: (value: unknown) => void,
    reject: (error: unknown) => void,
  ): void {
    const settled = this.#settled;
    const winner = recorded === undefined ? settled?.winner : winnerOf(recorded);
    if (settled === undefined) {
      this.#await(recorded, resolve, reject);
      return;
    }
    if (settled.winner !== winner) {
      this.#mismatch(winner);
      return;
    }
    if (settled.failed) reject(settled.value);
    else resolve({ winner: settled.winner, value: settled.value });
  }

  #await(recorded: Uint8Array | undefined, resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
    const { clock, limits } = this.#run.host;
    const stop = clock.after(limits.replayStallMs, () => {
      if (!this.#run.isOver(this.#scope)) this.#mismatch(recorded === undefined ? undefined : winnerOf(recorded));
    });
    this.#early = () => {
      stop();
      this.#deliver(recorded, resolve, reject);
    };
  }

  #mismatch(winner: string | undefined): void {
    const asked = `a race won by ${this.#settled?.winner ?? "nobody yet"}`;
    this.#run.mismatch(this.#place.seq, `a race won by ${winner}`, asked);
  }
}

function winnerOf(value: Uint8Array): string {
  return (decodeValue(value) as { winner: string }).winner;
}
