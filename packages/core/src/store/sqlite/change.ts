// What one verb does to runs besides the one it is about, collected while it works, and the rules by which one change
// leads to others: entries settle, runs become ready, runs end and take their locks and children with them.
import {
  encodeErrorValue,
  encodeValue,
  isFinalStatus,
  type BlockedOp,
  type CancelNotice,
  type FinalRunStatus,
  type RunEvent,
  type RunStatusReason,
} from "@sluice/protocol";
import type { Delivery, Effects, FinishedRun } from "../../kernel/run-store.ts";
import { closePending } from "./flow/pending.ts";
import { readiness, runFlags, type Run } from "./run-row.ts";
import type { Tables } from "./tables.ts";
import type { Wait } from "./waits.ts";

export interface End {
  readonly status: FinalRunStatus;
  readonly reason?: RunStatusReason | undefined;
  readonly output?: Uint8Array | undefined;
  readonly error?: Uint8Array | undefined;
  readonly cause?: number | undefined;
  readonly continuedTo?: string | undefined;
}

/** How an entry settles: with a value, or with an error. */
export interface Settlement {
  readonly failed: boolean;
  readonly bytes: Uint8Array;
  /** As of when, where that is not now. */
  readonly at?: number;
}

const parentNotice: CancelNotice = {
  status: "cancelled",
  reason: "cancelled_by_parent",
  message: "The run that called this one has ended.",
};

export class Change {
  readonly t: Tables;
  readonly now: number;
  /** The run whose operations are applied: what happens to it goes to `events`, not to `deliveries`. */
  readonly self: Run | undefined;
  readonly events: RunEvent[] = [];
  ready = 0;
  #deliveries: Delivery[] | undefined;
  #finished: FinishedRun[] | undefined;
  #touched: Set<string> | undefined;
  #due: number | undefined;
  /** Children left to cancel; a queue, since each may have children of its own. */
  #orphans: string[] | undefined;

  constructor(t: Tables, now: number, self?: Run) {
    this.t = t;
    this.now = now;
    this.self = self;
    t.runs.now = now;
  }

