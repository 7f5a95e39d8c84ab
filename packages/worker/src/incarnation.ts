// One life of a run in a worker's memory: replays the journal, hands out results in commit order, collects operations.
import { decodeValue, encodeError } from "@sluice/protocol";
import type {
  EntryKind,
  FinishOp,
  JournalEntry,
  RunAssignment,
  RunEvent,
  RunOp,
  RunStatusReason,
  UndoingOp,
} from "@sluice/protocol";
import { CancelledError, NonDeterminismError } from "@sluice/sdk";
import type { Workflow } from "@sluice/sdk";
import type { Call, IncarnationHost, Place, Settlement } from "./calls.ts";
import { Delivery } from "./delivery.ts";
import { Ending } from "./ending.ts";
import { idleOf, underWay } from "./idle.ts";
import { LineKeys } from "./log.ts";
import { Patches } from "./patches.ts";
import { Replay } from "./replay.ts";
import { Scope } from "./scope.ts";
import { SeededRandom } from "./seeded.ts";
import { StreamBuffer } from "./stream.ts";
import type { UndoRecord } from "./undo.ts";

type Phase = "replaying" | "running" | "cancelling" | "undoing" | "finishing" | "gone";

export class Incarnation {
  readonly assignment: RunAssignment;
  readonly workflow: Workflow;
  readonly host: IncarnationHost;
  readonly scope = new Scope();
  readonly replay: Replay;
  #random: SeededRandom | undefined;
  readonly undos: UndoRecord[] = [];
  readonly outbox: RunOp[] = [];
  readonly lines = new LineKeys();
  readonly stream = new StreamBuffer(this);
  readonly patches = new Patches(this);
  readonly ending: Ending;
  readonly #delivery: Delivery;
  readonly #calls: Map<number, Call>;
  readonly #woken = new Set<number>();
  readonly #whenQuiet: (() => void)[] = [];
  /** Time as the workflow sees it, milliseconds since 1970. */
  time: number;
  /** Calls refused since it was cancelled. */
  refusals = 0;
  /** Since when it has only waited; undefined while it does something. */
  idleSince: number | undefined;
  #phase: Phase = "replaying";
  #steps = 0;
  #pausing = false;
  #draining = false;
  /** Step whose result was handed on before its commit was acknowledged: nothing may begin until it is. */
  #unconfirmed: number | undefined;
  #lastSeq = -1;
  #undoable: (() => void) | undefined;
  #held: (() => void)[] = [];

  constructor(assignment: RunAssignment, workflow: Workflow, host: IncarnationHost) {
    this.assignment = assignment;
    this.workflow = workflow;
    this.host = host;
    this.time = assignment.started;
    this.replay = new Replay(assignment.ord);
    this.ending = new Ending(this);
    this.#delivery = new Delivery(this);
    this.#calls = this.#delivery.calls;
  }

  /** Made when it is asked for: few workflows do. */
  get random(): SeededRandom {
    this.#random ??= new SeededRandom(this.assignment.run);
    return this.#random;
  }

  get phase(): Phase {
    return this.#phase;
  }

  isGone(): boolean {
    return this.#phase === "gone";
  }

  /** Calls the workflow function; the journal must be complete. */
  begin(): void {
    this.replay.complete();
    const context = this.host.makeContext(this, this.scope);
    const input = decodeValue(this.assignment.input);
    const body = async (): Promise<unknown> => this.workflow.handler(context, input);
    body().then(
      (output) => this.ending.returned(output),
      (error: unknown) => this.ending.threw(error),
    );
    this.#delivery.begin();
  }

  /** Handles what the engine says, in order. */
  receive(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (this.#phase === "gone") return;
      this.#handle(event);
    }
    this.pump();
  }

  #handle(event: RunEvent): void {
    // A replay check executes nothing, not even a cancellation: whoever gets the run after it does.
    if (this.assignment.check === true && event.event !== "drop") return;
    switch (event.event) {
      case "settle":
        this.replay.enqueue(event);
        if (event.seq === this.#unconfirmed) this.#confirmed();
        break;
      case "started":
      case "queued":
        this.#calls.get(event.seq)?.[event.event]?.();
        break;
      case "wake":
        this.#wake(event.seq);
        break;
      case "cancel":
        this.ending.cancel(event);
        break;
      case "pause":
        if (this.#phase !== "replaying" && this.#phase !== "running") break;
        this.#pausing = true;
        this.host.flushSoon(this, true);
        break;
      case "undoing":
        this.#undoable?.();
        break;
      case "drop":
        this.outbox.length = 0;
        this.drop();
        break;
    }
  }

  /** Hands the next settlement to the workflow. */
  pump(): void {
    this.#delivery.pump();
  }

  /** Hands a settlement to the workflow. */
  deliver(call: Call, settlement: Settlement): void {
    this.#settleCall(call, settlement);
    this.host.flushSoon(this, true);
  }

  #settleCall(call: Call, settlement: Settlement): void {
    this.#calls.delete(call.seq);
    call.scope.open.delete(call.seq);
    const ord = settlement.ord === 0 ? this.replay.ord + 1 : settlement.ord;
    this.lines.follow(ord);
    this.stream.follow(ord);
    if (settlement.at > this.time) this.time = settlement.at;
    this.idleSince = undefined;
    this.#lastSeq = call.seq;
    if (!call.scope.abandoned) call.settle(settlement);
  }

