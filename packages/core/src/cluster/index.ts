// The room of clusters: what the server binds and what others may use of it.
export { Clusters } from "./clusters.ts";
export type { ClustersOptions, OperationRunner } from "./clusters.ts";
export type { ClusterStatus, Keeper } from "./connections.ts";
export { Recoveries, refused } from "./recovery/recoveries.ts";
export type { RecoveriesOptions, RecoveryRunner } from "./recovery/recoveries.ts";
export { begun, next, settle } from "./recovery/machine.ts";
export type { Outcome, Phase, State } from "./recovery/machine.ts";
export type { Failovers } from "./recovery/failovers.ts";
export type { Measured } from "./recovery/drill.ts";
export type { Readiness } from "./recovery/readiness.ts";
export type { RecoverySpec } from "./recovery/recovery-file.ts";
export type { LineTransport, ScriptRunner, SqlServers } from "./recovery/ports.ts";
export type { Operations, OperationShape, Tally } from "./operations/operation.ts";
export { WatchCache } from "./client/watch.ts";
export type { WatchOptions } from "./client/watch.ts";
export { clusterLimits } from "./limits.ts";
export type { ClusterLimits } from "./limits.ts";
export { noRules } from "./health/health.ts";
export type { ComponentHealth, HealthRule, HealthRules, ObjectHealth } from "./health/health.ts";
export type { Finding } from "./mesh/analysis/messages.ts";
export type { CanarySpec, Share } from "./mesh/canary.ts";
export type { Beginner, CanaryRequest, Mesh, UpgradeRequest } from "./mesh/mesh.ts";
export type { Checked, MetricCheck } from "./mesh/queries.ts";
export type { MeshState } from "./mesh/state.ts";
export type { InjectionLabels } from "./mesh/upgrade.ts";
export type { ComponentSpec } from "./components/component-file.ts";
export type { PlanContent, PlannedChange } from "./plans/plan.ts";
export type {
  Checkout,
  Checkouts,
  Endpoint,
  Files,
  HttpTransport,
  PlacedFiles,
  ProcessResult,
  ProcessRunner,
  TransportAnswer,
  TransportRequest,
} from "./ports.ts";
