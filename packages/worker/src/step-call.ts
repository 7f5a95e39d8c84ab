// A call that is a step: takes its place, remembers how to take it back, and executes it.
import type { StepCacheUse } from "@sluice/protocol";
import type { StepContext, StepOptions } from "@sluice/sdk";
import { never } from "./caller.ts";
import type { Caller } from "./caller.ts";
import type { Place, StepFunctions } from "./calls.ts";
import type { Incarnation } from "./incarnation.ts";
import { callOf } from "./race.ts";
import type { CallPromise } from "./race.ts";
import { StepExecution } from "./steps.ts";
import type { StepPlan } from "./step-plan.ts";
import type { Gate } from "./steps.ts";

export interface StepCall {
  readonly name: string;
  readonly body: (step: StepContext) => unknown;
  readonly undo: StepOptions<never>["undo"];
  /** Asked for when an attempt begins and when it has failed: it may be known only then. */
  readonly plan: () => StepPlan;
  readonly gate: Gate | undefined;
  readonly cache?: StepCacheUse | undefined;
}

/** Makes the call; resolves or rejects with what the journal has. */
export function callStep({ run, scope }: Caller, call: StepCall): Promise<unknown> {
  const { name, plan, gate, cache } = call;
  const place = run.place("step", name);
  if (place === undefined) return never();
  const { body, undo } = functionsOf(run, place, call);
  const record =
    undo === undefined
      ? undefined
      : { seq: place.seq, name, n: place.n, begun: false, result: undefined as unknown, undo };
  if (record !== undefined) run.undos.push(record);
  const onBegin =
    record === undefined
      ? undefined
      : (): void => {
          record.begun = true;
        };
  const promise: Promise<unknown> & CallPromise = new StepExecution({
    run,
    scope,
    place,
    kind: "step",
    plan,
    body,
    gate,
    onBegin,
    cache,
    undoable: record !== undefined,
    onResult: record === undefined ? undefined : (value) => (record.result = value),
  }).start();
  promise[callOf] = { scope, seq: place.seq };
  return promise;
}

/** The functions of the step, or those that a test has in their place. */
function functionsOf(run: Incarnation, { seq, name, n }: Place, own: StepFunctions): StepFunctions {
  const { standIn } = run.host;
  const { workflow, run: id } = run.assignment;
  return standIn === undefined ? own : standIn({ workflow, run: id, name, n, seq }, own);
}
