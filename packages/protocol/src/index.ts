// The wire contract: everything that crosses a process boundary is named here.
export {
  runStatuses,
  finalRunStatuses,
  runStatusReasons,
  entryKinds,
  entryStatuses,
  buildStatuses,
  buildEventKinds,
  recordedParts,
  terminalRoles,
  terminalStatuses,
  workKinds,
  catchUpModes,
  overlapModes,
  isFinalStatus,
} from "./statuses.ts";
export type {
  RunStatus,
  FinalRunStatus,
  RunStatusReason,
  EntryKind,
  EntryStatus,
  BuildStatus,
  BuildEventKind,
  TerminalRole,
  TerminalStatus,
  WorkKind,
  CatchUp,
  Overlap,
} from "./statuses.ts";
export { flowKeyPattern, gateKinds, joinReasons, queueNamePattern, singletonModes } from "./flow.ts";
export type { FlowManifest, GateKind, JoinReason, SingletonMode } from "./flow.ts";
export { errorCodes, SluiceError, toWire, httpStatusOf } from "./errors.ts";
export type { ErrorCode, WireError } from "./errors.ts";
export type { DeclaredEdge, DeclaredGraph, DeclaredNode } from "./declared-graph.ts";
export { runMessageCodes } from "./run-message-codes.ts";
export type { RunMessageName } from "./run-message-codes.ts";
export type { JournalEntry } from "./journal-entry.ts";
export type {
  RunOp,
  StartedOp,
  DoneOp,
  RetryOp,
  SleepOp,
  EventOp,
  ApprovalOp,
  TokenOp,
  CallbackOp,
  ChildOp,
  EmitOp,
  StateOp,
  LockOp,
  UnlockOp,
  RaceOp,
  PatchedOp,
  UndoingOp,
  FinishOp,
  BlockedOp,
  IdleOp,
  ParkOp,
  CancelNotice,
  RunEvent,
  RunAssignment,
  WorkflowManifest,
  EngineToWorker,
  WorkerToEngine,
} from "./run-messages.ts";
export { deliveryStatuses, hookInputs, webhookSchemes } from "./trigger-manifest.ts";
export type {
  DeliveryStatus,
  EventManifest,
  GenericSignature,
  HeaderRule,
  HookAnswer,
  HookInput,
  HookRequest,
  InvokedMessage,
  InvokeMessage,
  ManualManifest,
  PollFound,
  PollManifest,
  SourceManifest,
  TriggerDebounce,
  TriggerManifest,
  TriggerVerdict,
  WebhookManifest,
  WebhookScheme,
} from "./trigger-manifest.ts";
export {
  attributesMax,
  attributeTypes,
  attributeValue,
  conditionValue,
  isAttributeName,
  parseCondition,
  splitConditions,
} from "./attributes.ts";
export type {
  AttributeCondition,
  AttributeOperator,
  AttributeSetting,
  AttributeType,
  RunAttribute,
} from "./attributes.ts";
export { streamPieceBytesMax } from "./run-data-ops.ts";
export type { AttributesOp, CacheOp, ChunkOp, LogOp, ProgressOp, StepCacheUse } from "./run-data-ops.ts";
export type { HeldTask, TaskOffer, TaskOp, TaskOrder, TaskPlace, TaskPlan, TaskReport } from "./task-messages.ts";
export { toErrorValue, encodeError, encodeErrorValue, decodeErrorValue, wireErrorOf } from "./error-value.ts";
export type { ErrorValue } from "./error-value.ts";
export { encodeValue, decodeValue, valueToJson } from "./value.ts";
export { jsonRepeatCharsMax } from "./value-json.ts";
export {
  exportEntry,
  exportValue,
  importEntry,
  importPiece,
  importValue,
  parseRunExport,
  runExportFormat,
  runExportVersion,
} from "./run-export.ts";
export type { ExportedEntry, ExportedLog, ExportedPiece, ExportedRun, ExportedValue, RunExport } from "./run-export.ts";
export { durationMsMax, parseDuration, formatDuration } from "./duration.ts";
export type { Duration } from "./duration.ts";
export { fnv64 } from "./fnv.ts";
export { formatTraceparent, parseTraceparent, spanIdOf, traceIdOf } from "./trace.ts";
export type { TraceSpan } from "./trace.ts";
export { normalizeRetry, nextRetryDelayMs } from "./backoff.ts";
export type { RetryPolicy, RetryPlan } from "./backoff.ts";
export {
  frameVersion,
  frameBytesMax,
  encodeFrame,
  encodeMessage,
  decodeMessage,
  FrameDecoder,
  FrameError,
} from "./frame.ts";
export type { WireMessage, FrameErrorCode, FrameOptions } from "./frame.ts";
export { workerMessageCodes, workerMessageName, runMessageCodeRange } from "./worker-message-codes.ts";
export type { WorkerMessageName } from "./worker-message-codes.ts";
export { ValueNotSerializableError, ValueDecodeError } from "./value-format.ts";
export { builtInRoles, permissions, selectorNames } from "./permissions.ts";
export type { BuiltInRole, Grant, Permission, PermissionSpec, SelectorName } from "./permissions.ts";
export { serviceStatuses } from "./facility-messages.ts";
export type { ServiceReport, ServiceStatus } from "./facility-messages.ts";
export { breakerPlanOf, breakerStates } from "./breaker.ts";
export type { BreakerMark, BreakerPlan, BreakerPolicy, BreakerState } from "./breaker.ts";
export { secretBytesMax, secretCharsMin, secretNamePattern, secretOrigins } from "./secret-ref.ts";
export type { SecretOrigin, SecretRef } from "./secret-ref.ts";
export { liveTopics } from "./live.ts";
export type { LiveMessage, LiveRequest, LiveRun, LiveTopic } from "./live.ts";
export {
  changeActions,
  clusterNamePattern,
  failoverStatuses,
  overridableRules,
  readinessRules,
  recoveryPhases,
  safetyRules,
  healthStates,
  operationStatuses,
  planStatuses,
  reconcileStates,
} from "./statuses.ts";
export type { ChangeAction, HealthState, OperationStatus, PlanStatus, ReconcileState } from "./statuses.ts";
export type { FailoverStatus, ReadinessRule, RecoveryPhase, SafetyRule } from "./statuses.ts";
export { approvalLinkPrefix, approvalTermsBytesMax, approverOf } from "./approval-terms.ts";
export type { ApprovalDecision, ApprovalTerms, ApproverKind } from "./approval-terms.ts";
