// Every route of the API with its types, made by `bun packages/web/generate-api.ts` from the contract: not to be edited.
import type { schemas } from "@sluice/protocol/http-schemas";
import type { z } from "zod";

type Sent<Name extends keyof typeof schemas> = z.input<(typeof schemas)[Name]>;
type Body<Name extends keyof typeof schemas> = z.infer<(typeof schemas)[Name]>;

/** Method and path of each route. */
export const apiPaths = {
  listWorkflows: "GET /api/v1/workflows",
  getWorkflow: "GET /api/v1/workflows/:name",
  startRun: "POST /api/v1/workflows/:name/runs",
  listRuns: "GET /api/v1/runs",
  bulkRuns: "POST /api/v1/runs/bulk",
  getRun: "GET /api/v1/runs/:run",
  deleteRun: "DELETE /api/v1/runs/:run",
  listSteps: "GET /api/v1/runs/:run/steps",
  listLogs: "GET /api/v1/runs/:run/logs",
  watchRun: "GET /api/v1/runs/:run/events",
  cancelRun: "POST /api/v1/runs/:run/cancel",
  pauseRun: "POST /api/v1/runs/:run/pause",
  resumeRun: "POST /api/v1/runs/:run/resume",
  retryRun: "POST /api/v1/runs/:run/retry",
  forkRun: "POST /api/v1/runs/:run/fork",
  exportRun: "GET /api/v1/runs/:run/export",
  importRun: "POST /api/v1/run-imports",
  sendEvent: "POST /api/v1/events",
  listEvents: "GET /api/v1/events",
  listApprovals: "GET /api/v1/approvals",
  getApproval: "GET /api/v1/approvals/:token",
  decideApproval: "POST /api/v1/approvals/:token",
  delegateApproval: "POST /api/v1/approvals/:token/delegate",
  commentApproval: "POST /api/v1/approvals/:token/comments",
  completeCallback: "POST /api/v1/callbacks/:token",
  listSchedules: "GET /api/v1/schedules",
  getSchedule: "GET /api/v1/schedules/:schedule",
  pauseSchedule: "POST /api/v1/schedules/:schedule/pause",
  resumeSchedule: "POST /api/v1/schedules/:schedule/resume",
  runSchedule: "POST /api/v1/schedules/:schedule/run",
  listQueues: "GET /api/v1/queues",
  pauseQueue: "POST /api/v1/queues/:queue/pause",
  resumeQueue: "POST /api/v1/queues/:queue/resume",
  listState: "GET /api/v1/state/:scope",
  getState: "GET /api/v1/state/:scope/:key",
  setState: "PUT /api/v1/state/:scope/:key",
  deleteState: "DELETE /api/v1/state/:scope/:key",
  listDeployments: "GET /api/v1/deployments",
  downloadBackup: "GET /api/v1/backup",
  backup: "POST /api/v1/backup",
  restore: "POST /api/v1/restore",
  health: "GET /health",
  ready: "GET /ready",
  metrics: "GET /metrics",
  openapi: "GET /api/openapi.json",
  streamRun: "GET /api/v1/runs/:run/stream",
  listStepCache: "GET /api/v1/step-cache",
  clearStepCache: "DELETE /api/v1/step-cache",
  signInMethods: "GET /api/v1/auth/methods",
  signIn: "POST /api/v1/auth/login",
  setUp: "POST /api/v1/auth/setup",
  refreshSession: "POST /api/v1/auth/refresh",
  signOut: "POST /api/v1/auth/logout",
  me: "GET /api/v1/auth/me",
  listSessions: "GET /api/v1/auth/sessions",
  endSession: "DELETE /api/v1/auth/sessions/:session",
  createTicket: "POST /api/v1/auth/tickets",
  changePassword: "POST /api/v1/auth/password",
  beginTotp: "POST /api/v1/auth/totp",
  confirmTotp: "PUT /api/v1/auth/totp",
  removeTotp: "DELETE /api/v1/auth/totp",
  listPasskeys: "GET /api/v1/auth/passkeys",
  beginPasskey: "POST /api/v1/auth/passkeys/options",
  addPasskey: "POST /api/v1/auth/passkeys",
  removePasskey: "DELETE /api/v1/auth/passkeys/:passkey",
  beginPasskeySignIn: "POST /api/v1/auth/login/passkey/options",
  passkeySignIn: "POST /api/v1/auth/login/passkey",
  openidSignIn: "GET /api/v1/auth/openid",
  openidReturn: "GET /api/v1/auth/openid/return",
  exchangeToken: "POST /api/v1/auth/exchange",
  listUsers: "GET /api/v1/users",
  createUser: "POST /api/v1/users",
  getUser: "GET /api/v1/users/:user",
  updateUser: "PATCH /api/v1/users/:user",
  endUserSessions: "DELETE /api/v1/users/:user/sessions",
  listRoles: "GET /api/v1/roles",
  putRole: "PUT /api/v1/roles/:role",
  deleteRole: "DELETE /api/v1/roles/:role",
  listTokens: "GET /api/v1/tokens",
  getToken: "GET /api/v1/tokens/:token",
  createToken: "POST /api/v1/tokens",
  revokeToken: "DELETE /api/v1/tokens/:token",
  searchAudit: "GET /api/v1/audit",
  getAuditRow: "GET /api/v1/audit/rows/:seq",
  exportAudit: "GET /api/v1/audit/export",
  verifyAudit: "POST /api/v1/audit/verify",
  listTriggers: "GET /api/v1/triggers",
  getTrigger: "GET /api/v1/triggers/:trigger",
  pauseTrigger: "POST /api/v1/triggers/:trigger/pause",
  resumeTrigger: "POST /api/v1/triggers/:trigger/resume",
  runTrigger: "POST /api/v1/triggers/:trigger/run",
  testTrigger: "POST /api/v1/triggers/:trigger/test",
  listDeliveries: "GET /api/v1/deliveries",
  getDelivery: "GET /api/v1/deliveries/:delivery",
  redeliver: "POST /api/v1/deliveries/:delivery/redeliver",
  listSecrets: "GET /api/v1/secrets",
  setSecret: "PUT /api/v1/secrets/:name",
  removeSecret: "DELETE /api/v1/secrets/:name",
  rotateSecrets: "POST /api/v1/secrets/rotate",
  listServices: "GET /api/v1/services",
  listBreakers: "GET /api/v1/breakers",
  resetBreaker: "POST /api/v1/breakers/:name/reset",
  listKeys: "GET /api/v1/keys",
  rotateKeys: "POST /api/v1/keys/rotate",
  eraseKeys: "POST /api/v1/keys/erase",
  eraseRun: "POST /api/v1/runs/:run/erase",
  listVersions: "GET /api/v1/versions",
  drainVersion: "POST /api/v1/versions/:version/drain",
  moveRun: "POST /api/v1/runs/:run/move",
  connectWorker: "GET /worker",
  listWorkers: "GET /api/v1/workers",
  drainWorker: "POST /api/v1/workers/:id/drain",
  removeWorker: "DELETE /api/v1/workers/:id",
  startBuild: "POST /api/v1/builds",
  listBuilds: "GET /api/v1/builds",
  getBuild: "GET /api/v1/builds/:id",
  listBuildTasks: "GET /api/v1/builds/:id/tasks",
  watchBuild: "GET /api/v1/builds/:id/events",
  cancelBuild: "POST /api/v1/builds/:id/cancel",
  writeLogs: "POST /api/v1/logs",
  queryLogs: "POST /api/v1/logs/query",
  tailLogs: "GET /api/v1/logs/tail",
  pushLokiLogs: "POST /loki/api/v1/push",
  listTerminals: "GET /api/v1/terminals",
  createTerminal: "POST /api/v1/terminals",
  getTerminal: "GET /api/v1/terminals/:id",
  changeTerminal: "PATCH /api/v1/terminals/:id",
  endTerminal: "DELETE /api/v1/terminals/:id",
  typeInTerminal: "POST /api/v1/terminals/:id/input",
  resizeTerminal: "POST /api/v1/terminals/:id/resize",
  getTerminalText: "GET /api/v1/terminals/:id/text",
  getTerminalScreen: "GET /api/v1/terminals/:id/snapshot",
  listRecordings: "GET /api/v1/recordings",
  getRecording: "GET /api/v1/recordings/:id",
  getRecordingCast: "GET /api/v1/recordings/:id/cast",
  searchRecording: "GET /api/v1/recordings/:id/search",
  removeRecording: "DELETE /api/v1/recordings/:id",
  watchTerminal: "GET /api/v1/terminals/:id/socket",
  getBlob: "GET /api/v1/blobs/:sha256",
  putBlob: "PUT /api/v1/blobs/:sha256",
  listMissingBlobs: "POST /api/v1/blobs/missing",
  listClusters: "GET /api/v1/clusters",
  addCluster: "POST /api/v1/clusters",
  getClusterStatus: "GET /api/v1/clusters/:name",
  listComponents: "GET /api/v1/components",
  addComponent: "POST /api/v1/components",
  getComponent: "GET /api/v1/components/:name",
  getComponentHealth: "GET /api/v1/components/:name/health",
  listPlans: "GET /api/v1/components/:name/plans",
  createPlan: "POST /api/v1/components/:name/plans",
  listOperations: "GET /api/v1/components/:name/operations",
  getPlan: "GET /api/v1/plans/:id",
  approvePlan: "POST /api/v1/plans/:id/approve",
  applyPlan: "POST /api/v1/plans/:id/apply",
  getOperation: "GET /api/v1/operations/:id",
  undoOperation: "POST /api/v1/operations/:id/undo",
  search: "GET /api/v1/search",
  live: "GET /api/v1/live",
  overview: "GET /api/v1/overview",
  listWorkflowStats: "GET /api/v1/workflow-stats",
  getWorkflowStats: "GET /api/v1/workflows/:name/stats",
  getWorkflowGraph: "GET /api/v1/workflows/:name/graph",
  getRunValue: "GET /api/v1/runs/:run/values/:part",
  listWaits: "GET /api/v1/waits",
  listScheduleTimes: "GET /api/v1/schedule-times",
  getSettings: "GET /api/v1/settings",
} as const;

