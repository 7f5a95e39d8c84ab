// What a test puts in the place of steps and of child workflows, and what it hears of their calls.
import type {
  Actions,
  Context,
  InputOf,
  OutputOf,
  PollContext,
  PollOptions,
  Service,
  ServiceAction,
  StepContext,
  Trigger,
  Workflow,
} from "@sluice/sdk";
import { workflow } from "@sluice/sdk";
import { Races } from "./races.ts";
import type { StandIn, StepCall, StepFunctions } from "@sluice/worker";

/** What the function in a step's place is given. */
export interface MockStep<T = unknown> extends StepContext {
  readonly name: string;
  /** Which step of this name in its run it is, from 0. */
  readonly occurrence: number;
  readonly run: string;
  readonly workflow: string;
  /** Calls the step's own function after all. */
  real(): Promise<T>;
}

/** One call of a mock. */
export interface MockCall {
  readonly run: string;
  readonly workflow: string;
  readonly name: string;
  /** Attempt of the step, from 1. */
  readonly attempt: number;
  /** What a child was called with; undefined for a step. */
  readonly input: unknown;
}

/** What stands in the place of a step or a child, and what became of it. */
export interface Mock {
  readonly calls: readonly MockCall[];
  /** Lets the program's own function be called again; of a service only before the first start. */
  restore(): void;
}

/** What a step of this type results in: the return type of a function, or the type itself. */
export type StepResult<F> = F extends (...args: never[]) => infer R ? Awaited<R> : F;

export interface MockOptions<T> {
  /** Stands for the step's undo; without one, undoing a mocked step is journaled and does nothing. */
  readonly undo?: (result: T | undefined, step: StepContext) => unknown;
}

/** A service by its definition, or as it is configured. */
export type MockedService<A extends Actions> =
  | Service<A>
  | { readonly id: string; withConfig(...given: never): Service<A> };

/** What stands for the actions of a service: plain functions, whose input is what the call was given. */
export type MockActions<A extends Actions> = {
  readonly [K in keyof A]?: A[K] extends ServiceAction<infer In, infer Out>
    ? (input: In, step: StepContext) => Out | Promise<Out>
    : A[K];
};

export type StepName = string | RegExp;
type StepBody = (step: never) => unknown;

interface StepMock {
  readonly target: StepName | StepBody;
  readonly stand: (step: MockStep<never>) => unknown;
  readonly undo: ((result: never, step: StepContext) => unknown) | undefined;
  readonly calls: MockCall[];
}

interface ChildMock {
  readonly stand: (input: never, ctx: Context) => unknown;
  readonly calls: MockCall[];
  readonly seen: Set<string>;
}

export class Mocks {
  #steps: StepMock[] = [];
  readonly #children = new Map<string, ChildMock>();
  readonly #polls = new Map<string, PollOptions["fetch"]>();
  readonly #services = new Map<string, Actions>();
  readonly races = new Races();
  /** Told before a step's function is called; what it answers is called instead. */
  before: (call: StepCall) => (() => unknown) | undefined = () => undefined;

  /** The mock made last comes first. */
  step(target: StepName | StepBody, stand: (step: MockStep<never>) => unknown, options: MockOptions<never> = {}): Mock {
    const mock: StepMock = { target, stand, undo: options.undo, calls: [] };
    this.#steps.unshift(mock);
    return {
      calls: mock.calls,
      restore: () => {
        this.#steps = this.#steps.filter((each) => each !== mock);
      },
    };
  }

