// What goes in and out of the routes about data that outlives single runs.
import { answer, cursor, header, limit, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { dataRoutes } from "./data-routes.ts";

const which = [
  query("scope", "`workflow:NAME`, or `global`"),
  query("step", "Name of the step"),
  query("key", "Key of the result"),
];

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const dataContracts: Readonly<Record<keyof typeof dataRoutes, Contract>> = {
  streamRun: {
    parameters: [
      header("Last-Event-ID", "Number of the last piece seen"),
      query("after", "The same, for first requests"),
    ],
    responses: { 200: { description: "Events chunk, gap and end", type: "text/event-stream" } },
  },
  listStepCache: {
    parameters: [...which, limit, cursor],
    responses: { 200: answer("A page of results", "StepCache") },
  },
  clearStepCache: {
    parameters: [...which, query("all", "`true`: everything, where nothing else is named")],
    responses: { 200: answer("How many are forgotten", "ClearedStepCache") },
  },
};
