// Tells whether code runs inside a step function, and of which step: durable calls have no place in the journal there.

/** One attempt of a step whose function runs. */
export interface RunningStep {
  readonly seq: number;
  readonly name: string;
  readonly attempt: number;
  /** Lines it has logged. */
  lines: number;
  /** Pieces it has streamed. */
  pieces: number;
}

/** Marks the asynchronous context of step functions. */
export interface StepScope {
  run<T>(step: RunningStep, body: () => T): T;
  /** Runs what belongs to no step, wherever it was caused: a run that a step function starts is not part of the step. */
  outside<T>(body: () => T): T;
  /** The step whose function the asking code belongs to. */
  readonly current: RunningStep | undefined;
}
