// The product without HTTP: the engine, its ports and what they are made of.
export { Engine } from "./engine/engine.ts";
export type { EngineOptions } from "./engine/engine-options.ts";
export { isFor, termsOf } from "./engine/approvals.ts";
export { tokenRefusal } from "./engine/token-refusals.ts";
export type { Decider } from "./engine/approvals.ts";
export { checkDeployment } from "./engine/deployment-checks.ts";
export { engineLimits } from "./engine/limits.ts";
export type { EngineLimits } from "./engine/limits.ts";
export type { AttachedWorker, Attaching, WorkerLink, WorkerLoss } from "./engine/worker-link.ts";
export { plainOffer } from "./engine/tasks/offer.ts";
export type { TaskWorker, WorkerOffer } from "./engine/tasks/offer.ts";
export { hookDoor } from "./engine/idempotency-key.ts";
export type { StartRequest, Started } from "./engine/starts.ts";
export type { Drained, LeftRun } from "./engine/moves.ts";
export { bulkActions } from "./engine/operations.ts";
export type { BulkAction, BulkResult, ForkRequest } from "./engine/operations.ts";
export type { RunUpdate } from "./engine/watch.ts";
export type { ChangedNoun, ChangeListener } from "./engine/changes.ts";
export type { DeployedTrigger } from "./engine/triggers/triggers.ts";
export { triggerId, triggerKind, triggerName } from "./engine/triggers/trigger-names.ts";
export type { KeptManifest } from "./engine/triggers/trigger-names.ts";
export type { DeliveryRecord, TriggerMark, TriggerRecord, TriggerStore } from "./kernel/trigger-store.ts";
export type { Happening, TriggerSink, TriggerSource, WatchedTrigger } from "./kernel/trigger-source.ts";
export type { CounterName } from "./engine/parts.ts";
export type { ProvideVersion } from "./engine/dispatcher.ts";
export type { GraphEdge, GraphNode, WorkflowGraph } from "./engine/graph.ts";
export type { ScheduleTime } from "./engine/schedule-times.ts";
export { Ids, createdAtOf, isTaskId, systemRandom } from "./kernel/ids.ts";
export type { Random } from "./kernel/ids.ts";
export { cacheLimits } from "./builds/cache/limits.ts";
export type { CacheLimits } from "./builds/cache/limits.ts";
export { logLimits } from "./logs/limits.ts";
export type { LogLimits } from "./logs/limits.ts";
export { metricLimits } from "./metrics/limits.ts";
export type { MetricLimits } from "./metrics/limits.ts";
export type { ProductTrail } from "./kernel/product-trail.ts";
export { systemClock } from "./kernel/clock.ts";
export { lazily } from "./kernel/lazily.ts";
export type { Clock } from "./kernel/clock.ts";
export type { Logger, LogLevel } from "./kernel/log.ts";
export { ok, fail, unwrap, attempt } from "./kernel/result.ts";
export type { Result } from "./kernel/result.ts";
export { blobRefOf } from "./kernel/blob-ref.ts";
export { isErased } from "./kernel/sealed.ts";
export type { PayloadKeyStore } from "./kernel/payload-keys.ts";
export type { Sealing } from "./engine/sealing.ts";
export type { BlobStore } from "./kernel/blob-store.ts";
export type { BlobScopeStore, HeldBlob } from "./kernel/blob-scope-store.ts";
export type { CacheScope } from "./kernel/cache-scope.ts";
export type { Store } from "./kernel/store.ts";
export type { SecretRecord, SecretStore } from "./kernel/secret-store.ts";
export type { WorkerService } from "./engine/facilities.ts";
export type { BreakerRecord } from "./kernel/breaker-store.ts";
export type { SecretSource } from "./kernel/secret-source.ts";
export { hourMs } from "./kernel/run-figures.ts";
export type {
  Attempt,
  EventWait,
  Figures,
  HourFigures,
  RunFigures,
  RunOutline,
  RunStatistics,
  WorkflowCounts,
} from "./kernel/run-figures.ts";
export type {
  IdentityStore,
  PasskeyRecord,
  RoleRecord,
  SessionRecord,
  TokenRow,
  UserRecord,
} from "./kernel/identity-store.ts";
export type { AuditFilter, AuditHead, AuditLog, AuditNote, AuditOutcome, AuditRecord } from "./kernel/audit-log.ts";
export { attributeFilter } from "./engine/attributes.ts";
export type { StreamChunk } from "./kernel/run-stream.ts";
export type { StepCacheEntry, StepCacheFilter } from "./kernel/step-cache.ts";
export { matchesAny, matchesPattern, sees } from "./kernel/patterns.ts";
export type {
  Actor,
  AccessFilter,
  RunRecord,
  RunStore,
  RunFilter,
  NewRun,
  TokenRecord,
  StateEntry,
  ScheduleRecord,
  QueueRecord,
  EventRecord,
  LogLine,
  StoreStats,
  FinishedRun,
  JournalCursor,
  RunHit,
  RunSummary,
} from "./kernel/run-store.ts";
export { fleetLimits } from "./workers/limits.ts";
export { terminalLimits } from "./terminals/limits.ts";
export type { FleetLimits } from "./workers/limits.ts";
export type {
  ClusterRecord,
  ClusterStore,
  ComponentRecord,
  OperationRecord,
  PlanRecord,
} from "./kernel/cluster-store.ts";
export type { FailoverRecord, RecoveryRecord, RecoveryStore } from "./kernel/recovery-store.ts";
export type { BuildEvent, BuildPlacement, BuildRecord, BuildStore, WorkerBinding } from "./kernel/build-store.ts";
