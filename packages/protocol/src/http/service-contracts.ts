// What goes in and out of the routes of secrets, services and circuit breakers.
import { answer } from "./contract.ts";
import type { Contract } from "./contract.ts";
import type { serviceRoutes } from "./service-routes.ts";

/** What each route takes and answers, besides `Failure` for every status from 400. */
export const serviceContracts: Readonly<Record<keyof typeof serviceRoutes, Contract>> = {
  listSecrets: { responses: { 200: answer("The secrets, in order of names", "Secrets") } },
  setSecret: { request: "SetSecret", responses: { 200: answer("It is set", "SecretSet") } },
  removeSecret: { responses: { 204: answer("It is gone") } },
  rotateSecrets: {
    request: "Nothing",
    responses: { 200: answer("How many are encrypted with the new key", "SecretsRotated") },
  },
  listServices: { responses: { 200: answer("The services", "Services") } },
  listBreakers: { responses: { 200: answer("The breakers", "Breakers") } },
  resetBreaker: { request: "Nothing", responses: { 204: answer("It is closed") } },
};
