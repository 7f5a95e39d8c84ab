// Assertions on runs that read alike in every test runner.
import { isDeepStrictEqual } from "node:util";
import type { Run, Step } from "@sluice/sdk";
import { expectStep } from "./expect-step.ts";
import { failure, isError, shown } from "./expectation.ts";
import type { ExpectedError } from "./expectation.ts";
import type { StepExpectation } from "./expect-step.ts";
import type { TestRun } from "./test-run.ts";

/** What a run can wait for, by the kind of its journal entry. */
export type WaitKind = "sleep" | "event" | "approval" | "callback" | "call" | "lock";

export interface RunExpectation<O> {
  /** The run has completed; with an output, with that one (deeply equal). */
  toComplete(...output: [output?: O]): Promise<void>;
  /** The run has failed; with an error, with that one. */
  toFail(error?: ExpectedError): Promise<void>;
  /** The run has been cancelled, its undos included. */
  toBeCancelled(): Promise<void>;
  /** The run took longer than its workflow allows. */
  toTimeOut(): Promise<void>;
  /** The run waits for an event, an approval, a sleep, … of this name. */
  toBeWaitingFor(kind: WaitKind, name?: string): Promise<void>;
  /** These steps were asked for, in this order, and no others. */
  toHaveSteps(names: readonly string[]): Promise<void>;
  /** Undos of these steps completed, in this order, and no others. */
  toHaveUndone(names: readonly string[]): Promise<void>;
  /** The run has published an event of this name. */
  toHaveEmitted(event: string): Promise<void>;
  /** The run called or started this child. */
  toHaveStarted(workflow: string): Promise<void>;
  /** A step by its name; of several with one name the one of this number, from 0. */
  step(name: string, occurrence?: number): StepExpectation;
}

class Expectation<O> implements RunExpectation<O> {
  readonly #run: TestRun<O>;

  constructor(run: TestRun<O>) {
    this.#run = run;
  }

  async #get(): Promise<Run<unknown, O>> {
    await this.#run.steps();
    return this.#run.get();
  }

  async #ended(status: string): Promise<Run<unknown, O>> {
    const run = await this.#get();
    if (run.status === status) return run;
    throw failure(`Expected the run of ${run.workflow} to be ${status}, but it is ${await this.#run.standing()}.`, {
      actual: run.status,
      expected: status,
    });
  }

  async toComplete(...output: [output?: O]): Promise<void> {
    const run = await this.#ended("completed");
    if (output.length === 0) return;
    const actual = await this.#run.result();
    if (isDeepStrictEqual(actual, output[0])) return;
    throw failure(`The run of ${run.workflow} completed with another output.`, { actual, expected: output[0] });
  }

  async toFail(error?: ExpectedError): Promise<void> {
    const run = await this.#ended("failed");
    if (error === undefined) return;
    const thrown = await this.#error();
    if (isError(thrown, error)) return;
    throw failure(`The run of ${run.workflow} failed with another error.`, {
      actual: `${thrown?.name}: ${thrown?.message}`,
      expected: shown(error),
    });
  }

  async #error(): Promise<Error | null> {
    try {
      await this.#run.result();
      return null;
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  async toBeCancelled(): Promise<void> {
    await this.#ended("cancelled");
  }

  async toTimeOut(): Promise<void> {
    await this.#ended("timedout");
  }

  async toBeWaitingFor(kind: WaitKind, name?: string): Promise<void> {
    const run = await this.#get();
    const open = (await this.#run.steps()).filter((step) => step.status === "running");
    if (open.some((step) => step.kind === kind && (name === undefined || step.name === name))) return;
    const wanted = name === undefined ? kind : `${kind} "${name}"`;
    throw failure(
      `Expected the run of ${run.workflow} to wait for ${wanted}, but it is ${await this.#run.standing()}.`,
      {
        actual: open.map((step) => `${step.kind} "${step.name}"`),
        expected: wanted,
      },
    );
  }

  async toHaveSteps(names: readonly string[]): Promise<void> {
    const steps = (await this.#ofKind("step")).toSorted((a, b) => a.seq - b.seq).map((step) => step.name);
    if (!isDeepStrictEqual(steps, [...names]))
      throw failure("The run has other steps.", { actual: steps, expected: names });
  }

  async toHaveUndone(names: readonly string[]): Promise<void> {
    const undone = (await this.#ofKind("undo")).filter((step) => step.status === "completed").map((step) => step.name);
    if (!isDeepStrictEqual(undone, [...names]))
      throw failure("Other steps were undone.", { actual: undone, expected: names });
  }

  async toHaveEmitted(event: string): Promise<void> {
    await this.#named(["emit"], event, "emitted");
  }

  async toHaveStarted(workflow: string): Promise<void> {
    await this.#named(["call", "start"], workflow, "started");
  }

  async #named(kinds: readonly string[], name: string, done: string): Promise<void> {
    const names = (await this.#run.steps()).filter((step) => kinds.includes(step.kind)).map((step) => step.name);
    if (!names.includes(name)) throw failure(`The run has not ${done} ${name}.`, { actual: names, expected: name });
  }

  async #ofKind(kind: string): Promise<readonly Step[]> {
    return (await this.#run.steps()).filter((step) => step.kind === kind);
  }

  step(name: string, occurrence = 0): StepExpectation {
    return expectStep(this.#run, name, occurrence);
  }
}

/** What can be expected of a run. Each assertion first lets everything happen that needs no time. */
export function expectRun<O>(run: TestRun<O>): RunExpectation<O> {
  return new Expectation(run);
}
