// Assertions on one step of a run.
import { isDeepStrictEqual } from "node:util";
import type { Step } from "@sluice/sdk";
import { failure, isError, shown } from "./expectation.ts";
import type { ExpectedError } from "./expectation.ts";
import type { TestRun } from "./test-run.ts";

export interface StepExpectation {
  /** The step has a result. */
  toSucceed(): Promise<void>;
  /** The step has failed for good; with an error, with that one. */
  toFail(error?: ExpectedError): Promise<void>;
  /** The step has a result that is deeply equal to this. */
  toReturn(value: unknown): Promise<void>;
  /** The step was tried this often, the first attempt included. */
  toBeTried(times: number): Promise<void>;
  /** The run has not asked for the step. */
  notToRun(): Promise<void>;
  /** The step's undo has completed. */
  toBeUndone(): Promise<void>;
}

class Expectation implements StepExpectation {
  readonly #run: TestRun;
  readonly #name: string;
  readonly #occurrence: number;

  constructor(run: TestRun, name: string, occurrence: number) {
    this.#run = run;
    this.#name = name;
    this.#occurrence = occurrence;
  }

  get #words(): string {
    return `step "${this.#name}"${this.#occurrence === 0 ? "" : ` (occurrence ${this.#occurrence + 1})`}`;
  }

  async #find(): Promise<Step | undefined> {
    const steps = await this.#run.steps();
    return steps
      .filter((step) => step.kind === "step" && step.name === this.#name)
      .toSorted((a, b) => a.seq - b.seq)
      .at(this.#occurrence);
  }

  async #there(): Promise<Step> {
    const step = await this.#find();
    if (step !== undefined) return step;
    const names = (await this.#run.steps()).filter((each) => each.kind === "step").map((each) => each.name);
    throw failure(`The run has not asked for ${this.#words}; it is ${await this.#run.standing()}.`, {
      actual: names,
      expected: this.#name,
    });
  }

  async toSucceed(): Promise<void> {
    const step = await this.#there();
    if (step.status === "completed") return;
    const why = step.error === null ? "" : `: ${step.error.message}`;
    throw failure(`Expected ${this.#words} to succeed, but it is ${step.status}${why}.`, {
      actual: step.status,
      expected: "completed",
    });
  }

  async toFail(error?: ExpectedError): Promise<void> {
    const step = await this.#there();
    if (step.status !== "failed") {
      throw failure(`Expected ${this.#words} to fail, but it is ${step.status}.`, {
        actual: step.status,
        expected: "failed",
      });
    }
    if (error === undefined || isError(step.error, error)) return;
    throw failure(`${this.#words} failed with another error.`, { actual: step.error?.message, expected: shown(error) });
  }

  async toReturn(value: unknown): Promise<void> {
    await this.toSucceed();
    const { output } = await this.#there();
    if (isDeepStrictEqual(output, value)) return;
    throw failure(`${this.#words} returned something else.`, { actual: output, expected: value });
  }

  async toBeTried(times: number): Promise<void> {
    const { attempt } = await this.#there();
    if (attempt !== times)
      throw failure(`${this.#words} was tried ${attempt} times.`, { actual: attempt, expected: times });
  }

  async notToRun(): Promise<void> {
    const step = await this.#find();
    if (step !== undefined) throw failure(`The run has asked for ${this.#words}, which is ${step.status}.`);
  }

  async toBeUndone(): Promise<void> {
    const { seq } = await this.#there();
    const undo = (await this.#run.steps()).find((step) => step.seq === -(seq + 1));
    if (undo?.status === "completed") return;
    const actual = undo?.status ?? "not asked for";
    throw failure(`The undo of ${this.#words} is ${actual}.`, { actual, expected: "completed" });
  }
}

export function expectStep(run: TestRun, name: string, occurrence: number): StepExpectation {
  return new Expectation(run, name, occurrence);
}