/** What each route takes and answers: names of its path and query parameters, the body sent, the body answered. */
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
  listBuilds: { params: never; query: "status" | "limit" | "cursor"; request: undefined; answer: Body<"Builds"> };
  getBuild: { params: "id"; query: never; request: undefined; answer: Body<"BuildMade"> };
  listBuildTasks: { params: "id"; query: never; request: undefined; answer: Body<"BuildTasks"> };
  watchBuild: { params: "id"; query: "after"; request: undefined; answer: string };
  cancelBuild: { params: "id"; query: never; request: Sent<"Nothing">; answer: Body<"BuildMade"> };
  writeLogs: { params: never; query: never; request: Sent<"LogEntries">; answer: Body<"LogsTaken"> };
  queryLogs: { params: never; query: never; request: Sent<"LogQuery">; answer: Body<"LogAnswer"> };
  tailLogs: { params: never; query: "query" | "last" | "after" | "tenant"; request: undefined; answer: string };
  pushLokiLogs: { params: never; query: never; request: Sent<"LokiPush">; answer: undefined };
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
  getBlob: { params: "sha256"; query: never; request: undefined; answer: string | undefined };
  putBlob: { params: "sha256"; query: never; request: undefined; answer: Body<"BlobStored"> };
  listMissingBlobs: { params: never; query: never; request: Sent<"BlobDigests">; answer: Body<"MissingBlobs"> };
  listClusters: { params: never; query: never; request: undefined; answer: Body<"Clusters"> };
  addCluster: { params: never; query: never; request: Sent<"AddCluster">; answer: Body<"ClusterMade"> };
  getClusterStatus: { params: "name"; query: never; request: undefined; answer: Body<"ClusterStatus"> };
  listComponents: { params: never; query: never; request: undefined; answer: Body<"Components"> };
  addComponent: { params: never; query: never; request: Sent<"AddComponent">; answer: Body<"ComponentMade"> };
  getComponent: { params: "name"; query: never; request: undefined; answer: Body<"ComponentMade"> };
  getComponentHealth: { params: "name"; query: never; request: undefined; answer: Body<"ComponentHealthSeen"> };
  listPlans: { params: "name"; query: never; request: undefined; answer: Body<"Plans"> };
  createPlan: { params: "name"; query: never; request: Sent<"Nothing">; answer: Body<"PlanMade"> };
  listOperations: { params: "name"; query: never; request: undefined; answer: Body<"Operations"> };
  getPlan: { params: "id"; query: never; request: undefined; answer: Body<"PlanMade"> };
  approvePlan: { params: "id"; query: never; request: Sent<"PlanApproval">; answer: Body<"PlanMade"> };
  applyPlan: { params: "id"; query: never; request: Sent<"PlanHash">; answer: Body<"OperationMade"> };
  getOperation: { params: "id"; query: never; request: undefined; answer: Body<"OperationMade"> };
  undoOperation: { params: "id"; query: never; request: Sent<"Nothing">; answer: Body<"OperationMade"> };
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