  child<W extends Workflow>(
    child: W | string,
    stand: (input: InputOf<W>, ctx: Context) => OutputOf<W> | Promise<OutputOf<W>>,
  ): Mock {
    const name = typeof child === "string" ? child : child.name;
    const mock: ChildMock = { stand, calls: [], seen: new Set() };
    this.#children.set(name, mock);
    return { calls: mock.calls, restore: () => void this.#children.delete(name) };
  }

  /** Names of the children that are mocked now. */
  get childNames(): readonly string[] {
    return [...this.#children.keys()];
  }

  readonly standIn: StandIn = (call, own) => {
    const mock = this.#steps.find((each) => fits(each.target, call, own));
    const chosen = mock === undefined ? own : stoodIn(mock, call, own);
    return { body: (step) => (this.before(call) ?? (() => chosen.body(step)))(), undo: chosen.undo };
  };

  /** What a poll finds, in the place of what its own function would. */
  poll(name: string, stand: (context: PollContext) => ReturnType<PollOptions["fetch"]>): Mock {
    const calls: MockCall[] = [];
    this.#polls.set(name, (context) => {
      calls.push({ run: "", workflow: "", name, attempt: 1, input: context.cursor });
      return stand(context);
    });
    return { calls, restore: () => void this.#polls.delete(name) };
  }

  /** Actions in place of those of a service, whose calls are noted with what they were given. */
  service(id: string, actions: Actions): Mock {
    const calls: MockCall[] = [];
    const stands = Object.entries(actions).map(([name, action]) => {
      const run = typeof action === "function" ? action : action.run.bind(action);
      const stand = (input: never, step: StepContext): unknown => {
        const [runId = ""] = step.idempotencyKey.split(":");
        calls.push({ run: runId, workflow: "", name: `${id}.${name}`, attempt: step.attempt, input });
        return run(input, step);
      };
      return [name, stand] as const;
    });
    // What stands behind `ctx.transaction` has no name.
    const hidden = Object.getOwnPropertySymbols(actions).map((key) => [key, Reflect.get(actions, key)] as const);
    this.#services.set(id, Object.fromEntries([...stands, ...hidden]) as Actions);
    return { calls, restore: () => void this.#services.delete(id) };
  }

  /** Services that are mocked now, by their ids. */
  get services(): Readonly<Record<string, Actions>> {
    return Object.fromEntries(this.#services);
  }

  /** The workflow as the test's worker has it: itself, or what stands in its place. */
  wrap(own: Workflow): Workflow {
    const { triggers } = own.options;
    const options = triggers === undefined ? own.options : { ...own.options, triggers: triggers.map(this.#trigger) };
    return { ...own, options, handler: (ctx, input) => this.#handle(own, ctx, input) };
  }

  readonly #trigger = (own: Trigger): Trigger => {
    if (own.type !== "poll") return own;
    const fetch: PollOptions["fetch"] = (context) => (this.#polls.get(own.name) ?? own.options.fetch)(context);
    return { ...own, options: { ...own.options, fetch } };
  };

  /** A workflow that exists as a mock only. */
  placeholder(name: string): Workflow {
    return this.wrap(
      workflow({ name }, () => Promise.reject(new Error(`Workflow ${name} was mocked, and is not any more.`))),
    );
  }

  async #handle(own: Workflow, ctx: Context, input: unknown): Promise<unknown> {
    const mock = this.#children.get(own.name);
    if (mock === undefined) return own.handler(this.races.watch(ctx), input);
    if (!mock.seen.has(ctx.run.id)) {
      mock.seen.add(ctx.run.id);
      mock.calls.push({ run: ctx.run.id, workflow: own.name, name: own.name, attempt: ctx.attempt, input });
    }
    return mock.stand(input as never, ctx);
  }
}

function fits(target: StepName | StepBody, call: StepCall, own: StepFunctions): boolean {
  if (typeof target === "string") return target === call.name;
  return target instanceof RegExp ? new RegExp(target).test(call.name) : target === own.body;
}

function stoodIn(mock: StepMock, call: StepCall, own: StepFunctions): StepFunctions {
  const { run, workflow: workflowName, name, n } = call;
  const body = (step: StepContext): unknown => {
    mock.calls.push({ run, workflow: workflowName, name, attempt: step.attempt, input: undefined });
    return mock.stand({
      name,
      occurrence: n,
      run,
      workflow: workflowName,
      attempt: step.attempt,
      idempotencyKey: step.idempotencyKey,
      // Made when it is asked for, as the step's own is.
      get signal() {
        return step.signal;
      },
      // Made when it is asked for, as the step's own is.
      get secret() {
        return step.secret;
      },
      real: async () => (await own.body(step)) as never,
    });
  };
  const undo = own.undo === undefined ? undefined : (mock.undo ?? (() => undefined));
  return { body, undo };
}