  /** Notes that a timer was added. */
  addDue(due: number | null | undefined): void {
    if (due === undefined || due === null) return;
    if (this.#due === undefined || due < this.#due) this.#due = due;
  }

  touch(run: string): void {
    (this.#touched ??= new Set()).add(run);
  }

  /** Everything noted, after what was put off has been done. */
  effects(): Effects {
    this.cancelOrphans();
    this.#settleFlow();
    return {
      deliveries: this.#deliveries ?? [],
      finished: this.#finished ?? [],
      ready: this.ready,
      ...(this.#due === undefined ? {} : { due: this.#due }),
      touched: this.#touched === undefined ? [] : [...this.#touched],
    };
  }

  /** The same, or nothing when there is nothing to tell; `besides` is a finished run that need not be told. */
  effectsOrNothing(besides?: Run): Effects | undefined {
    this.cancelOrphans();
    this.#settleFlow();
    const finished = this.#finished?.filter((item) => item.run !== besides?.id) ?? [];
    if (finished.length > 0 || this.ready > 0 || this.#deliveries || this.#touched || this.#due !== undefined) {
      return { ...this.effects(), finished };
    }
    return undefined;
  }

  /** Counts what flow control lets through because of this change. */
  #settleFlow(): void {
    const { runs, flow } = this.t;
    if (runs.flowChanged) runs.flush();
    this.ready += flow.takeOpened();
    this.addDue(flow.takeDue());
  }

  /** Brings an event to the engine that holds the run, or makes the run ready to be claimed. */
  deliver(run: Run, event: RunEvent): void {
    if (run.owner === null) {
      this.touch(run.id);
      if (run.blocked === 0 && run.status !== "paused") this.makeReady(run);
      return;
    }
    if (run.status === "waiting" && (event.event === "settle" || event.event === "wake")) {
      if (this.#hasToQueue(run)) {
        this.#takeBack(run, run.owner);
        return;
      }
      run.status = "running";
      run.reason = null;
      this.t.runs.save(run);
    }
    if (run === this.self) this.events.push(event);
    else (this.#deliveries ??= []).push({ run: run.id, epoch: run.epoch, owner: run.owner, event });
  }

  /** True when a run that only waited in memory gave up its place for that, and others have taken it. */
  #hasToQueue(run: Run): boolean {
    if ((run.flags & runFlags.flow) === 0 || run === this.self) return false;
    if (run.cancel !== null || run.outcome !== null) return false;
    // Those that went on before it in this verb are counted first.
    if (this.t.runs.flowChanged) this.t.runs.flush();
    return !this.t.flow.mayGoOn(run.id, this.now);
  }

  /** Takes a run that may not go on out of an engine's memory. */
  #takeBack(run: Run, owner: string): void {
    (this.#deliveries ??= []).push({ run: run.id, epoch: run.epoch, owner, event: { event: "drop" } });
    this.disown(run);
    this.touch(run.id);
    if (run.pause === 1) {
      run.status = "paused";
      run.reason = "paused_by_user";
      run.pause = 0;
    } else this.makeReady(run);
  }

  /** Lets an unfinished run that nobody holds be claimed; one with an earlier run of its serial key has to wait for that. */
  makeReady(run: Run): void {
    if (run.ready !== readiness.no || isFinalStatus(run.status)) return;
    if (run.startedAt === null && (run.flags & runFlags.flow) !== 0) closePending(this.t, run);
    run.status = run.outcome === null ? "queued" : "undoing";
    run.reason = null;
    if (this.t.runs.isHeld(run)) {
      run.ready = readiness.held;
      this.t.runs.save(run);
    } else this.#admit(run);
  }

  /** Lets a run be claimed, or puts it into the line of the gates it has to pass. */
  #admit(run: Run): void {
    const gated = (run.flags & runFlags.flow) !== 0;
    const { flow, runs } = this.t;
    const inLine = gated && flow.enter({ id: run.id, begun: run.startedAt !== null }, this.now);
    run.ready = inLine ? readiness.inLine : readiness.claimable;
    if (!inLine) this.ready++;
    runs.save(run);
  }

  /** Takes a run out of memory: whoever still works on it has a past epoch from here on. */
  disown(run: Run): void {
    run.owner = null;
    run.epoch++;
    this.t.runs.save(run);
  }

  /** Parks a run until an operator acts. */
  block(run: Run, p: Pick<BlockedOp, "reason" | "error">): void {
    if (this.t.blobs.note(run.id, p.error)) this.t.runs.mark(run, runFlags.blobs);
    run.status = "waiting";
    run.blocked = 1;
    run.reason = p.reason;
    run.ready = 0;
    run.pause = 0;
    run.results = { output: null, error: p.error };
    this.disown(run);
  }

  /** Settles an open entry from outside its run. */
  settle(run: Run, seq: number, to: Settlement): void {
    const { at = this.now } = to;
    const { journal, waits, runs, blobs } = this.t;
    waits.delete(run.id, seq);
    if (!journal.settle(run.id, seq, { ...to, ord: run.ord + 1, now: at })) return;
    run.ord++;
    if (run.owner === null) runs.save(run);
    if (blobs.note(run.id, to.bytes)) runs.mark(run, runFlags.blobs);
    this.deliver(run, settleEvent({ seq, ord: run.ord, at }, to));
  }

  /** Settles the entry of a wait; nothing when its run has gone. */
  settleWait(wait: Wait, to: Settlement): void {
    const run = this.t.runs.get(wait.run);
    if (run === undefined) this.t.waits.delete(wait.run, wait.seq);
    else this.settle(run, wait.seq, to);
  }

  /** Ends a run for good: its waits, tokens and locks go, whoever waits for it goes on, its children are cancelled. */
  finish(run: Run, end: End): void {
    const { runs, waits, tokens } = this.t;
    run.status = end.status;
    run.reason = end.reason ?? null;
    run.cause = end.cause ?? null;
    run.owner = null;
    run.epoch++;
    run.ready = readiness.no;
    run.blocked = 0;
    run.pause = 0;
    run.endedAt = this.now;
    run.results = { output: end.output ?? null, error: end.error ?? null };
    if (run.changed) runs.flush();
    else runs.writeEnd(run);
    (this.#finished ??= []).push(finishedRun(run, end));
    if (run.flags !== 0 || run.serialKey !== null) {
      if ((run.flags & runFlags.waits) !== 0) waits.deleteAll(run.id);
      if ((run.flags & runFlags.tokens) !== 0) tokens.expireOfRun(run.id);
      if ((run.flags & runFlags.locks) !== 0) this.#releaseLocks(run);
      this.endFlights(run);
      if ((run.flags & runFlags.awaited) !== 0) this.#tellWaiting(run, end);
      if ((run.flags & runFlags.children) !== 0) (this.#orphans ??= []).push(...runs.children(run.id));
      if (run.serialKey !== null) this.#admitNext(run.serialKey);
    }
    if (run !== this.self) this.touch(run.id);
  }

  #releaseLocks(run: Run): void {
    for (const name of this.t.locks.heldBy(run.id)) {
      this.t.locks.free(name);
      this.grantNext(name);
    }
  }

  /** Gives a free lock to the oldest run that waits for it. */
  grantNext(name: string): void {
    const { waits, locks, runs } = this.t;
    const wait = waits.oldestOn(name, "lock");
    if (wait === undefined) return;
    const run = runs.get(wait.run);
    if (run === undefined) throw new Error(`run ${wait.run} waits for the lock ${name} and is not there`);
    const expiresAt = wait.ttl === null ? undefined : this.now + wait.ttl;
    const fence = locks.grant(name, run.id, { expiresAt, no: waits.nextNo(this.now) });
    runs.mark(run, runFlags.locks);
    this.settle(run, wait.seq, { failed: false, bytes: encodeValue({ fence }) });
    if (waits.oldestOn(name, "lock") !== undefined) this.addDue(expiresAt);
  }

  /** From here on this entry makes a result that others wait for. */
  beginFlight(run: Run, name: string, seq: number): void {
    this.t.stepCache.beginFlight(name, run.id, seq);
    this.t.runs.mark(run, runFlags.flights);
  }

  /** What a run is making it will not make any more, all of it or that of one entry: who waits longest goes on with it. */
  endFlights(run: Run, seq?: number): void {
    if ((run.flags & runFlags.flights) === 0) return;
    const { stepCache, waits, runs } = this.t;
    for (const flight of stepCache.flightsOf(run.id)) {
      if (seq !== undefined && flight.seq !== seq) continue;
      const next = waits.oldestOn(flight.name, "cache");
      const heir = next === undefined ? undefined : runs.get(next.run);
      stepCache.endFlight(flight.name);
      if (next === undefined || heir === undefined) continue;
      waits.delete(next.run, next.seq);
      this.beginFlight(heir, flight.name, next.seq);
      this.deliver(heir, { event: "wake", seq: next.seq });
    }
  }

  #tellWaiting(run: Run, end: End): void {
    const to = childSettlement(end);
    for (const wait of this.t.waits.on(run.id, "child")) this.settleWait(wait, to);
  }

  #admitNext(serialKey: string): void {
    const { runs } = this.t;
    const next = runs.firstOfSerialKey(serialKey);
    const run = next === undefined ? undefined : runs.get(next);
    if (run === undefined || run.ready !== readiness.held || runs.isHeld(run)) return;
    this.#admit(run);
  }

