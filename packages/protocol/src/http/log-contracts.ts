// What goes in and out of the routes of logs.
import { answer, header, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { logRoutes } from "./log-routes.ts";

const tenantHeader = header("x-scope-orgid", "The tenant, where the token is for several");

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const logContracts: Readonly<Record<keyof typeof logRoutes, Contract>> = {
  writeLogs: {
    parameters: [
      header("idempotency-key", "The same request again is taken once, for a day; other entries under it are refused"),
      tenantHeader,
    ],
    request: "LogEntries",
    responses: { 200: answer("What was taken, on the disk", "LogsTaken") },
  },
  queryLogs: {
    parameters: [tenantHeader],
    request: "LogQuery",
    responses: { 200: answer("Entries, or a table", "LogAnswer") },
  },
  tailLogs: {
    parameters: [
      query("query", "A filter in the language of logs; everything without it"),
      query("last", "So many of the latest entries come first; 100 without it"),
      query("after", "Number of the last entry that was seen: what came after it comes first"),
      query("tenant", "Where one may read of several"),
      header("last-event-id", "The same as `after`, as browsers send it"),
    ],
    responses: {
      200: { description: "Entries and what was missed, each with its number as id", type: "text/event-stream" },
    },
  },
  deleteLogs: {
    parameters: [tenantHeader],
    request: "LogDeletion",
    responses: { 202: answer("What is deleted; files are rewritten meanwhile", "LogsDeleted") },
  },
  connectLogs: {
    parameters: [query("tenant", "Where the token is for several"), tenantHeader],
    responses: { 101: answer("Messages from here on: docs/logs.md") },
  },
  pushLokiLogs: {
    parameters: [tenantHeader],
    request: "LokiPush",
    responses: { 204: answer("All of it is on the disk") },
  },
};
