// What goes in and out of the routes of triggers.
import { answer, cursor, limit, query } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { triggerRoutes } from "./trigger-routes.ts";

const one = { 200: answer("The trigger", "Trigger") };

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const triggerContracts: Readonly<Record<keyof typeof triggerRoutes, Contract>> = {
  listTriggers: {
    parameters: [query("workflow", "Those of this workflow")],
    responses: { 200: answer("The triggers", "Triggers") },
  },
  getTrigger: { responses: one },
  pauseTrigger: { request: "Nothing", responses: one },
  resumeTrigger: { request: "Nothing", responses: one },
  runTrigger: {
    request: "RunTrigger",
    responses: { 200: answer("It has polled", "TriggerRun"), 201: answer("The new run", "TriggerRun") },
  },
  testTrigger: { request: "TestDelivery", responses: { 200: answer("What became of it", "Delivered") } },
  listDeliveries: {
    parameters: [
      query("trigger", "Those to this trigger"),
      query("workflow", "Those to webhooks of this workflow"),
      query("status", "`started`, `duplicate`, `ignored`, `answered`, `refused` or `failed`"),
      limit,
      cursor,
    ],
    responses: { 200: answer("A page of deliveries", "Deliveries") },
  },
  getDelivery: { responses: { 200: answer("The delivery", "DeliveryInFull") } },
  redeliver: { request: "Nothing", responses: { 200: answer("What became of it", "Delivered") } },
};
