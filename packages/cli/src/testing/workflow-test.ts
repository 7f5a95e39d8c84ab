// A test of one workflow: the real engine and worker, with time, mocks and crashes in the test's hands.
import { parseDuration } from "@sluice/protocol";
import type { RunExport } from "@sluice/protocol";
import { isWorkflow } from "@sluice/sdk";
import type {
  Actions,
  Client,
  Context,
  Duration,
  InputOf,
  OutputOf,
  PendingApproval,
  PollOptions,
  StartOptions,
  Workflow,
} from "@sluice/sdk";
import { Coverage } from "./coverage.ts";
import type { CoverageOptions, CoverageReport } from "./coverage.ts";
import { CrashPlan } from "./crash-plan.ts";
import type { CrashOptions } from "./crash-plan.ts";
import { TestHost } from "./engine.ts";
import type { TestDecision, TestOptions } from "./engine.ts";
import { expectRun } from "./expect-run.ts";
import type { RunExpectation } from "./expect-run.ts";
import { Mocks } from "./mocks.ts";
import type { Mock, MockActions, MockedService, MockOptions, MockStep, StepName, StepResult } from "./mocks.ts";
import { playOut } from "./play-out.ts";
import { exportedRun, recordedRun } from "./recording.ts";
import { replayFixture, replayPrefixes } from "./replays.ts";
import type { ReplayedRun } from "./replays.ts";
import type { RecordedRun } from "./replay.ts";
import { TestRun } from "./test-run.ts";
import { deliver, fireSchedule } from "./triggers.ts";
import type { WebhookDelivery } from "./triggers.ts";

export interface WorkflowTestOptions extends Omit<TestOptions, "workflows"> {
  /** Other workflows of the project that this one calls or starts. */
  readonly workflows?: readonly Workflow[];
  /** Collects what this test covers, when it ends. */
  readonly coverage?: Coverage;
}

/** Input and options of a start; a workflow that takes no input needs none. */
type StartArguments<W extends Workflow> =
  undefined extends InputOf<W>
    ? [input?: InputOf<W>, options?: StartOptions]
    : [input: InputOf<W>, options?: StartOptions];

/** How long of virtual time `run` lets pass at most. */
const playOutDefault = "366 days";

/** A test of one workflow. Opens its engine when something is first started; mocks and children are named before. */
export class WorkflowTest<W extends Workflow = Workflow> implements AsyncDisposable {
  readonly workflow: W;
  readonly #options: WorkflowTestOptions;
  readonly #mocks = new Mocks();
  readonly #plan = new CrashPlan();
  #known = new Set<string>();
  #host: TestHost | undefined;
  #opening: Promise<TestHost> | undefined;

  constructor(workflow: W, options: WorkflowTestOptions) {
    this.workflow = workflow;
    this.#options = options;
    this.#mocks.before = (call) => this.#plan.before(call);
  }

  /** The engine as a client, for whatever has no word of its own here. */
  async client(): Promise<Client> {
    return this.#open();
  }

  /** Virtual time, milliseconds since 1970; what the test begins with before anything is started. */
  async now(): Promise<number> {
    return (await this.#open()).now;
  }

  #open(): Promise<TestHost> {
    this.#opening ??= this.#openNow();
    return this.#opening;
  }

