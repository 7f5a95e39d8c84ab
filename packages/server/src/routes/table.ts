// Which function answers which route. The type makes it complete; what is rarely asked for loads on first use.
import type { RouteName } from "@sluice/protocol/http";
import type { Handler } from "../call.ts";
import {
  addPasskey,
  beginPasskey,
  beginTotp,
  changePassword,
  confirmTotp,
  createTicket,
  endSession,
  listPasskeys,
  listSessions,
  me,
  removePasskey,
  removeTotp,
} from "./account.ts";
import { decideApproval, getApproval, listApprovals } from "./approvals.ts";
import { completeCallback } from "./callbacks.ts";
import { backup } from "./backup.ts";
import { listEvents, sendEvent } from "./events.ts";
import { health, ready } from "./health.ts";
import { callHook } from "./hooks.ts";
import { live } from "./live.ts";
import { metrics } from "./metrics.ts";
import { restore } from "./restore.ts";
import { deleteRole, listRoles, putRole } from "./roles.ts";
import { watchRun } from "./run-updates.ts";
import {
  bulkRuns,
  cancelRun,
  deleteRun,
  forkRun,
  getRun,
  listLogs,
  listRuns,
  listSteps,
  pauseRun,
  resumeRun,
  retryRun,
  startRun,
} from "./runs.ts";
import { getSchedule, listSchedules, pauseSchedule, resumeSchedule, runSchedule } from "./schedules.ts";
import {
  beginPasskeySignIn,
  exchangeToken,
  openidReturn,
  openidSignIn,
  passkeySignIn,
  refreshSession,
  setUp,
  signIn,
  signInMethods,
  signOut,
} from "./sign-in.ts";
import { deleteState, getState, listState, setState } from "./state.ts";
import { createToken, listTokens, revokeToken } from "./tokens.ts";
import { createUser, endUserSessions, getUser, listUsers, updateUser } from "./users.ts";
import { getWorkflow, listDeployments, listWorkflows } from "./workflows.ts";

export const handlers: Readonly<Record<RouteName, Handler>> = {
  listWorkflows,
  getWorkflow,
  startRun,
  listRuns,
  bulkRuns,
  getRun,
  deleteRun,
  listSteps,
  listLogs,
  watchRun,
  cancelRun,
  pauseRun,
  resumeRun,
  retryRun,
  forkRun,
  sendEvent,
  listEvents,
  listApprovals,
  getApproval,
  decideApproval,
  completeCallback,
  listSchedules,
  getSchedule,
  pauseSchedule,
  resumeSchedule,
  runSchedule,
  listState,
  getState,
  setState,
  deleteState,
  listDeployments,
  backup,
  restore,
  callHook,
  health,
  ready,
  metrics,
  signInMethods,
  signIn,
  setUp,
  refreshSession,
  signOut,
  beginPasskeySignIn,
  passkeySignIn,
  openidSignIn,
  openidReturn,
  exchangeToken,
  me,
  listSessions,
  endSession,
  createTicket,
  changePassword,
  beginTotp,
  confirmTotp,
  removeTotp,
  listPasskeys,
  beginPasskey,
  addPasskey,
  removePasskey,
  listUsers,
  createUser,
  getUser,
  updateUser,
  endUserSessions,
  listRoles,
  putRole,
  deleteRole,
  listTokens,
  createToken,
  revokeToken,
  live,
  search: async (call) => (await import("./search.ts")).search(call),
  searchAudit: async (call) => (await import("./audit.ts")).searchAudit(call),
  exportAudit: async (call) => (await import("./audit.ts")).exportAudit(call),
  verifyAudit: async (call) => (await import("./audit.ts")).verifyAudit(call),
  openapi: async (call) => (await import("./docs.ts")).openapi(call),
  docs: async (call) => (await import("./docs.ts")).docs(call),
  docsAsset: async (call) => (await import("./docs.ts")).docsAsset(call),
  console: async () => (await import("./console.ts")).console(),
  consoleAsset: async (call) => (await import("./console.ts")).consoleAsset(call),
  consolePage: async (call) => (await import("./console.ts")).consolePage(call),
};
