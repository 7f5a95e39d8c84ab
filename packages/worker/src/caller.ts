// Makes journaled calls: takes the place in the journal, sends the operation, turns the settlement into a promise.
import { encodeError, SluiceError } from "@sluice/protocol";
import type { EntryKind, RunOp, RunStatusReason } from "@sluice/protocol";
import { decodeError } from "@sluice/sdk";
import type { Call, Place, Settlement } from "./calls.ts";
import type { Incarnation } from "./incarnation.ts";
import { callOf } from "./race.ts";
import type { CallPromise } from "./race.ts";
import { isRedo } from "./replay.ts";
import type { Scope } from "./scope.ts";

/** What a call that goes no further returns. */
export const never = (): Promise<never> => new Promise(() => undefined);

/** How a journaled call is made and read back. */
export interface DurableCall {
  readonly kind: EntryKind;
  readonly name: string;
  /** Set for calls that only wait. */
  readonly wait?: RunStatusReason;
  readonly op: (place: Place) => RunOp | Promise<RunOp>;
  /** The result of a completed entry. */
  readonly value?: (value: Uint8Array | undefined) => unknown;
  /** Told of the place it has taken, live and on replay. */
  readonly placed?: ((place: Place) => void) | undefined;
  /** The error of a failed entry, or (returned, not thrown) a value in its place. */
  readonly failed?:
    | ((error: Uint8Array | undefined) => { readonly error: unknown } | { readonly value: unknown })
    | undefined;
}

/** Calls of a cancelled run that are refused without a pause in between, and the pause before each of the others. */
const refusalsAtOnceMax = 100;
const refusalPauseMs = 10;

/** Rejects in a later turn: code that swallows a cancellation and tries again and again leaves room for its end. */
function refuseLater(run: Incarnation, refusal: Error): Promise<never> {
  const { clock } = run.host;
  return new Promise((_resolve, reject) => {
    const refuse = (): void => reject(refusal);
    if (++run.refusals <= refusalsAtOnceMax) clock.turn(refuse);
    else clock.after(refusalPauseMs, refuse);
  });
}

/** Makes durable calls for one scope of one incarnation. */
export class Caller {
  readonly run: Incarnation;
  readonly scope: Scope;

  constructor(run: Incarnation, scope: Scope) {
    this.run = run;
    this.scope = scope;
  }

  /** What a call must do before it takes its place: a promise when it goes no further. */
  refuse(what: string): Promise<never> | undefined {
    const { run, scope } = this;
    if (run.host.stepScope.current !== undefined) return Promise.reject(insideStep(what));
    if (run.isOver(scope)) return never();
    const { refusal } = run;
    return refusal === undefined ? undefined : refuseLater(run, refusal);
  }

  /** Throws inside a step function: a replay does not execute it, and what comes after would differ. */
  requireWorkflow(what: string): void {
    if (this.run.host.stepScope.current !== undefined) throw insideStep(what);
  }

  call(what: string, call: DurableCall): Promise<unknown> {
    const refused = this.refuse(what);
    if (refused !== undefined) return refused;
    const { run, scope } = this;
    const place = run.place(call.kind, call.name);
    if (place === undefined) return never();
    call.placed?.(place);
    const promise: Promise<unknown> & CallPromise = new Promise((resolve, reject) => {
      let refusal: Uint8Array | undefined;
      const open: Call = {
        seq: place.seq,
        scope,
        wait: place.entry === undefined || isRedo(place.entry) ? undefined : call.wait,
        reject,
        settle: (settlement) =>
          settle({ run, call, settlement: { ...settlement, error: settlement.error ?? refusal } }, { resolve, reject }),
      };
      const refuse = (error: Uint8Array): void => {
        refusal = error;
      };
      run.open(open);
      // The store knows of one that already waits again.
      if (place.entry !== undefined && !isRedo(place.entry)) return;
      run.live(() => {
        // A call that was held back may have lost a race meanwhile: it is not made at all. A lock is given back even so.
        if (call.kind === "unlock" || run.wants(place.seq)) send({ run, call, place, open, refuse });
      });
    });
    promise[callOf] = { scope, seq: place.seq };
    return promise;
  }
}

function insideStep(what: string): SluiceError {
  return new SluiceError({
    code: "bad_request",
    message: `ctx.${what} was called inside a step function.`,
    hint: "A step is one unit of work: return its result and make durable calls in the workflow around it.",
  });
}

interface Sending {
  readonly run: Incarnation;
  readonly call: DurableCall;
  readonly place: Place;
  readonly open: Call;
  /** Told of the error with which a call was journaled that could not be made: the journal's answer does not repeat it. */
  readonly refuse: (error: Uint8Array) => void;
}

/** Sends the operation of a call, when it is ready. Only then the call counts as a wait. */
function send({ run, call, place, open, refuse }: Sending): void {
  const ready = (op: RunOp): void => {
    open.wait = call.wait;
    run.push(op, call.wait !== undefined);
  };
  // A call that cannot be made is journaled as failed, so that a replay meets the same failure at the same point.
  const refused = (reason: unknown): void => {
    const { seq, n } = place;
    const error = encodeError(reason);
    refuse(error);
    run.push(
      { op: "done", kind: call.kind, seq, name: call.name, n, at: run.host.clock.now(), attempt: 1, error },
      false,
    );
  };
  let op: RunOp | Promise<RunOp>;
  try {
    op = call.op(place);
  } catch (error) {
    refused(error);
    return;
  }
  if (!(op instanceof Promise)) {
    ready(op);
    return;
  }
  // Nobody may want it any more by then: the run was cancelled, or the race lost.
  const ifWanted =
    <T>(act: (made: T) => void) =>
    (made: T): void => {
      if (run.wants(place.seq)) act(made);
    };
  op.then(ifWanted(ready), ifWanted(refused));
}

interface Settling {
  readonly run: Incarnation;
  readonly call: DurableCall;
  readonly settlement: Settlement;
}

interface Settlers {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

function settle({ run, call, settlement }: Settling, { resolve, reject }: Settlers): void {
  try {
    if (settlement.status === "completed") {
      resolve(call.value === undefined ? undefined : call.value(settlement.value));
      return;
    }
    const failure = call.failed?.(settlement.error) ?? { error: decodeError(settlement.error ?? new Uint8Array(0)) };
    if ("value" in failure) {
      resolve(failure.value);
      return;
    }
    run.ending.blame(failure.error, settlement.seq);
    reject(failure.error);
  } catch (error) {
    run.ending.blame(error, settlement.seq);
    reject(error);
  }
}
