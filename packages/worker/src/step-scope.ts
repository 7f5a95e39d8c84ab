// Tells whether code runs inside a step function, where durable calls have no place in the journal.

/** Marks the asynchronous context of step functions. */
export interface StepScope {
  run<T>(body: () => T): T;
  readonly active: boolean;
}
