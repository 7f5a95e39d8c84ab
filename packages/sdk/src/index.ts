// What users import to write and start workflows.
export { workflow, isWorkflow } from "./workflow.ts";
export type { Workflow, WorkflowOptions, InputOf, OutputOf } from "./workflow.ts";
export { checkTaskPolicy, isTask, task } from "./task.ts";
export type {
  CallTask,
  Task,
  TaskCallOptions,
  TaskUndone,
  TaskContext,
  TaskInput,
  TaskOptions,
  TaskOutput,
  TaskPolicy,
} from "./task.ts";
export { action, callService, defineService, isAction, isService } from "./service.ts";
export type {
  Actions,
  CallOptions,
  CallPolicy,
  Service,
  ServiceAction,
  ServiceCalls,
  ServiceDefinition,
  ServiceSetup,
  Services,
  WithSecrets,
} from "./service.ts";
export { database } from "./transaction.ts";
export type {
  PostgresDatabase,
  SqliteDatabase,
  Transact,
  TransactionOf,
  TransactionOptions,
  TransactionTarget,
} from "./transaction.ts";
export { countsFor } from "./breaker.ts";
export type { CircuitBreaker } from "./breaker.ts";
export { secret, isSecret } from "./secret.ts";
export type { Secret } from "./secret.ts";
export { limitsOf, singletonOf } from "./flow.ts";
export type { Concurrency, FlowOptions } from "./flow.ts";
export { interval, manual, schedule } from "./triggers.ts";
export type {
  IntervalOptions,
  ManualOptions,
  ManualTrigger,
  ScheduleOptions,
  ScheduleTrigger,
  Trigger,
} from "./triggers.ts";
export { fileWatch, onEvent, poll } from "./watching.ts";
export type {
  DebounceOptions,
  EventTrigger,
  EventTriggerOptions,
  FileChange,
  FileEvent,
  FileTrigger,
  FileWatchOptions,
  PollContext,
  PollOptions,
  PollResult,
  PollTrigger,
} from "./watching.ts";
export { webhook } from "./webhook.ts";
export type {
  GenericSignatureOptions,
  SecretPlace,
  WebhookMiddleware,
  WebhookOptions,
  WebhookRequest,
  WebhookTrigger,
} from "./webhook.ts";
export {
  NonRetryableError,
  RetryAfterError,
  CancelledError,
  DeniedError,
  TimeoutError,
  ChildRunError,
  CircuitOpenError,
  NonDeterminismError,
  reviveError,
  decodeError,
} from "./errors.ts";
export type {
  BuildOptions,
  Built,
  Context,
  StepContext,
  StepOptions,
  StepRetry,
  StepCache,
  WaitOptions,
  TokenOptions,
  CallbackToken,
  ChildOptions,
  EmitOptions,
  StateScope,
  LockOptions,
  HeldLock,
  RunInfo,
  RunAttributes,
  Log,
  Branches,
  RaceResult,
} from "./context.ts";
export type { Approval, ApprovalRequest, ApproveOptions, ApproverDecision } from "./approval.ts";
export type {
  Client,
  LogClient,
  LogEntry,
  LogFound,
  LogInput,
  MetricClient,
  MetricReport,
  MetricSummary,
  ServerClient,
  StartOptions,
  Run,
  RunUpdate,
  StreamChunk,
  Step,
  RunHandle,
  RunQuery,
  ForkOptions,
  RetryOptions,
  PendingApproval,
  Decision,
  StateValue,
  RunEnd,
} from "./client.ts";
export { connect } from "./connect.ts";
export type { ConnectOptions } from "./connect.ts";
export type { Fetch } from "./http-link.ts";
export { validateWithSchema, toJsonSchema } from "./standard-schema.ts";
export type { StandardSchemaV1, InferInput, InferOutput } from "./standard-schema.ts";
export {
  everyNode,
  Flow,
  FlowWorkflow,
  isTaken,
  keptHeaders,
  isWorthRetrying,
  retryOf,
  methodOf,
  pausedKeyPrefix,
  servicesByName,
  triggered,
} from "./builder/index.ts";
export type {
  CacheConfig,
  CircuitBreakerConfig,
  ConfiguredService,
  CronflowContext,
  DefineOptions,
  FlowCall,
  FlowChanges,
  FlowHandler,
  FlowHooks,
  FlowHost,
  FlowNode,
  FlowState,
  FlowStepOptions,
  FlowTrigger,
  FlowTriggerNote,
  FlowWebhookOptions,
  FlowWorkflowParts,
  HumanOptions,
  Loose,
  PausedNote,
  PollFunction,
  RegisterRoute,
  RetryConfig,
  SecretSpec,
  StepDefinition,
  TriggerDefinition,
  TriggerNote,
  FlowRequestContext,
  FlowMiddleware,
  FlowRequest,
  FlowResponse,
  WorkflowDefinition,
} from "./builder/index.ts";
export { SluiceError } from "@sluice/protocol";
export type {
  Duration,
  RetryPolicy,
  ErrorCode,
  HookAnswer,
  HookRequest,
  SecretOrigin,
  SecretRef,
} from "@sluice/protocol";
