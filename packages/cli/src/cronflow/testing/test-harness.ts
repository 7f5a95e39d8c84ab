// Tests of a flow: the real engine on virtual time, functions standing in for steps, expectations about them.
import { nextRetryDelayMs, normalizeRetry, SluiceError } from "@sluice/protocol";
import { everyNode, retryOf, triggered } from "@sluice/sdk";
import type { FlowChanges, FlowHandler, FlowHost, FlowNode, FlowWorkflow, Step, TriggerNote } from "@sluice/sdk";
import type { TestEngine } from "../../testing.ts";
import { sharedState } from "../shared-state.ts";

export interface TestedStep {
  readonly name: string;
  readonly status: "completed" | "failed";
  readonly output: unknown;
  readonly error: Error | undefined;
  /** Milliseconds of virtual time. */
  readonly duration: number;
  readonly attempts: number;
  /** Milliseconds waited before each further attempt. */
  readonly retryDelays: readonly number[];
}

/** What came of a test. The steps are a list in the order of their ends, and can be asked for by name. */
export interface TestRun {
  /** `failed` where the run failed at a step that was not expected to, or an expectation was not met. */
  readonly status: "completed" | "failed";
  /** Milliseconds. */
  readonly duration: number;
  readonly steps: readonly TestedStep[] & Readonly<Record<string, TestedStep>>;
  readonly error: Error | undefined;
}

interface Expectation {
  readonly step: string;
  readonly outcome: "succeed" | "fail";
  readonly message: string | undefined;
}

/** How far time is moved on, in turn, until the run has ended. */
const timeSteps = ["1m", "1h", "1d", "7d", "30d", "365d"] as const;

export class TestHarness {
  protected readonly workflow: FlowWorkflow;
  protected note: TriggerNote = { type: "manual" };
  protected payload: unknown = {};
  readonly #mocks = new Map<string, FlowHandler>();
  readonly #expectations: Expectation[] = [];

  constructor(workflow: FlowWorkflow) {
    this.workflow = workflow;
  }

  /** What the run is started with. */
  trigger(payload: unknown): this {
    this.payload = payload;
    return this;
  }

  /** Lets a function stand in for a step or block; in loops for that of every item. Throws `step_not_found`. */
  mockStep(step: string, handler: FlowHandler): this {
    const names = [...everyNode(this.workflow.nodes)].flatMap(namesOf);
    const inLoop = [...everyNode(this.workflow.nodes)].some(({ kind }) => kind === "forEach" || kind === "batch");
    if (!names.includes(step) && !inLoop) {
      throw new SluiceError({
        code: "step_not_found",
        message: `Step '${step}' not found in workflow`,
        hint: `There are: ${names.join(", ")}.`,
      });
    }
    this.#mocks.set(step, handler);
    return this;
  }

  expectStep(step: string): StepExpectation<this> {
    const add = (outcome: Expectation["outcome"], message?: string): this => {
      this.#expectations.push({ step, outcome, message });
      return this;
    };
    return {
      toSucceed: () => add("succeed"),
      toFail: () => add("fail"),
      toFailWith: (message) => add("fail", message),
    };
  }

  /** Runs the workflow to its end, however long it sleeps and waits. */
  async run(): Promise<TestRun> {
    const begun = performance.now();
    const within: { engine?: TestEngine } = {};
    const host: FlowHost = {
      state: (workflow) => sharedState(() => started(within.engine), `workflow:${workflow}`),
      secret: async (name, spec) => (typeof spec === "function" ? spec() : `secret ${name}`),
      mock: (_run, step) => this.#mocks.get(step),
    };
    const tested = this.workflow.toWorkflow(host, { triggers: false, ...this.changes() });
    const others = this.others().map((other) => other.toWorkflow(host, { triggers: false }));
    // Only tests need it: a worker that executes the flow does not.
    const { testEngine } = await import("../../testing.ts");
    const engine = await testEngine({ workflows: [tested, ...others] });
    within.engine = engine;
    try {
      return this.#judge(await played(engine, tested.name, triggered(this.note, this.payload)), begun);
    } finally {
      await engine.close();
    }
  }

  /** What a kind of test changes about the workflow. */
  protected changes(): FlowChanges {
    return {};
  }

  /** Workflows that this one may call. */
  protected others(): readonly FlowWorkflow[] {
    return this.workflow.siblings;
  }

