// The builder: workflows by chained calls, compiled to plain workflow functions.
export { Flow } from "./flow.ts";
export { FlowWorkflow } from "./flow-workflow.ts";
export type {
  FlowChanges,
  FlowWorkflowParts,
  StepDefinition,
  TriggerDefinition,
  WorkflowDefinition,
} from "./flow-workflow.ts";
export { isTaken, keptHeaders, methodOf } from "./flow-triggers.ts";
export type {
  FlowTriggerNote,
  FlowWebhookOptions,
  PollFunction,
  RegisterRoute,
  FlowRequestContext,
  FlowMiddleware,
  FlowRequest,
  FlowResponse,
} from "./flow-triggers.ts";
export { servicesByName } from "./flow-services.ts";
export type { FlowCall, FlowHost } from "./host.ts";
export { everyNode } from "./nodes.ts";
export type { FlowNode } from "./nodes.ts";
export { isWorthRetrying, retryOf } from "./step-plan.ts";
export { triggered } from "./trigger-input.ts";
export type { TriggerNote } from "./trigger-input.ts";
export { pausedKeyPrefix } from "./waits.ts";
export type { PausedNote } from "./waits.ts";
export type {
  CacheConfig,
  CircuitBreakerConfig,
  ConfiguredService,
  CronflowContext,
  DefineOptions,
  FlowHandler,
  FlowHooks,
  FlowState,
  FlowStepOptions,
  FlowTrigger,
  HumanOptions,
  Loose,
  RetryConfig,
  SecretSpec,
} from "./types.ts";