  /**
   * Hands the result of what has been a workflow's last step on before it is durable, so that the step and the end of the run
   * share a commit. If the workflow goes on after all, whatever it asks for waits for the commit.
   */
  speculate(call: Call, at: number): void {
    const alone =
      this.#calls.size === 1 && this.#steps === 1 && this.#held.length === 0 && this.replay.next === undefined;
    if (!alone || this.#phase !== "running" || this.#pausing || this.#unconfirmed !== undefined) return;
    if (call.scope !== this.scope || !this.host.isTail(this.workflow.name, call.seq)) return;
    this.#unconfirmed = call.seq;
    this.replay.forget([call.seq]);
    this.#settleCall(call, { seq: call.seq, ord: 0, status: "completed", at });
    this.host.flushAfterTail(this);
  }

  #confirmed(): void {
    this.#unconfirmed = undefined;
    if (this.#phase === "running") this.#release();
  }

  /** The journal has been replayed as far as it goes without new calls. */
  replayed(): void {
    if (this.assignment.check === true) {
      this.checked();
      return;
    }
    this.#phase = "running";
    if (this.ending.replayed()) this.#release();
  }

  #release(): void {
    if (this.#pausing) return;
    for (const start of this.#held.splice(0)) start();
    this.host.flushSoon(this, true);
  }

  /** Runs `start` now, or once the journal has been replayed. */
  live(start: () => void): void {
    if (this.#phase === "replaying" || this.#pausing || this.#unconfirmed !== undefined) this.#held.push(start);
    else start();
  }

  /** Gives the next call its place, and checks it against what was recorded there. Undefined: the call never settles. */
  place(kind: EntryKind, name: string): Place | undefined {
    const place = this.replay.place(kind, name);
    if ("n" in place) return { ...place, name };
    this.mismatch(place.seq, place.recorded, place.asked);
    return undefined;
  }

  /** Registers an open call. */
  open(call: Call): void {
    this.#calls.set(call.seq, call);
    call.scope.open.add(call.seq);
    this.idleSince = undefined;
    if (this.#woken.delete(call.seq)) call.wake?.();
    if (this.replay.next?.seq === call.seq) this.host.pumpLater(this);
  }

  /** True while somebody waits for this call. */
  wants(seq: number): boolean {
    return this.#calls.has(seq);
  }

  /** Collects an operation; operations that begin a wait are sent a turn later, with the word that the run is idle. */
  push(op: RunOp, waits: boolean): void {
    this.stream.flush();
    this.outbox.push(op);
    this.host.flushSoon(this, waits);
  }

  /** What a call in this state rejects with; undefined when calls may go on. */
  get refusal(): Error | undefined {
    return this.ending.refusal;
  }

  /**
   * True when calls of this scope stay pending for ever. Branches that outlive the workflow function are among them: what they
   * journaled while its undos are being prepared would be left over in a replay, where the function ends before it.
   */
  isOver(scope: Scope): boolean {
    if (this.ending.settled) return true;
    return this.#phase === "gone" || this.#phase === "finishing" || this.#phase === "undoing" || scope.abandoned;
  }

  /** Gives up entries of lost branches. */
  forget(seqs: readonly number[], reason: Error): void {
    this.replay.forget(seqs);
    for (const seq of seqs) {
      const call = this.#calls.get(seq);
      this.#calls.delete(seq);
      call?.giveUp?.(reason);
    }
  }

  /** Stable across the attempts of a step; new when an undone step is executed again. */
  idempotencyKey(seq: number): string {
    const { run, generation } = this.assignment;
    return generation === 0 ? `${run}:${seq}` : `${run}:${seq}:${generation}`;
  }

  stepBegins(): void {
    this.#steps++;
    this.idleSince = undefined;
  }

  stepEnds(): void {
    this.#steps--;
    if (this.#steps > 0) return;
    for (const resolve of this.#whenQuiet.splice(0)) resolve();
    if (this.#pausing) this.host.flushSoon(this, true);
  }

  /** Resolves when no step function is running. */
  quiet(): Promise<void> {
    return this.#steps === 0 ? Promise.resolve() : new Promise<void>((resolve) => this.#whenQuiet.push(resolve));
  }

  /** Begins nothing new; resolves when the steps that run have ended. */
  drain(): Promise<void> {
    this.#pausing = true;
    this.#draining = true;
    return this.quiet();
  }

  /** What to add to the operations being sent, when nothing is left to do but wait. */
  idleOp(): RunOp | undefined {
    if (this.#phase !== "running" || this.#steps > 0 || !this.#delivery.quiet) return undefined;
    if (this.#pausing) return this.#draining ? undefined : this.#pauseOp();
    if (this.ending.settled || this.#calls.size === 0 || this.#held.length > 0) return undefined;
    if (this.idleSince !== undefined) return undefined;
    const idle = idleOf(this.#calls.values(), this.replay);
    if (idle !== undefined) this.idleSince = this.host.clock.now();
    return idle;
  }

  /** Something has settled, and is held back by what is done again before it: the engine takes that for work. */
  standsStill(): void {
    this.idleSince = undefined;
    this.host.flushSoon(this, true);
  }

  /** Paused once nothing is under way: what is held has not begun, and will begin after the resume. */
  #pauseOp(): RunOp | undefined {
    if (underWay(this.#calls.values(), this.replay) > this.#held.length) return undefined;
    this.drop();
    return { op: "park", paused: true };
  }

  /** Rejects every open call; later ones are refused. */
  cancelCalls(error: Error): void {
    this.#phase = "cancelling";
    this.#pausing = false;
    this.#held = [];
    this.replay.clear();
    this.scope.abort(error);
    const calls = [...this.#calls.values()];
    this.#calls.clear();
    for (const call of calls) call.reject(error);
  }

  /** From here on only undos are executed; they may begin when this resolves: how the run will end is durable. */
  beginUndo(outcome: UndoingOp | undefined): Promise<void> {
    this.#phase = "undoing";
    // A pause that came too late does not hold undos up; a worker that leaves begins none.
    this.#pausing = this.#draining;
    this.#calls.clear();
    this.#held = [];
    this.replay.clear();
    if (outcome === undefined) return Promise.resolve();
    this.push(outcome, false);
    return new Promise<void>((resolve) => {
      this.#undoable = resolve;
    });
  }

  /** Reports how the run ends. */
  finish(op: FinishOp): void {
    if (op.status === "completed" && this.#calls.size === 0) this.host.learnTail(this.workflow.name, this.#lastSeq);
    this.#phase = "finishing";
    this.#calls.clear();
    this.#held = [];
    if (this.#steps > 0) this.scope.abort(new CancelledError("The run has ended."));
    this.push(op, false);
  }

  /** Answers a replay check: the code follows the journal. */
  checked(error?: Uint8Array): void {
    this.host.sendChecked(this, error);
    this.drop();
  }

  /** Reports that the code does not follow the journal, unless all that is still wanted of it has been reached. */
  mismatch(seq: number, recorded: string, asked: string): void {
    if (this.#phase === "replaying" && this.ending.isReached()) this.replayed();
    else this.block(new NonDeterminismError(seq, recorded, asked));
  }

  /** Parks the run until an operator acts; nothing of what this incarnation collected counts. */
  block(error: Error, reason?: RunStatusReason): void {
    if (this.#phase === "gone") return;
    const bytes = encodeError(error);
    if (this.assignment.check === true) {
      this.checked(bytes);
      return;
    }
    const undoing = this.assignment.outcome !== undefined || this.assignment.cancel !== undefined;
    this.outbox.length = 0;
    const why = reason ?? (undoing ? "undo_unavailable" : "non_determinism");
    this.push({ op: "blocked", reason: why, error: bytes }, false);
    this.drop();
  }

  /** Forgets everything: nothing of this incarnation settles or is sent any more. */
  drop(): void {
    this.#phase = "gone";
    this.#delivery.stop();
    this.#calls.clear();
    this.#held = [];
    this.replay.clear();
    if (this.#steps > 0) this.scope.abort(new CancelledError("The run has moved on without this incarnation."));
  }

  #wake(seq: number): void {
    const call = this.#calls.get(seq);
    if (call === undefined) this.#woken.add(seq);
    else call.wake?.();
  }

  /** Takes (a piece of) the journal. */
  addJournal(entries: readonly JournalEntry[]): void {
    this.replay.add(entries);
  }
}
