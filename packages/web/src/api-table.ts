// What every route of the API takes and answers, made by `bun packages/web/generate-api.ts` from the contract: not to be edited.
import type { schemas } from "@sluice/protocol/http-schemas";
import type { z } from "zod";

type Sent<Name extends keyof typeof schemas> = z.input<(typeof schemas)[Name]>;
type Body<Name extends keyof typeof schemas> = z.infer<(typeof schemas)[Name]>;

/** Names of path and query parameters, the body sent, the body answered. */
export interface Api {
  listWorkflows: { params: never; query: never; request: undefined; answer: Body<"Workflows"> };
  getWorkflow: { params: "name"; query: never; request: undefined; answer: Body<"Workflow"> };
  startRun: { params: "name"; query: "wait"; request: Sent<"StartRun">; answer: Body<"StartedRun"> };
  listRuns: {
    params: never;
    query:
      | "workflow"
      | "status"
      | "reason"
      | "tag"
      | "from"
      | "to"
      | "endedFrom"
      | "parent"
      | "version"
      | "attr"
      | "chain"
      | "limit"
      | "cursor";
    request: undefined;
    answer: Body<"Runs">;
  };
  bulkRuns: { params: never; query: never; request: Sent<"BulkRuns">; answer: Body<"BulkResult"> };
  getRun: { params: "run"; query: "wait" | "small" | "stacks"; request: undefined; answer: Body<"Run"> };
  deleteRun: { params: "run"; query: never; request: undefined; answer: undefined };
  listSteps: {
    params: "run";
    query: "limit" | "cursor" | "small" | "stacks";
    request: undefined;
    answer: Body<"Steps">;
  };
  listLogs: { params: "run"; query: "limit" | "after"; request: undefined; answer: Body<"Logs"> };
  watchRun: { params: "run"; query: "after"; request: undefined; answer: string };
  cancelRun: { params: "run"; query: never; request: Sent<"CancelRun">; answer: Body<"Run"> };
  pauseRun: { params: "run"; query: never; request: Sent<"Nothing">; answer: Body<"Run"> };
  resumeRun: { params: "run"; query: never; request: Sent<"Nothing">; answer: Body<"Run"> };
  retryRun: { params: "run"; query: never; request: Sent<"RetryRun">; answer: Body<"Run"> };
  forkRun: { params: "run"; query: never; request: Sent<"ForkRun">; answer: Body<"Run"> };
  exportRun: { params: "run"; query: never; request: undefined; answer: Body<"RunExport"> };
  importRun: { params: never; query: never; request: Sent<"RunExport">; answer: Body<"Run"> };
  sendEvent: { params: never; query: never; request: Sent<"SendEvent">; answer: Body<"SentEvent"> };
  listEvents: {
    params: never;
    query: "name" | "order" | "after" | "limit";
    request: undefined;
    answer: Body<"Events">;
  };
  listApprovals: { params: never; query: "run" | "limit" | "cursor"; request: undefined; answer: Body<"Approvals"> };
  getApproval: { params: "token"; query: never; request: undefined; answer: Body<"Approval"> };
  decideApproval: { params: "token"; query: never; request: Sent<"Decision">; answer: Body<"Answered"> };
  delegateApproval: { params: "token"; query: never; request: Sent<"Delegation">; answer: Body<"Answered"> };
  commentApproval: { params: "token"; query: never; request: Sent<"Comment">; answer: Body<"Commented"> };
  completeCallback: { params: "token"; query: never; request: Sent<"Payload">; answer: Body<"Answered"> };
  listSchedules: { params: never; query: never; request: undefined; answer: Body<"Schedules"> };
  getSchedule: { params: "schedule"; query: "next"; request: undefined; answer: Body<"ScheduleWithTimes"> };
  pauseSchedule: { params: "schedule"; query: never; request: Sent<"Nothing">; answer: Body<"Schedule"> };
  resumeSchedule: { params: "schedule"; query: never; request: Sent<"Nothing">; answer: Body<"Schedule"> };
  runSchedule: { params: "schedule"; query: never; request: Sent<"Nothing">; answer: Body<"Run"> };
  listQueues: { params: never; query: never; request: undefined; answer: Body<"Queues"> };
  pauseQueue: { params: "queue"; query: never; request: Sent<"Nothing">; answer: Body<"Queue"> };
  resumeQueue: { params: "queue"; query: never; request: Sent<"Nothing">; answer: Body<"Queue"> };
  listState: { params: "scope"; query: "prefix" | "limit" | "cursor"; request: undefined; answer: Body<"StateList"> };
  getState: { params: "scope" | "key"; query: never; request: undefined; answer: Body<"StateValue"> };
  setState: { params: "scope" | "key"; query: never; request: Sent<"SetState">; answer: Body<"StateVersion"> };
  deleteState: { params: "scope" | "key"; query: never; request: undefined; answer: undefined };
  listDeployments: { params: never; query: never; request: undefined; answer: Body<"Deployments"> };
  downloadBackup: { params: never; query: "ticket"; request: undefined; answer: string };
  backup: { params: never; query: never; request: Sent<"Nothing">; answer: string };
  restore: { params: never; query: never; request: undefined; answer: Body<"RestoredBackup"> };
  health: { params: never; query: never; request: undefined; answer: Body<"Health"> };
  ready: { params: never; query: never; request: undefined; answer: Body<"Ready"> };
  metrics: { params: never; query: "format"; request: undefined; answer: Body<"Report"> };
  openapi: { params: never; query: never; request: undefined; answer: unknown };
  streamRun: { params: "run"; query: "after"; request: undefined; answer: string };
  listStepCache: {
    params: never;
    query: "scope" | "step" | "key" | "limit" | "cursor";
    request: undefined;
    answer: Body<"StepCache">;
  };
  clearStepCache: {
    params: never;
    query: "scope" | "step" | "key" | "all";
    request: undefined;
    answer: Body<"ClearedStepCache">;
  };
  signInMethods: { params: never; query: never; request: undefined; answer: Body<"SignInMethods"> };
  signIn: { params: never; query: never; request: Sent<"SignIn">; answer: Body<"SignedIn"> };
  setUp: { params: never; query: never; request: Sent<"SetUp">; answer: Body<"SignedIn"> };
  refreshSession: { params: never; query: never; request: Sent<"Refresh">; answer: Body<"SignedIn"> };
  signOut: { params: never; query: never; request: Sent<"SignOut">; answer: Body<"Ended"> };
  me: { params: never; query: never; request: undefined; answer: Body<"Me"> };
  listSessions: { params: never; query: "user"; request: undefined; answer: Body<"Sessions"> };
  endSession: { params: "session"; query: never; request: undefined; answer: undefined };
  createTicket: { params: never; query: never; request: Sent<"NewTicket">; answer: Body<"Ticket"> };
  changePassword: { params: never; query: never; request: Sent<"ChangePassword">; answer: undefined };
  beginTotp: { params: never; query: never; request: Sent<"Password">; answer: Body<"TotpSecret"> };
  confirmTotp: { params: never; query: never; request: Sent<"TotpCode">; answer: Body<"RecoveryCodes"> };
  removeTotp: { params: never; query: never; request: Sent<"Password">; answer: undefined };
  listPasskeys: { params: never; query: never; request: undefined; answer: Body<"Passkeys"> };
  beginPasskey: { params: never; query: never; request: Sent<"Password">; answer: Body<"PasskeyChallenge"> };
  addPasskey: { params: never; query: never; request: Sent<"NewPasskey">; answer: Body<"Passkey"> };
  removePasskey: { params: "passkey"; query: never; request: undefined; answer: undefined };
  beginPasskeySignIn: { params: never; query: never; request: Sent<"Nothing">; answer: Body<"PasskeyChallenge"> };
  passkeySignIn: { params: never; query: never; request: Sent<"PasskeySignIn">; answer: Body<"SignedIn"> };
  openidSignIn: { params: never; query: "return"; request: undefined; answer: undefined };
  openidReturn: { params: never; query: "code" | "state"; request: undefined; answer: undefined };
  exchangeToken: { params: never; query: never; request: Sent<"ExchangeToken">; answer: Body<"ExchangedToken"> };
  listUsers: { params: never; query: "text" | "limit" | "cursor"; request: undefined; answer: Body<"Users"> };
  createUser: { params: never; query: never; request: Sent<"NewUser">; answer: Body<"User"> };
  getUser: { params: "user"; query: never; request: undefined; answer: Body<"User"> };
  updateUser: { params: "user"; query: never; request: Sent<"ChangeUser">; answer: Body<"User"> };
  endUserSessions: { params: "user"; query: never; request: undefined; answer: Body<"Ended"> };
  listRoles: { params: never; query: never; request: undefined; answer: Body<"Roles"> };
  putRole: { params: "role"; query: never; request: Sent<"PutRole">; answer: Body<"Role"> };
  deleteRole: { params: "role"; query: never; request: undefined; answer: undefined };
  listTokens: { params: never; query: "all" | "limit" | "cursor"; request: undefined; answer: Body<"Tokens"> };
  getToken: { params: "token"; query: never; request: undefined; answer: Body<"Token"> };
  createToken: { params: never; query: never; request: Sent<"NewToken">; answer: Body<"CreatedToken"> };
  revokeToken: { params: "token"; query: never; request: undefined; answer: undefined };
  searchAudit: {
    params: never;
    query: "actor" | "action" | "target" | "outcome" | "text" | "from" | "to" | "limit" | "cursor";
    request: undefined;
    answer: Body<"AuditTrail">;
  };
  getAuditRow: { params: "seq"; query: never; request: undefined; answer: Body<"AuditRow"> };
  exportAudit: {
    params: never;
    query: "actor" | "action" | "target" | "outcome" | "text" | "from" | "to";
    request: undefined;
    answer: string;
  };
  verifyAudit: { params: never; query: never; request: Sent<"Nothing">; answer: Body<"AuditReport"> };
  listTriggers: { params: never; query: "workflow"; request: undefined; answer: Body<"Triggers"> };
  getTrigger: { params: "trigger"; query: never; request: undefined; answer: Body<"Trigger"> };
  pauseTrigger: { params: "trigger"; query: never; request: Sent<"Nothing">; answer: Body<"Trigger"> };
  resumeTrigger: { params: "trigger"; query: never; request: Sent<"Nothing">; answer: Body<"Trigger"> };
  runTrigger: { params: "trigger"; query: never; request: Sent<"RunTrigger">; answer: Body<"TriggerRun"> };
  testTrigger: { params: "trigger"; query: never; request: Sent<"TestDelivery">; answer: Body<"Delivered"> };
  listDeliveries: {
    params: never;
    query: "trigger" | "workflow" | "status" | "limit" | "cursor";
    request: undefined;
    answer: Body<"Deliveries">;
  };
  getDelivery: { params: "delivery"; query: never; request: undefined; answer: Body<"DeliveryInFull"> };
  redeliver: { params: "delivery"; query: never; request: Sent<"Nothing">; answer: Body<"Delivered"> };
  listSecrets: { params: never; query: never; request: undefined; answer: Body<"Secrets"> };
  setSecret: { params: "name"; query: never; request: Sent<"SetSecret">; answer: Body<"SecretSet"> };
  removeSecret: { params: "name"; query: never; request: undefined; answer: undefined };
  rotateSecrets: { params: never; query: never; request: Sent<"Nothing">; answer: Body<"SecretsRotated"> };
  listServices: { params: never; query: never; request: undefined; answer: Body<"Services"> };
  listBreakers: { params: never; query: never; request: undefined; answer: Body<"Breakers"> };
  resetBreaker: { params: "name"; query: never; request: Sent<"Nothing">; answer: undefined };
  listKeys: { params: never; query: never; request: undefined; answer: Body<"PayloadKeys"> };
  rotateKeys: { params: never; query: never; request: Sent<"RotateKeys">; answer: Body<"KeysRotated"> };
  eraseKeys: { params: never; query: never; request: Sent<"EraseKeys">; answer: Body<"KeysErased"> };
  eraseRun: { params: "run"; query: never; request: Sent<"Nothing">; answer: Body<"RunErased"> };
  listVersions: { params: never; query: never; request: undefined; answer: Body<"Versions"> };
  drainVersion: { params: "version"; query: never; request: Sent<"DrainVersion">; answer: Body<"Drained"> };
  moveRun: { params: "run"; query: never; request: Sent<"Nothing">; answer: Body<"Run"> };
  connectWorker: { params: never; query: never; request: undefined; answer: undefined };
  listWorkers: { params: never; query: never; request: undefined; answer: Body<"Workers"> };
  drainWorker: { params: "id"; query: never; request: Sent<"Nothing">; answer: undefined };
  removeWorker: { params: "id"; query: never; request: undefined; answer: undefined };
  startBuild: { params: never; query: never; request: Sent<"StartBuild">; answer: Body<"BuildMade"> };
  listBuilds: {
    params: never;
    query: "status" | "kind" | "limit" | "cursor";
    request: undefined;
    answer: Body<"Builds">;
  };
  getBuild: { params: "id"; query: "wait"; request: undefined; answer: Body<"BuildMade"> };
  listBuildTasks: { params: "id"; query: never; request: undefined; answer: Body<"BuildTasks"> };
  getBuildTaskLog: { params: "id" | "task"; query: never; request: undefined; answer: Body<"BuildTaskLog"> };
  beginBuild: { params: never; query: never; request: Sent<"BeginBuild">; answer: Body<"BuildBegun"> };
  watchBuild: { params: "id"; query: "after"; request: undefined; answer: string };
  cancelBuild: { params: "id"; query: never; request: Sent<"Nothing">; answer: Body<"BuildMade"> };
  writeLogs: { params: never; query: never; request: Sent<"LogEntries">; answer: Body<"LogsTaken"> };
  queryLogs: { params: never; query: never; request: Sent<"LogQuery">; answer: Body<"LogAnswer"> };
  tailLogs: { params: never; query: "query" | "last" | "after" | "tenant"; request: undefined; answer: string };
  deleteLogs: { params: never; query: never; request: Sent<"LogDeletion">; answer: Body<"LogsDeleted"> };
  listLogArchives: { params: never; query: never; request: undefined; answer: Body<"LogArchives"> };
  archiveLogs: { params: never; query: never; request: Sent<"LogArchiving">; answer: Body<"LogsArchived"> };
  restoreLogs: { params: never; query: never; request: Sent<"LogRestore">; answer: Body<"LogsRestored"> };
  verifyLogArchives: { params: never; query: never; request: undefined; answer: Body<"LogArchivesVerified"> };
  recordMetrics: { params: never; query: never; request: Sent<"MetricValues">; answer: Body<"MetricsRecorded"> };
  listMetrics: { params: never; query: "name"; request: undefined; answer: Body<"MetricList"> };
  reportMetrics: { params: never; query: "from" | "to" | "name"; request: undefined; answer: Body<"MetricReport"> };
  listTerminals: { params: never; query: never; request: undefined; answer: Body<"Terminals"> };
  createTerminal: { params: never; query: never; request: Sent<"NewTerminal">; answer: Body<"TerminalMade"> };
  getTerminal: { params: "id"; query: never; request: undefined; answer: Body<"TerminalMade"> };
  changeTerminal: { params: "id"; query: never; request: Sent<"ChangeTerminal">; answer: Body<"TerminalMade"> };
  endTerminal: { params: "id"; query: never; request: undefined; answer: undefined };
  typeInTerminal: { params: "id"; query: never; request: Sent<"TerminalInput">; answer: undefined };
  resizeTerminal: { params: "id"; query: never; request: Sent<"TerminalSize">; answer: Body<"TerminalMade"> };
  getTerminalText: { params: "id"; query: never; request: undefined; answer: string };
  getTerminalScreen: { params: "id"; query: never; request: undefined; answer: Body<"TerminalScreen"> };
  listRecordings: { params: never; query: never; request: undefined; answer: Body<"Recordings"> };
  getRecording: { params: "id"; query: never; request: undefined; answer: Body<"RecordingFound"> };
  getRecordingCast: { params: "id"; query: "version"; request: undefined; answer: string };
  searchRecording: { params: "id"; query: "q"; request: undefined; answer: Body<"RecordingMatches"> };
  removeRecording: { params: "id"; query: never; request: undefined; answer: undefined };
  watchTerminal: { params: "id"; query: "role" | "offset" | "mark" | "drive"; request: undefined; answer: undefined };
  getCacheStats: { params: never; query: never; request: undefined; answer: Body<"CacheStats"> };
  evictCache: { params: never; query: never; request: Sent<"EvictCache">; answer: Body<"CacheEvicted"> };
  explainCacheKey: { params: "key"; query: never; request: undefined; answer: Body<"CacheKey"> };
  listClusters: { params: never; query: never; request: undefined; answer: Body<"Clusters"> };
  addCluster: { params: never; query: never; request: Sent<"AddCluster">; answer: Body<"ClusterMade"> };
  getClusterStatus: { params: "name"; query: never; request: undefined; answer: Body<"ClusterStatus"> };
  listComponents: { params: never; query: never; request: undefined; answer: Body<"Components"> };
  addComponent: { params: never; query: never; request: Sent<"AddComponent">; answer: Body<"ComponentMade"> };
  getComponent: { params: "name"; query: never; request: undefined; answer: Body<"ComponentMade"> };
  getComponentHealth: { params: "name"; query: never; request: undefined; answer: Body<"ComponentHealthSeen"> };
  getComponentDrift: { params: "name"; query: never; request: undefined; answer: Body<"ComponentDrift"> };
  listPlans: { params: "name"; query: never; request: undefined; answer: Body<"Plans"> };
  createPlan: { params: "name"; query: never; request: Sent<"Nothing">; answer: Body<"PlanMade"> };
  listOperations: { params: "name"; query: never; request: undefined; answer: Body<"Operations"> };
  getPlan: { params: "id"; query: never; request: undefined; answer: Body<"PlanMade"> };
  approvePlan: { params: "id"; query: never; request: Sent<"PlanApproval">; answer: Body<"PlanMade"> };
  applyPlan: { params: "id"; query: never; request: Sent<"PlanHash">; answer: Body<"OperationMade"> };
  bootstrapComponents: { params: never; query: never; request: Sent<"Bootstrap">; answer: Body<"BootstrapBegun"> };
  getOperation: { params: "id"; query: never; request: undefined; answer: Body<"OperationMade"> };
  undoOperation: { params: "id"; query: never; request: Sent<"Nothing">; answer: Body<"OperationMade"> };
  getMesh: { params: "name"; query: never; request: undefined; answer: Body<"MeshSeen"> };
  analyzeMesh: { params: "name"; query: never; request: Sent<"AnalyzeMesh">; answer: Body<"MeshFindings"> };
  upgradeMesh: { params: "name"; query: never; request: Sent<"UpgradeMesh">; answer: Body<"MeshRun"> };
  releaseCanary: { params: "name"; query: never; request: Sent<"ReleaseCanary">; answer: Body<"MeshRun"> };
  listRecoveries: { params: never; query: never; request: undefined; answer: Body<"Recoveries"> };
  addRecovery: { params: never; query: never; request: Sent<"AddRecovery">; answer: Body<"RecoveryMade"> };
  getRecovery: { params: "name"; query: never; request: undefined; answer: Body<"RecoveryMade"> };
  checkRecovery: { params: "name"; query: never; request: Sent<"CheckRecovery">; answer: Body<"RecoveryMade"> };
  listFailovers: { params: "name"; query: never; request: undefined; answer: Body<"Failovers"> };
  createFailover: { params: "name"; query: never; request: Sent<"NewFailover">; answer: Body<"FailoverMade"> };
  getFailover: { params: "id"; query: never; request: undefined; answer: Body<"FailoverMade"> };
  approveFailover: { params: "id"; query: never; request: Sent<"FailoverApproval">; answer: Body<"FailoverMade"> };
  beginFailover: { params: "id"; query: never; request: Sent<"FailoverBegin">; answer: Body<"FailoverMade"> };
  reviewFailover: { params: "id"; query: never; request: Sent<"Nothing">; answer: Body<"FailoverMade"> };
  listFileSchemas: { params: never; query: never; request: undefined; answer: Body<"FileSchemas"> };
  getFileSchema: { params: "name"; query: never; request: undefined; answer: Body<"FileSchema"> };
  search: { params: never; query: "q" | "noun" | "limit"; request: undefined; answer: Body<"SearchResults"> };
  live: { params: never; query: "ticket"; request: undefined; answer: undefined };
  overview: { params: never; query: never; request: undefined; answer: Body<"Overview"> };
  listWorkflowStats: { params: never; query: never; request: undefined; answer: Body<"WorkflowStatsList"> };
  getWorkflowStats: { params: "name"; query: never; request: undefined; answer: Body<"WorkflowStats"> };
  getWorkflowGraph: { params: "name"; query: "runs"; request: undefined; answer: Body<"WorkflowGraph"> };
  getRunValue: { params: "run" | "part"; query: "ticket"; request: undefined; answer: unknown };
  listWaits: { params: never; query: "event" | "limit" | "cursor"; request: undefined; answer: Body<"Waits"> };
  listScheduleTimes: {
    params: never;
    query: "from" | "to" | "workflow";
    request: undefined;
    answer: Body<"ScheduleTimes">;
  };
  getSettings: { params: never; query: never; request: undefined; answer: Body<"Settings"> };
}
