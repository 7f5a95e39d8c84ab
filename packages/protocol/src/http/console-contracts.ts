// What goes in and out of the routes the console is made of.
import { answer, cursor, limit, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { consoleRoutes } from "./console-routes.ts";

const page = { 200: { description: "The console", type: "text/html" } };

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const consoleContracts: Readonly<Record<keyof typeof consoleRoutes, Contract>> = {
  search: {
    parameters: [
      query("q", "The text, 1 to 200 characters"),
      query(
        "noun",
        "Only this noun: `runs`, `workflows`, `schedules`, `approvals`, `events`, `state`, `users`, `tokens` or `settings`",
      ),
      query("limit", "Hits a noun, at most 50; 5 without"),
    ],
    responses: { 200: answer("What was found", "SearchResults") },
  },
  live: {
    parameters: [query("ticket", "Where there is no cookie: a ticket for this route")],
    responses: { 101: answer("A WebSocket; docs/live.md says what it speaks") },
  },
  overview: { responses: { 200: answer("The overview", "Overview") } },
  listWorkflowStats: { responses: { 200: answer("The figures", "WorkflowStatsList") } },
  getWorkflowStats: { responses: { 200: answer("The figures", "WorkflowStats") } },
  getWorkflowGraph: {
    parameters: [query("runs", "How many recent journals to look at, at most 200; 50 without")],
    responses: { 200: answer("The graph", "WorkflowGraph") },
  },
  getRunValue: {
    parameters: [query("ticket", "Where there is no cookie: a ticket for this route")],
    responses: { 200: { description: "The value as JSON", type: "application/json" } },
  },
  listWaits: {
    parameters: [query("event", "Waits for this event"), limit, cursor],
    responses: { 200: answer("A page of waits", "Waits") },
  },
  listScheduleTimes: {
    parameters: [
      query("from", "From this time"),
      query("to", "Before this time"),
      query("workflow", "Of this workflow"),
    ],
    responses: { 200: answer("The times", "ScheduleTimes") },
  },
  getSettings: { responses: { 200: answer("The settings", "Settings") } },
  console: { responses: page },
  consoleAsset: { responses: { 200: { description: "A part of the console", type: "text/javascript" } } },
  consolePage: { responses: page },
};
