// Tests that also stand in for services and triggers, make data, and count which steps and branches were executed.
import { everyNode, isAction, isService, servicesByName } from "@sluice/sdk";
import type {
  Actions as ServiceActions,
  FlowChanges,
  FlowWorkflow,
  Loose,
  Service,
  StepContext,
  TriggerNote,
} from "@sluice/sdk";
import { DefaultTestDataGenerator } from "./data-generator.ts";
import type { TestDataGenerator } from "./data-generator.ts";
import { TestHarness } from "./test-harness.ts";
import type { TestRun } from "./test-harness.ts";

type Actions = Readonly<Record<string, (...args: Loose[]) => unknown>>;

export interface ServiceMock {
  readonly serviceId: string;
  readonly actions: Actions;
  readonly config: unknown;
  readonly auth: unknown;
}

export interface TriggerMock {
  readonly type: TriggerNote["type"];
  readonly payload?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly path?: string;
}

interface Executed {
  executed: boolean;
  executionCount: number;
}
interface StepCoverage extends Executed {
  lastExecuted?: Date;
  duration?: number;
}
interface BranchCoverage extends Executed {
  readonly condition: string;
}
interface Called {
  called: boolean;
  callCount: number;
}
interface ServiceCoverage extends Called {
  readonly actions: Record<string, Called>;
}

export interface TestCoverage {
  readonly steps: Record<string, StepCoverage>;
  readonly branches: Record<string, BranchCoverage>;
  readonly services: Record<string, ServiceCoverage>;
  readonly overall: {
    readonly totalSteps: number;
    readonly executedSteps: number;
    readonly totalBranches: number;
    readonly executedBranches: number;
    readonly totalServices: number;
    readonly calledServices: number;
    /** Of steps, in percent. */
    readonly coveragePercentage: number;
  };
}

export interface AdvancedTestRun extends TestRun {
  readonly coverage: TestCoverage;
  readonly serviceMocks: readonly ServiceMock[];
  readonly triggerMocks: readonly TriggerMock[];
}

export class AdvancedTestHarness extends TestHarness {
  readonly #services = new Map<string, ServiceMock>();
  readonly #triggers: TriggerMock[] = [];
  #generator: TestDataGenerator = new DefaultTestDataGenerator();
  #coverage: Omit<TestCoverage, "overall">;

  constructor(workflow: FlowWorkflow) {
    super(workflow);
    this.#coverage = emptyCoverage(workflow, this.#services);
  }

  /** Actions in place of those of a service. */
  mockService(
    ...[serviceId, actions, config, auth]: readonly [
      serviceId: string,
      actions: Actions,
      config?: unknown,
      auth?: unknown,
    ]
  ): this {
    this.#services.set(serviceId, { serviceId, actions, config, auth });
    this.#coverage.services[serviceId] ??= { called: false, callCount: 0, actions: {} };
    return this;
  }

  /** One action that returns a value. */
  mockServiceAction(serviceId: string, action: string, value: unknown): this {
    const known = this.#services.get(serviceId);
    const actions = { ...known?.actions, [action]: () => value };
    return this.mockService(serviceId, actions, known?.config, known?.auth);
  }

  /** Starts the run as this trigger would. */
  mockTrigger(type: TriggerMock["type"], options: Omit<TriggerMock, "type"> = {}): this {
    this.#triggers.push({ type, ...options });
    const { payload, ...rest } = options;
    this.note = { type, ...rest };
    if (payload !== undefined) this.payload = payload;
    return this;
  }

  withDataGenerator(generator: TestDataGenerator): this {
    this.#generator = generator;
    return this;
  }

