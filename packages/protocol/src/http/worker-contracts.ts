// What goes in and out of the routes of workers and builds.
import { answer, cursor, header, limit, query, wait } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { workerRoutes } from "./worker-routes.ts";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const workerContracts: Readonly<Record<keyof typeof workerRoutes, Contract>> = {
  connectWorker: { responses: { 101: answer("Frames from here on, one a binary message") } },
  listWorkers: { responses: { 200: answer("The workers", "Workers") } },
  drainWorker: { request: "Nothing", responses: { 204: answer("It gets no new work") } },
  removeWorker: { responses: { 204: answer("It is gone") } },
  startBuild: { request: "StartBuild", responses: { 201: answer("It waits for a worker that suits it", "BuildMade") } },
  listBuilds: {
    parameters: [
      query("status", "queued, running, completed, failed or cancelled"),
      query("kind", "command or workspace"),
      limit,
      cursor,
    ],
    responses: { 200: answer("A page of builds", "Builds") },
  },
  getBuild: { parameters: [wait], responses: { 200: answer("The build", "BuildMade") } },
  listBuildTasks: { responses: { 200: answer("Its tasks", "BuildTasks") } },
  getBuildTaskLog: { responses: { 200: answer("Its lines", "BuildTaskLog") } },
  beginBuild: {
    request: "BeginBuild",
    responses: { 201: answer("The run, which waits for its worker", "BuildBegun") },
  },
  watchBuild: {
    parameters: [
      query("after", "Number of the last event that was seen"),
      header("last-event-id", "The same, as browsers send it"),
    ],
    responses: { 200: { description: "Events, each with its number as id", type: "text/event-stream" } },
  },
  cancelBuild: { request: "Nothing", responses: { 200: answer("The build; one that runs ends soon", "BuildMade") } },
};