  #judge({ steps: entries, error }: Played, begun: number): TestRun {
    const nodes = [...everyNode(this.workflow.nodes)];
    const tested = entries
      .filter(({ kind, status }) => kind === "step" && status !== "running")
      .map((step) => testedStep(step, nodes));
    const unmet = this.#expectations.map((each) => unmetBy(each, tested)).find((each) => each !== undefined);
    const expected = this.#expectations.some(({ step, outcome }) => outcome === "fail" && failedAt(tested, step));
    const failure = unmet ?? (expected ? undefined : error);
    return {
      status: failure === undefined ? "completed" : "failed",
      duration: performance.now() - begun,
      steps: byName(tested),
      error: failure,
    };
  }
}

export interface StepExpectation<H> {
  toSucceed(): H;
  toFail(): H;
  /** Part of its message. */
  toFailWith(message: string): H;
}

interface Played {
  readonly steps: readonly Step[];
  readonly error: Error | undefined;
}

async function played(engine: TestEngine, workflow: string, input: unknown): Promise<Played> {
  const run = await engine.start(workflow, input);
  const ended: Promise<{ readonly error: Error | undefined }> = run.result().then(
    () => ({ error: undefined }),
    (error: unknown) => ({ error: error instanceof Error ? error : new Error(String(error)) }),
  );
  let status = "";
  for (const time of ["0ms", ...timeSteps]) {
    await engine.advance(time);
    ({ status } = await run.get());
    if (["completed", "failed", "cancelled", "timedout"].includes(status)) break;
  }
  const { statusReason } = await run.get();
  const steps = await run.steps();
  if (["completed", "failed", "cancelled", "timedout"].includes(status)) return { steps, ...(await ended) };
  const open = steps.filter((step) => step.status === "running").map(({ kind, name }) => `${kind} ${name}`);
  const waits = new Error(
    `The run did not end: it is ${status} (${statusReason ?? "no reason"}) at ${open.join(", ")}.`,
  );
  return { steps, error: waits };
}

function started(client: TestEngine | undefined): TestEngine {
  if (client === undefined) throw new Error("the test has not begun");
  return client;
}

function namesOf(node: FlowNode): string[] {
  return node.kind === "if" ? node.branches.map(({ name }) => name) : [node.name];
}

function testedStep(step: Step, nodes: readonly FlowNode[]): TestedStep {
  const failed = step.status !== "completed";
  return {
    name: step.name,
    status: failed ? "failed" : "completed",
    output: failed ? undefined : step.output,
    error: step.error === null ? undefined : new Error(step.error.message),
    duration: (step.endedAt ?? step.startedAt) - step.startedAt,
    attempts: step.attempt,
    retryDelays: delaysOf(
      nodes.find(({ name }) => name === step.name),
      step.attempt,
    ),
  };
}

/** What is waited before the second attempt and each further one, chance left aside. */
function delaysOf(node: FlowNode | undefined, attempts: number): number[] {
  const retry = node?.options.retry;
  if (retry === undefined) return [];
  const { when: _when, jitter: _jitter, ...policy } = retryOf(retry);
  const plan = normalizeRetry(policy);
  const delays = Array.from({ length: Math.max(0, attempts - 1) }, (_, index) =>
    nextRetryDelayMs(plan, { failedAttempts: index + 1, elapsedMs: 0, random01: 0 }),
  );
  return delays.filter((delay) => delay !== undefined);
}

function failedAt(steps: readonly TestedStep[], name: string): boolean {
  return steps.some((step) => step.name === name && step.status === "failed");
}

function unmetBy({ step: name, outcome, message }: Expectation, steps: readonly TestedStep[]): Error | undefined {
  const found = steps.filter((step) => step.name === name);
  const failed = found.find(({ status }) => status === "failed");
  if (found.length === 0) return new Error(`Step '${name}' was expected to ${outcome} but was not executed`);
  if (outcome === "succeed") {
    if (failed === undefined) return undefined;
    return new Error(`Step '${name}' was expected to succeed but failed: ${failed.error?.message ?? ""}`);
  }
  if (failed === undefined) return new Error(`Step '${name}' was expected to fail but succeeded`);
  const said = failed.error?.message ?? "";
  if (message === undefined || said.includes(message)) return undefined;
  return new Error(`Step '${name}' failed with unexpected error. Expected: ${message}, Got: ${said}`);
}

/** The list, with its items under their names too, as far as lists have no such property. */
function byName(steps: readonly TestedStep[]): TestRun["steps"] {
  const list = [...steps];
  for (const step of steps) if (!(step.name in list)) Object.defineProperty(list, step.name, { value: step });
  return list as unknown as TestRun["steps"];
}
