// `sluice/cronflow/sdk`: the parts of the builder by themselves, under the names of `cronflow/sdk`.
import { cronflow } from "./cronflow.ts";
import { AdvancedTestHarness } from "./cronflow/testing/advanced-harness.ts";
import { TestHarness } from "./cronflow/testing/test-harness.ts";
import type { WorkflowInstance } from "./cronflow/workflow-instance.ts";

export const { define, start, stop, trigger, inspect, getWorkflows, getWorkflow, getConcurrencyStats, VERSION } =
  cronflow;

/** A test of a workflow. */
export function createTestHarness(workflow: WorkflowInstance): TestHarness {
  return new TestHarness(workflow);
}

/** A test that also stands in for services and triggers. */
export function createAdvancedTestHarness(workflow: WorkflowInstance): AdvancedTestHarness {
  return new AdvancedTestHarness(workflow);
}

export { AdvancedTestHarness, TestHarness };
export { DefaultTestDataGenerator } from "./cronflow/testing/data-generator.ts";
export type { TestDataGenerator } from "./cronflow/testing/data-generator.ts";
export type { TestRun, TestedStep } from "./cronflow/testing/test-harness.ts";
export { WorkflowInstance } from "./cronflow/workflow-instance.ts";
export { StepExecutor } from "./cronflow/resilience/step-executor.ts";
export type { StepExecutionResult } from "./cronflow/resilience/step-executor.ts";
export { RetryExecutor } from "./cronflow/resilience/retry-executor.ts";
export type { RetryOptions, RetryResult } from "./cronflow/resilience/retry-executor.ts";
export { CircuitBreaker } from "./cronflow/resilience/circuit-breaker.ts";
export type {
  CircuitBreakerOptions,
  CircuitBreakerStats,
  CircuitState,
} from "./cronflow/resilience/circuit-breaker.ts";
export { CircuitBreakerManager } from "./cronflow/resilience/circuit-breaker-manager.ts";
export { PerformanceMonitor } from "./cronflow/performance/monitor.ts";
export { PerformanceOptimizer } from "./cronflow/performance/optimizer.ts";
export type {
  CronflowContext as Context,
  RetryConfig,
  StepDefinition,
  TriggerDefinition,
  WorkflowDefinition,
} from "@sluice/sdk";
