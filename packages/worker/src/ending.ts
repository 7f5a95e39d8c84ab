// How a run ends: its function has settled, somebody cancelled it, or it was undoing already when this incarnation began.
import { encodeError, encodeValue } from "@sluice/protocol";
import type { CancelNotice, FinishOp, UndoingOp } from "@sluice/protocol";
import { CancelledError, NonDeterminismError, TimeoutError } from "@sluice/sdk";
import type { Incarnation } from "./incarnation.ts";
import { fingerprint } from "./replay.ts";
import { runUndos } from "./undo.ts";

/** The error that a notice stands for in user code. */
export function cancelError(notice: CancelNotice): Error {
  return notice.status === "timedout" ? new TimeoutError(notice.message) : new CancelledError(notice.message);
}

export class Ending {
  readonly #run: Incarnation;
  readonly #causes = new WeakMap<object, number>();
  readonly #whenSettled: (() => void)[] = [];
  #notice: CancelNotice | undefined;
  /** A cancellation that came before the journal was replayed. */
  #wanted: CancelNotice | undefined;
  /** True once the workflow function has returned or thrown. */
  settled = false;

  constructor(run: Incarnation) {
    this.#run = run;
    this.#wanted = run.assignment.cancel;
  }

  /** What calls of a cancelled run reject with. */
  get refusal(): Error | undefined {
    return this.#notice === undefined ? undefined : cancelError(this.#notice);
  }

  /** Remembers which entry an error came from. */
  blame(error: unknown, seq: number): void {
    if (typeof error === "object" && error !== null) this.#causes.set(error, seq);
  }

