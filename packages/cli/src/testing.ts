// `sluice/testing`: tests of workflows without a server, a disk or a real clock. The engine itself, in memory. Runs on Node too.
export { testEngine } from "./testing/engine.ts";
export type { TestDecision, TestEngine, TestOptions } from "./testing/engine.ts";
export { testWorkflow } from "./testing/workflow-test.ts";
export type { WorkflowTest, WorkflowTestOptions } from "./testing/workflow-test.ts";
export type { TestRun } from "./testing/test-run.ts";
export type { Mock, MockCall, MockOptions, MockStep, StepName, StepResult } from "./testing/mocks.ts";
export type { CrashOptions } from "./testing/crash-plan.ts";
export type { RunExpectation, WaitKind } from "./testing/expect-run.ts";
export type { StepExpectation } from "./testing/expect-step.ts";
export type { ExpectedError } from "./testing/expectation.ts";
export { Coverage } from "./testing/coverage.ts";
export type {
  CoverageOptions,
  CoverageReport,
  CoveredBranch,
  CoveredCall,
  CoveredWorkflow,
} from "./testing/coverage.ts";
export { mergeLcov } from "./testing/coverage-merge.ts";
export { arbitraryOf, generate, inputsOf } from "./testing/generate.ts";
export type { GenerateOptions } from "./testing/generate.ts";
export type { ReplayedRun } from "./testing/replays.ts";
export type { WebhookDelivery } from "./testing/triggers.ts";
