// `sluice/cronflow`: workflows by chained calls and an engine in the program's own process, as a program written for cronflow
// expects them. The state of `cronflow` is that of the module, which is the point of a drop-in.
import { createCronflow } from "./cronflow/cronflow.ts";

export const cronflow = createCronflow(process.env);
// oxlint-disable-next-line import/no-default-export -- programs import it either way
export { cronflow as default };
export { createCronflow } from "./cronflow/cronflow.ts";
export type { Cronflow } from "./cronflow/cronflow.ts";
export type { StartOptions, WebhookServerOptions } from "./cronflow/settings.ts";
export { WorkflowInstance } from "./cronflow/workflow-instance.ts";
export type { ConcurrencyStats, InspectedRun, InspectedStep, ReplayOptions } from "./cronflow/runs-api.ts";
export type { TestRun, TestedStep } from "./cronflow/testing/test-harness.ts";
export type {
  CronflowContext as Context,
  DefineOptions,
  PausedNote,
  RetryConfig,
  StepDefinition,
  TriggerDefinition,
  WorkflowDefinition,
} from "@sluice/sdk";
