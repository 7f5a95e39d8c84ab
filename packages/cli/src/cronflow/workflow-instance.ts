// A workflow as `define` returns it: a flow with what needs the program it belongs to.
import { FlowWorkflow, isTaken, methodOf } from "@sluice/sdk";
import type { DefineOptions, FlowTriggerNote } from "@sluice/sdk";
import { registerWebhook } from "./frameworks.ts";
import type { Program } from "./program.ts";
import { AdvancedTestHarness } from "./testing/advanced-harness.ts";
import { TestHarness } from "./testing/test-harness.ts";
import { answerWebhook } from "./webhook-routes.ts";

export class WorkflowInstance extends FlowWorkflow {
  readonly #program: Program;

  constructor(definition: DefineOptions, program: Program) {
    super({ definition, host: program.host, now: () => new Date() });
    this.#program = program;
  }

  protected override trigger(trigger: FlowTriggerNote): this {
    super.trigger(trigger);
    if (trigger.type === "webhook" && isTaken(trigger.options)) {
      const { path, options } = trigger;
      registerWebhook({ method: methodOf(trigger), path, options }, async (request) =>
        answerWebhook(this.#program, { workflowId: this.getId(), trigger }, request),
      );
    }
    this.#program.changed(this.getId());
    return this;
  }

  override get siblings(): readonly WorkflowInstance[] {
    return [...this.#program.workflows.values()].filter((each) => each !== this);
  }

  /** Tells a started engine of the definition as it is now; others are told when it starts. */
  async register(): Promise<this> {
    this.validate();
    this.#program.changed(this.getId());
    if (this.#program.site !== undefined) await this.#program.deployed();
    return this;
  }

  /** A test of this workflow. */
  test(): TestHarness {
    return new TestHarness(this);
  }

  /** A test that also stands in for services and triggers, makes data and counts what was executed. */
  advancedTest(): AdvancedTestHarness {
    return new AdvancedTestHarness(this);
  }
}