  async #openNow(): Promise<TestHost> {
    const own = this.#workflows();
    const names = new Set(own.map((each) => each.name));
    const mocked = this.#mocks.childNames.filter((name) => !names.has(name));
    const workflows = [
      ...own.map((each) => this.#mocks.wrap(each)),
      ...mocked.map((name) => this.#mocks.placeholder(name)),
    ];
    this.#known = new Set([...names, ...mocked]);
    const services = { ...this.#options.services, ...this.#mocks.services };
    const host = await TestHost.open({ ...this.#options, workflows, services }, this.#mocks.standIn);
    this.#plan.watch(host.seat);
    this.#host = host;
    return host;
  }

  /** Starts a run and lets everything happen that needs no time. */
  async start(...[input, options = {}]: StartArguments<W>): Promise<TestRun<OutputOf<W>>> {
    const host = await this.#open();
    const handle = await host.start(this.workflow.name, input, options);
    await host.settle();
    return new TestRun<OutputOf<W>>(host, handle);
  }

  /**
   * Starts a run and lets time pass until it has ended, or only waits for what the test has to bring about: an event, an
   * approval, a token, an operator. On the machine's clock it is waited for until it has ended.
   */
  async run(...args: StartArguments<W>): Promise<TestRun<OutputOf<W>>> {
    const run = await this.start(...args);
    const host = await this.#open();
    await playOut(host, run, { withinMs: parseDuration(playOutDefault) });
    return run;
  }

  /**
   * Starts a run as a request to a webhook of these workflows does, by its path parameters, headers, schema, condition and input.
   * Rejects where the request would start none.
   */
  async webhook<O = unknown>(
    path: string,
    body?: unknown,
    options: Omit<WebhookDelivery, "path" | "body"> = {},
  ): Promise<TestRun<O>> {
    const host = await this.#open();
    const run = await deliver(host, { ...options, path, body });
    await host.settle();
    return this.runOf<O>(run);
  }

  /** Fires a schedule of the workflow now, by its name, or its place among them where it has none. */
  async fire(schedule: string | number = 0): Promise<TestRun<OutputOf<W>>> {
    const host = await this.#open();
    const run = await fireSchedule(host, this.workflow.name, String(schedule));
    await host.settle();
    return this.runOf<OutputOf<W>>(run);
  }

  /** A run by its id: one that a trigger or another run has started. */
  async runOf<O = unknown>(id: string): Promise<TestRun<O>> {
    const host = await this.#open();
    return new TestRun<O>(host, host.run<O>(id));
  }

  /** Runs of this test, newest first: of one workflow, or all. */
  async runs(workflow?: Workflow | string): Promise<readonly TestRun[]> {
    const host = await this.#open();
    await host.settle();
    const name = typeof workflow === "string" ? workflow : workflow?.name;
    const found: TestRun[] = [];
    let cursor: string | null | undefined;
    do {
      const page = await host.runs({
        ...(name === undefined ? {} : { workflow: name }),
        ...(cursor ? { cursor } : {}),
      });
      found.push(...page.runs.map((run) => new TestRun(host, host.run(run.id))));
      cursor = page.nextCursor;
    } while (cursor !== null);
    return found;
  }

  /**
   * Puts a function in the place of a step, by the name it is called by (a pattern for names that are made), by the function
   * that the workflow passes to `ctx.step`, or in the place of a child workflow. The mock made last comes first.
   */
  mock<F = unknown>(
    step: StepName,
    stand: (step: MockStep<StepResult<F>>) => StepResult<F> | Promise<StepResult<F>>,
    options?: MockOptions<StepResult<F>>,
  ): Mock;
  mock<C extends Workflow>(
    child: C,
    stand: (input: InputOf<C>, ctx: Context) => OutputOf<C> | Promise<OutputOf<C>>,
  ): Mock;
  mock<R>(
    step: (...args: never[]) => R,
    stand: (step: MockStep<Awaited<R>>) => Awaited<R> | Promise<Awaited<R>>,
    options?: MockOptions<Awaited<R>>,
  ): Mock;
  mock(
    target: StepName | Workflow | ((...args: never[]) => unknown),
    stand: (first: never, second: never) => unknown,
    options: MockOptions<never> = {},
  ): Mock {
    if (isWorkflow(target)) return this.#mockChild(target.name, stand as never);
    return this.#mocks.step(target, stand as (step: MockStep<never>) => unknown, options);
  }

  /** Puts a function in the place of a child workflow that is called by its name. */
  mockChild(name: string, stand: (input: unknown, ctx: Context) => unknown): Mock {
    return this.#mockChild(name, stand);
  }

  /** Puts a function in the place of what a `poll` trigger of this name looks with: its items start the runs. */
  mockPoll<Item, Cursor = unknown>(name: string, fetch: PollOptions<Item, Cursor>["fetch"]): Mock {
    return this.#mocks.poll(name, fetch as PollOptions["fetch"]);
  }

  /**
   * Puts actions in the place of those of a service, by its definition or as it is configured: the service itself is never started.
   * To be called before the first start; an action that is left out fails its step.
   */
  mockService<A extends Actions>(service: MockedService<A>, actions: MockActions<A>): Mock {
    if (this.#opening !== undefined)
      throw new Error(`Service ${service.id} is mocked too late: mock it before the first start.`);
    return this.#mocks.service(service.id, actions as Actions);
  }

  #mockChild(name: string, stand: (input: unknown, ctx: Context) => unknown): Mock {
    if (this.#opening !== undefined && !this.#known.has(name)) {
      throw new Error(
        `Workflow ${name} is mocked too late: mock it before the first start, or name it in \`workflows\`.`,
      );
    }
    return this.#mocks.child(name, stand);
  }

  /** Lets time pass: sleeps end, schedules fire, time limits strike, in order. */
  async advance(duration: Duration): Promise<void> {
    await (await this.#open()).advance(duration);
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await (await this.#open()).settle();
  }

  /** Publishes an event, and lets happen what follows from it at once. */
  async emit(
    name: string,
    payload?: unknown,
    options: { readonly key?: string; readonly id?: string } = {},
  ): Promise<void> {
    const host = await this.#open();
    await host.emit(name, payload, options);
    await host.settle();
  }

  /** Approvals that are waited for. */
  async approvals(): Promise<readonly PendingApproval[]> {
    const host = await this.#open();
    await host.settle();
    return host.approvals();
  }

  /** Approves what waits under this name, or by its token; with `by`, in that person's name and with their `roles`. */
  async approve(name: string, decision: Omit<TestDecision, "approved"> = {}): Promise<void> {
    await this.#decide(name, { ...decision, approved: true });
  }

  /** Denies what waits under this name, or by its token. */
  async deny(name: string, decision: Omit<TestDecision, "approved"> = {}): Promise<void> {
    await this.#decide(name, { ...decision, approved: false });
  }

  async #decide(name: string, decision: TestDecision): Promise<void> {
    const host = await this.#open();
    const pending = await this.approvals();
    const named = pending.filter((each) => each.name === name || each.token === name);
    const found = named.find((each) => isAsked(each, decision)) ?? named[0];
    if (found === undefined) {
      const names = pending.map((each) => `"${each.name}"`).join(", ");
      throw new Error(
        `Nothing waits for the approval "${name}"; ${names === "" ? "no approval is waited for" : `there are ${names}`}.`,
      );
    }
    await host.approve(found.token, decision);
    await host.settle();
  }

  /** Completes a `ctx.token()` by its token, as a `POST` to its URL does. */
  async complete(token: string, payload?: unknown): Promise<void> {
    const host = await this.#open();
    await host.complete(token, payload);
    await host.settle();
  }

  /** The worker dies right after this step has a result, and another takes over; with `journaled: false` the result is lost. */
  crashAfter(step: StepName, options: CrashOptions = {}): void {
    this.#plan.add({ when: "after", step, ...options });
  }

  /** The worker dies right before this step is executed, and another takes over. */
  crashBefore(step: StepName, options: Pick<CrashOptions, "occurrence"> = {}): void {
    this.#plan.add({ when: "before", step, ...options });
  }

  /** The worker dies now, and another takes over. */
  async crash(): Promise<void> {
    const host = await this.#open();
    await host.seat.crash();
    await host.settle();
  }

  /** How often the worker has died. */
  get crashes(): number {
    return this.#host?.seat.crashes ?? 0;
  }

  /** A run of this test as `sluice runs export` writes it: a fixture for later. */
  async export(run: TestRun): Promise<RunExport> {
    return exportedRun(await this.#open(), run.id);
  }

  /**
   * Replays an exported run, its text or what was read of it, against this code, executing nothing. Rejects with the first
   * difference: which call, what was recorded, what the code asks for; of a run that has ended, also where its end differs.
   */
  async replay(fixture: RunExport | string): Promise<ReplayedRun> {
    return replayFixture(this.#workflows(), fixture);
  }

  /**
   * Replays each run of this test from every place at which it could have been interrupted, executing nothing. Rejects with
   * the first difference, which is non-determinism: the code asks for something else than it did.
   */
  async replayEveryPrefix(): Promise<{ readonly runs: number; readonly prefixes: number }> {
    const host = await this.#open();
    const mocked = new Set(this.#mocks.childNames);
    const runs = (await this.runs()).map((run) => run.id);
    const recorded: RecordedRun[] = [];
    for (const run of runs) {
      const each = recordedRun(await exportedRun(host, run));
      if (!mocked.has(each.workflow)) recorded.push(each);
    }
    return replayPrefixes(this.#workflows(), recorded);
  }

  #workflows(): readonly Workflow[] {
    return [this.workflow, ...(this.#options.workflows ?? [])];
  }

  /** Which calls of the workflows this test has made so far, and which of their outcomes. */
  async coverage(options: CoverageOptions = {}): Promise<CoverageReport> {
    const coverage = new Coverage(options);
    await this.#cover(coverage);
    return coverage.report();
  }

  async #cover(coverage: Coverage): Promise<void> {
    for (const each of this.#workflows()) coverage.expect(each);
    const names = new Set(this.#workflows().map((each) => each.name));
    for (const run of await this.runs()) {
      const { workflow } = await run.get();
      if (!names.has(workflow)) continue;
      const steps = await run.steps();
      const races = steps.filter((step) => step.kind === "race").toSorted((a, b) => a.seq - b.seq);
      const branches = this.#mocks.races.of(run.id);
      coverage.add(workflow, steps, new Map(races.map((race, index) => [race.seq, branches[index] ?? []])));
    }
  }

  /** What to expect of a run. */
  expect<O>(run: TestRun<O>): RunExpectation<O> {
    return expectRun(run);
  }

  /** Closes the engine: for code without `await using`, which Node before 24 does not know. */
  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // What kept it from opening has been told to whoever started something.
    const host = await this.#opening?.catch(() => undefined);
    if (host === undefined) return;
    const { coverage } = this.#options;
    if (coverage !== undefined) await this.#cover(coverage);
    await host.close();
  }
}

/** Where each approver has a link of their own: whether this one is for whoever decides. */
function isAsked({ approver }: PendingApproval, { by, roles = [] }: TestDecision): boolean {
  return (
    approver === null ||
    approver === by ||
    approver === `user:${by}` ||
    roles.some((role) => approver === `role:${role}`)
  );
}

/** A test of this workflow, on virtual time unless `clock: "real"`: `await using t = testWorkflow(order)`. */
export function testWorkflow<W extends Workflow>(workflow: W, options: WorkflowTestOptions = {}): WorkflowTest<W> {
  return new WorkflowTest(workflow, options);
}
