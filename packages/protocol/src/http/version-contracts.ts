// What goes in and out of the routes of versions.
import { answer } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { versionRoutes } from "./version-routes.ts";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const versionContracts: Readonly<Record<keyof typeof versionRoutes, Contract>> = {
  listVersions: { responses: { 200: answer("The versions, newest first", "Versions") } },
  drainVersion: {
    request: "DrainVersion",
    responses: { 200: answer("How many were moved, and which stay; up to 100 runs are looked at", "Drained") },
  },
  moveRun: { request: "Nothing", responses: { 200: answer("The run", "Run") } },
};
