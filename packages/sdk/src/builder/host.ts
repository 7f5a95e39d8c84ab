// What a flow needs from the program it runs in, besides the durable context: access to shared values from inside a step,
// secrets, and what stands in for steps in tests.
import type { SecretRef } from "@sluice/protocol";
import type { FlowHandler, FlowState, SecretSpec } from "./types.ts";
import type { PausedNote } from "./waits.ts";

/** Which function of a run is executed, and which attempt of it. */
export interface FlowCall {
  readonly run: string;
  readonly id: string;
}

export interface FlowHost {
  /** Values shared by the runs of a workflow, for one execution of a function: executed again, it is the same call. */
  state(workflow: string, call: FlowCall): FlowState;
  /** Reads a secret; `read` has what a reference stands for. Rejects where there is none. */
  secret(name: string, spec: SecretSpec, read: (ref: SecretRef) => Promise<string>): Promise<string>;
  /** What stands in for a step of a run. */
  mock(run: string, step: string): FlowHandler | undefined;
  /** Told when a run waits for an answer and when it has one; told again when the run is replayed. */
  paused?(note: PausedNote): void;
}
