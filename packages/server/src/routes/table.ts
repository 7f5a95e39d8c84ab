// Which function answers which route. The type makes it complete. A server at rest holds only what it cannot do without: the
// rest loads with the first request for it.
import type { RouteName } from "@sluice/protocol/http";
import type { Handler } from "../call.ts";
import { health, ready } from "./health.ts";

type Handlers<Name extends RouteName> = Readonly<Record<Name, Handler>>;

/** Handlers of one file, which is loaded when the first of them is called. */
function loaded<Name extends RouteName>(load: () => Promise<Handlers<Name>>, names: readonly Name[]): Handlers<Name> {
  let file: Handlers<Name> | undefined;
  const handlerOf = (name: Name): Handler => {
    return (call) => (file === undefined ? load().then((found) => (file = found)[name](call)) : file[name](call));
  };
  return Object.fromEntries(names.map((name) => [name, handlerOf(name)])) as Record<Name, Handler>;
}

export const handlers: Handlers<RouteName> = {
  health,
  ready,
  ...loaded(() => import("./workflows.ts"), ["listWorkflows", "getWorkflow", "listDeployments"]),
  ...loaded(
    () => import("./runs.ts"),
    [
      "startRun",
      "listRuns",
      "bulkRuns",
      "getRun",
      "deleteRun",
      "listSteps",
      "listLogs",
      "cancelRun",
      "pauseRun",
      "resumeRun",
      "retryRun",
      "forkRun",
    ],
  ),
  ...loaded(() => import("./run-history.ts"), ["exportRun", "importRun"]),
  ...loaded(() => import("./run-updates.ts"), ["watchRun", "streamRun"]),
  ...loaded(() => import("./events.ts"), ["sendEvent", "listEvents"]),
  ...loaded(
    () => import("./approvals.ts"),
    ["listApprovals", "getApproval", "decideApproval", "delegateApproval", "commentApproval"],
  ),
  ...loaded(() => import("./callbacks.ts"), ["completeCallback"]),
  ...loaded(
    () => import("./schedules.ts"),
    ["listSchedules", "getSchedule", "pauseSchedule", "resumeSchedule", "runSchedule"],
  ),
  ...loaded(() => import("./queues.ts"), ["listQueues", "pauseQueue", "resumeQueue"]),
  ...loaded(() => import("./state.ts"), ["listState", "getState", "setState", "deleteState"]),
  ...loaded(() => import("./step-cache.ts"), ["listStepCache", "clearStepCache"]),
  ...loaded(() => import("./backup.ts"), ["backup", "downloadBackup"]),
  ...loaded(() => import("./restore.ts"), ["restore"]),
  ...loaded(() => import("./hooks.ts"), ["callHook"]),
  ...loaded(() => import("./metrics.ts"), ["metrics"]),
  ...loaded(
    () => import("./sign-in.ts"),
    [
      "signInMethods",
      "signIn",
      "setUp",
      "refreshSession",
      "signOut",
      "beginPasskeySignIn",
      "passkeySignIn",
      "openidSignIn",
      "openidReturn",
      "exchangeToken",
    ],
  ),
  ...loaded(
    () => import("./account.ts"),
    [
      "me",
      "listSessions",
      "endSession",
      "createTicket",
      "changePassword",
      "beginTotp",
      "confirmTotp",
      "removeTotp",
      "listPasskeys",
      "beginPasskey",
      "addPasskey",
      "removePasskey",
    ],
  ),
  ...loaded(() => import("./users.ts"), ["listUsers", "createUser", "getUser", "updateUser", "endUserSessions"]),
  ...loaded(() => import("./roles.ts"), ["listRoles", "putRole", "deleteRole"]),
  ...loaded(() => import("./tokens.ts"), ["listTokens", "getToken", "createToken", "revokeToken"]),
  ...loaded(() => import("./live.ts"), ["live"]),
  ...loaded(
    () => import("./triggers.ts"),
    ["listTriggers", "getTrigger", "pauseTrigger", "resumeTrigger", "runTrigger"],
  ),
  ...loaded(() => import("./deliveries.ts"), ["testTrigger", "listDeliveries", "getDelivery", "redeliver"]),
  ...loaded(() => import("./secrets.ts"), ["listSecrets", "setSecret", "removeSecret", "rotateSecrets"]),
  ...loaded(() => import("./versions.ts"), ["listVersions", "moveRun", "drainVersion"]),
  ...loaded(() => import("./keys.ts"), ["listKeys", "rotateKeys", "eraseKeys", "eraseRun"]),
  ...loaded(() => import("./services.ts"), ["listServices", "listBreakers", "resetBreaker"]),
  ...loaded(() => import("./workers.ts"), ["connectWorker", "listWorkers", "drainWorker", "removeWorker"]),
  ...loaded(
    () => import("./builds.ts"),
    ["startBuild", "listBuilds", "getBuild", "listBuildTasks", "watchBuild", "cancelBuild"],
  ),
  ...loaded(() => import("./logs.ts"), ["writeLogs", "queryLogs", "tailLogs", "pushLokiLogs"]),
  ...loaded(
    () => import("./recordings.ts"),
    ["listRecordings", "getRecording", "getRecordingCast", "searchRecording", "removeRecording"],
  ),
  ...loaded(
    () => import("./terminals.ts"),
    [
      "listTerminals",
      "createTerminal",
      "getTerminal",
      "changeTerminal",
      "endTerminal",
      "typeInTerminal",
      "resizeTerminal",
      "getTerminalText",
      "getTerminalScreen",
      "watchTerminal",
    ],
  ),
  ...loaded(() => import("./blobs.ts"), ["getBlob", "putBlob", "listMissingBlobs"]),
  ...loaded(
    () => import("./clusters.ts"),
    [
      "listClusters",
      "addCluster",
      "getClusterStatus",
      "listComponents",
      "addComponent",
      "getComponent",
      "getComponentHealth",
    ],
  ),
  ...loaded(
    () => import("./plans.ts"),
    [
      "listPlans",
      "createPlan",
      "listOperations",
      "getPlan",
      "approvePlan",
      "applyPlan",
      "getOperation",
      "undoOperation",
    ],
  ),
  ...loaded(() => import("./search.ts"), ["search"]),
  ...loaded(() => import("./audit.ts"), ["searchAudit", "getAuditRow", "exportAudit", "verifyAudit"]),
  ...loaded(() => import("./docs.ts"), ["openapi", "docs", "docsAsset"]),
  ...loaded(() => import("./overview.ts"), ["overview"]),
  ...loaded(() => import("./stats.ts"), ["listWorkflowStats", "getWorkflowStats"]),
  ...loaded(() => import("./graph.ts"), ["getWorkflowGraph"]),
  ...loaded(() => import("./values.ts"), ["getRunValue"]),
  ...loaded(() => import("./waits.ts"), ["listWaits"]),
  ...loaded(() => import("./schedule-times.ts"), ["listScheduleTimes"]),
  ...loaded(() => import("./settings.ts"), ["getSettings"]),
  ...loaded(() => import("./console.ts"), ["console", "consoleAsset", "consolePage"]),
};