  /**
   * Cancels the child of an open call that is given up, when the verb has done its work. Only the very call that made it gives
   * it up: another one may have found it by its key and still wait.
   */
  orphanOf(run: Run, seq: number): void {
    const child = this.childOf(run, seq);
    if (child !== undefined) (this.#orphans ??= []).push(child);
  }

  /** The child that an open call made and waits for. */
  childOf(run: Run, seq: number): string | undefined {
    const wait = this.t.waits.get(run.id, seq);
    if (wait?.kind !== "child" || wait.ref === null) return undefined;
    return this.t.runs.isChild(wait.ref, run.id, seq) ? wait.ref : undefined;
  }

  cancelOrphans(): void {
    for (let id = this.#orphans?.shift(); id !== undefined; id = this.#orphans?.shift()) {
      const run = this.t.runs.get(id);
      if (run === undefined || isFinalStatus(run.status)) continue;
      this.cancel(
        run,
        parentNotice,
        encodeErrorValue({ name: "CancelledError", message: parentNotice.message, code: "cancelled" }),
      );
    }
  }

  /** Ends an unfinished run early: now, or through its undos, or by telling the engine that holds it. */
  cancel(run: Run, notice: CancelNotice, error: Uint8Array): void {
    const { runs } = this.t;
    // Asked for again, a cancellation that its code could not carry out gets another chance.
    const underWay = run.cancel !== null && run.blocked === 0;
    if (underWay || run.outcome !== null) return;
    if (run.owner === null && run.undos === 0) {
      this.finish(run, { status: notice.status, reason: notice.reason, error });
      return;
    }
    run.cancel = JSON.stringify(notice);
    runs.save(run);
    if (run.owner !== null) {
      this.deliver(run, { event: "cancel", ...notice });
      return;
    }
    if (run.blocked === 1) run.results = { output: null, error: null };
    run.blocked = 0;
    this.touch(run.id);
    this.makeReady(run);
  }

  /** Puts back those of a serial key that may no longer be claimed because an earlier run of it is unfinished again. */
  holdLater(run: Run): void {
    const { runs } = this.t;
    if (run.serialKey === null || run.ready === readiness.held) return;
    for (const id of runs.laterReady({ id: run.id, createdAt: run.createdAt, serialKey: run.serialKey })) {
      const later = runs.get(id);
      if (later === undefined) continue;
      later.ready = readiness.held;
      runs.save(later);
    }
  }
}

/** What the engine is told of a settled entry; `silent` leaves out the result, which the worker made itself. */
export function settleEvent(
  { seq, ord, at }: { readonly seq: number; readonly ord: number; readonly at: number },
  to: Settlement & { readonly silent?: boolean },
): RunEvent {
  const { failed } = to;
  const event = { event: "settle", seq, ord, status: failed ? "failed" : "completed", at } as const;
  if (to.silent === true) return event;
  return failed ? { ...event, error: to.bytes } : { ...event, value: to.bytes };
}

/** What the caller of a child run sees when it has ended. */
export function childSettlement(end: End): Settlement {
  if (end.status === "completed") return { failed: false, bytes: end.output ?? encodeValue(undefined) };
  return { failed: true, bytes: end.error ?? missingError(end.status) };
}

function missingError(status: FinalRunStatus): Uint8Array {
  return encodeErrorValue({
    name: "SluiceError",
    message: `The child run ended ${status}.`,
    code: status === "failed" ? "child_failed" : "child_cancelled",
  });
}

function finishedRun(run: Run, end: End): FinishedRun {
  return {
    run: run.id,
    workflow: run.workflow,
    status: end.status,
    ...(end.output === undefined ? {} : { output: end.output }),
    ...(end.error === undefined ? {} : { error: end.error }),
    ...(end.reason === undefined ? {} : { reason: end.reason }),
    ...(end.continuedTo === undefined ? {} : { continuedTo: end.continuedTo }),
  };
}