  returned(output: unknown): void {
    if (!this.#decides() || this.#leftOver()) return;
    let bytes: Uint8Array;
    try {
      bytes = encodeValue(output);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#run.finish({ op: "finish", status: "completed", output: bytes });
  }

  /** The workflow goes on as another run with this input. */
  continued(input: Uint8Array): void {
    if (!this.#decides() || this.#leftOver()) return;
    this.#run.finish({ op: "finish", status: "completed", reason: "continued", input });
  }

  threw(error: unknown): void {
    if (this.#decides() && !this.#leftOver()) this.#fail(error);
  }

  /** The journal has been replayed; true when the run goes on as usual. */
  replayed(): boolean {
    const { outcome } = this.#run.assignment;
    if (outcome !== undefined) {
      this.#resumeUndo(outcome);
      return false;
    }
    if (this.#wanted === undefined) return true;
    this.cancel(this.#wanted);
    return false;
  }

  /** True when the run has only to be undone, and a replay has come by every step with an undo and its result. */
  isReached(): boolean {
    const { assignment, replay, undos } = this.#run;
    if (assignment.outcome === undefined && this.#wanted === undefined) return false;
    if (replay.leftOver((entry) => entry.undo === true) !== undefined) return false;
    return !replay.hasResultOf((seq) => undos.some((undo) => undo.seq === seq));
  }

  /** The function has settled; false when that does not decide how the run ends. */
  #decides(): boolean {
    this.settled = true;
    for (const resolve of this.#whenSettled.splice(0)) resolve();
    const { phase, assignment } = this.#run;
    if (phase === "replaying" && assignment.outcome !== undefined) return false;
    if (phase === "replaying" && this.#wanted !== undefined) {
      if (this.#lacksUndo()) return false;
      if (assignment.check === true) this.#run.checked();
      else this.cancel(this.#wanted);
      return false;
    }
    return phase === "running" || phase === "replaying";
  }

  #leftOver(): boolean {
    const left = this.#run.replay.leftOver();
    if (left !== undefined) {
      this.#run.block(
        new NonDeterminismError(left.seq, fingerprint(left), "nothing: the workflow has ended before it"),
      );
      return true;
    }
    if (this.#run.assignment.check !== true) return false;
    this.#run.checked();
    return true;
  }

  #fail(error: unknown): void {
    const end = { ...howItEnds(error), error: encodeError(error) };
    const cause = this.#causeOf(error);
    this.#run.scope.abort(new CancelledError("The run has failed."));
    if (this.#undoable()) void this.#undo({ op: "undoing", ...end }, { recorded: false, cause });
    else this.#run.finish({ op: "finish", ...end, cause });
  }

  #undoable(): boolean {
    return this.#run.undos.some((undo) => undo.begun);
  }

  #causeOf(error: unknown): number | undefined {
    let at: unknown = error;
    for (let depth = 0; depth < causeDepthMax && typeof at === "object" && at !== null; depth++) {
      const seq = this.#causes.get(at);
      if (seq !== undefined) return seq;
      at = causeOf(at);
    }
    return undefined;
  }

  /** Rejects what is open, lets the workflow clean up, undoes, ends. */
  cancel(notice: CancelNotice): void {
    const { phase } = this.#run;
    if (this.#notice !== undefined || phase === "undoing" || phase === "gone") return;
    if (phase === "replaying" && !this.settled) {
      this.#wanted ??= notice;
      return;
    }
    this.#notice = notice;
    const error = cancelError(notice);
    this.#run.cancelCalls(error);
    void this.#endCancelled(notice, error);
  }

  async #endCancelled(notice: CancelNotice, error: Error): Promise<void> {
    await this.#orGrace(this.#quietAndSettled());
    if (this.#run.isGone() || this.#lacksUndo()) return;
    const { status, reason } = notice;
    const bytes = encodeError(error);
    if (this.#undoable()) await this.#undo({ op: "undoing", status, reason, error: bytes }, { recorded: false });
    else this.#run.finish({ op: "finish", status, reason, error: bytes });
  }

  /** Waits, but no longer than a cancelled run may take. */
  #orGrace(wait: Promise<void>): Promise<void> {
    const { clock, limits } = this.#run.host;
    return new Promise<void>((resolve) => {
      const cancel = clock.after(limits.cancelGraceMs, resolve);
      void wait.then(() => {
        cancel();
        resolve();
      });
    });
  }

  async #quietAndSettled(): Promise<void> {
    if (!this.settled) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
    await this.#run.quiet();
  }

  #resumeUndo(outcome: UndoingOp): void {
    if (!this.#lacksUndo()) void this.#undo(outcome, { recorded: true });
  }

  /** True when a step that has to be undone was not reached, so that nobody knows how: then the run waits with the reason. */
  #lacksUndo(): boolean {
    const lost = this.#run.replay.leftOver((entry) => entry.undo === true);
    if (lost === undefined) return false;
    this.#run.block(new NonDeterminismError(lost.seq, fingerprint(lost), "nothing there"), "undo_unavailable");
    return true;
  }

  async #undo(
    outcome: UndoingOp,
    options: { readonly recorded: boolean; readonly cause?: number | undefined },
  ): Promise<void> {
    if (!options.recorded) await this.#orGrace(this.#run.quiet());
    if (this.#run.isGone()) return;
    await this.#run.beginUndo(options.recorded ? undefined : outcome);
    if (this.#run.isGone()) return;
    const finish: FinishOp = await runUndos(this.#run, outcome);
    if (!this.#run.isGone()) this.#run.finish({ ...finish, cause: options.cause });
  }
}

/** A workflow that throws `CancelledError` itself cancels its run; everything else fails it. */
function howItEnds(error: unknown): Pick<UndoingOp, "reason"> & { readonly status: "cancelled" | "failed" } {
  return isCancelled(error)
    ? { status: "cancelled", reason: "cancelled_by_workflow" }
    : { status: "failed", reason: "error" };
}

/** What was thrown may throw as soon as its class is asked for. */
function isCancelled(error: unknown): boolean {
  try {
    return error instanceof CancelledError;
  } catch {
    return false;
  }
}

const causeDepthMax = 16;

function causeOf(error: object): unknown {
  try {
    return (error as { readonly cause?: unknown }).cause;
  } catch {
    return undefined;
  }
}
