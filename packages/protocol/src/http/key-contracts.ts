// What goes in and out of the routes of encrypted payloads.
import { answer } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { keyRoutes } from "./key-routes.ts";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const keyContracts: Readonly<Record<keyof typeof keyRoutes, Contract>> = {
  listKeys: { responses: { 200: answer("In order of workflows", "PayloadKeys") } },
  rotateKeys: {
    request: "RotateKeys",
    responses: { 200: answer("How many keys of runs are wrapped anew", "KeysRotated") },
  },
  eraseKeys: { request: "EraseKeys", responses: { 200: answer("What was erased", "KeysErased") } },
  eraseRun: { request: "Nothing", responses: { 200: answer("How many runs were erased", "RunErased") } },
};
