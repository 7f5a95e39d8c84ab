// What goes in and out of the routes of recoveries and failovers.
import { answer } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { recoveryRoutes } from "./recovery-routes.ts";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const recoveryContracts: Readonly<Record<keyof typeof recoveryRoutes, Contract>> = {
  listRecoveries: { responses: { 200: answer("The failover plans", "Recoveries") } },
  addRecovery: { request: "AddRecovery", responses: { 200: answer("The failover plan", "RecoveryMade") } },
  getRecovery: { responses: { 200: answer("The failover plan", "RecoveryMade") } },
  checkRecovery: { request: "CheckRecovery", responses: { 200: answer("With its readiness now", "RecoveryMade") } },
  listFailovers: { responses: { 200: answer("The last ones", "Failovers") } },
  createFailover: { request: "NewFailover", responses: { 201: answer("The failover", "FailoverMade") } },
  getFailover: { responses: { 200: answer("The failover", "FailoverMade") } },
  approveFailover: {
    request: "FailoverApproval",
    responses: { 200: answer("The failover, approved", "FailoverMade") },
  },
  beginFailover: {
    request: "FailoverBegin",
    responses: { 201: answer("The failover, whose run has begun", "FailoverMade") },
  },
  reviewFailover: { request: "Nothing", responses: { 200: answer("The failover, reviewed", "FailoverMade") } },
  listFileSchemas: { responses: { 200: answer("Their names", "FileSchemas") } },
  getFileSchema: { responses: { 200: answer("The schema", "FileSchema") } },
};