  generateData<T>(make: (generator: TestDataGenerator) => T): T {
    return make(this.#generator);
  }

  /** What was executed in the runs of this test so far. */
  getCoverage(): TestCoverage {
    const { steps, branches, services } = this.#coverage;
    const executed = (of: Readonly<Record<string, Executed>>): number =>
      Object.values(of).filter((each) => each.executed).length;
    const totalSteps = Object.keys(steps).length;
    return {
      ...this.#coverage,
      overall: {
        totalSteps,
        executedSteps: executed(steps),
        totalBranches: Object.keys(branches).length,
        executedBranches: executed(branches),
        totalServices: Object.keys(services).length,
        calledServices: Object.values(services).filter(({ called }) => called).length,
        coveragePercentage: totalSteps === 0 ? 100 : (executed(steps) / totalSteps) * 100,
      },
    };
  }

  resetCoverage(): this {
    this.#coverage = emptyCoverage(this.workflow, this.#services);
    return this;
  }

  override async run(): Promise<AdvancedTestRun> {
    const run = await super.run();
    this.#count(run);
    return {
      ...run,
      coverage: this.getCoverage(),
      serviceMocks: [...this.#services.values()],
      triggerMocks: [...this.#triggers],
    };
  }

  protected override changes(): FlowChanges {
    const real = servicesByName(this.workflow.getDefinition().services);
    const mocked = Object.fromEntries(
      [...this.#services.values()].map(({ serviceId, actions }) => [serviceId, actions]),
    );
    const merged = Object.entries({ ...real, ...mocked }).map(([id, actions]) => [id, this.#counted(id, actions)]);
    return merged.length === 0 ? {} : { services: Object.fromEntries(merged) as Record<string, unknown> };
  }

  /** The same service, whose calls are counted. */
  #counted(id: string, service: unknown): unknown {
    const count = (action: string): void => this.#noteCall(id, action);
    if (isService(service)) return countedService(service, count);
    const { actions = service } = (service ?? {}) as { readonly actions?: unknown };
    const counted = Object.entries(actions as Actions).map(([action, act]) => [
      action,
      (...args: unknown[]): unknown => {
        count(action);
        return act(...args);
      },
    ]);
    return Object.fromEntries(counted);
  }

  #noteCall(service: string, action: string): void {
    const of = (this.#coverage.services[service] ??= { called: false, callCount: 0, actions: {} });
    const one = (of.actions[action] ??= { called: false, callCount: 0 });
    for (const each of [of, one]) {
      each.called = true;
      each.callCount++;
    }
  }

  #count({ steps }: TestRun): void {
    for (const { name, duration, output } of steps) {
      const step = this.#coverage.steps[name];
      if (step !== undefined) {
        step.executed = true;
        step.executionCount++;
        step.lastExecuted = new Date();
        step.duration = duration;
      }
      this.#countBranch(name, output);
    }
  }

  #countBranch(condition: string, output: unknown): void {
    for (const node of everyNode(this.workflow.nodes)) {
      if (node.kind !== "if") continue;
      const at = node.branches.findIndex(({ name }) => name === condition);
      if (at < 0) continue;
      // Where a condition does not hold and what follows has none, that is the way taken.
      const taken = output === true ? node.branches[at] : node.branches[at + 1];
      if (taken === undefined || (output !== true && taken.condition !== undefined)) continue;
      const branch = this.#coverage.branches[taken.name];
      if (branch === undefined) continue;
      branch.executed = true;
      branch.executionCount++;
    }
  }
}

/** A service of the worker's: what its `setup` makes is wrapped when it is started. */
function countedService(service: Service, count: (action: string) => void): Service {
  return {
    ...service,
    setup: async (given) => {
      const made = (await service.setup(given)) as ServiceActions;
      const all = Object.entries(made).map(([name, act]) => {
        const run: (input: never, step: StepContext) => unknown = isAction(act) ? act.run.bind(act) : act;
        const counted = (input: never, step: StepContext): unknown => {
          count(name);
          return run(input, step);
        };
        return [name, isAction(act) ? { ...act, run: counted } : counted] as const;
      });
      // What stands under symbols, such as a database, stays.
      return { ...made, ...Object.fromEntries(all) };
    },
  };
}

function emptyCoverage(workflow: FlowWorkflow, mocks: ReadonlyMap<string, ServiceMock>): Omit<TestCoverage, "overall"> {
  const steps: Record<string, StepCoverage> = {};
  const branches: Record<string, BranchCoverage> = {};
  const services: Record<string, ServiceCoverage> = {};
  for (const node of everyNode(workflow.nodes)) {
    if (node.kind === "step" || node.kind === "action") steps[node.name] = { executed: false, executionCount: 0 };
    if (node.kind !== "if") continue;
    for (const { name } of node.branches) branches[name] = { executed: false, executionCount: 0, condition: name };
  }
  const ids = Object.keys(servicesByName(workflow.getDefinition().services));
  for (const id of [...ids, ...mocks.keys()]) services[id] = { called: false, callCount: 0, actions: {} };
  return { steps, branches, services };
}
