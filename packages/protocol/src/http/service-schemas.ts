// Bodies of secrets, services and circuit breakers as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { breakerStates } from "../breaker.ts";
import { serviceStatuses } from "../facility-messages.ts";
import { secretBytesMax, secretCharsMin } from "../secret-ref.ts";
import { time } from "./schema-parts.ts";

const secret = z.strictObject({
  name: z.string(),
  version: z.int().describe("Counts values, from 1"),
  createdAt: time,
  updatedAt: time,
  readable: z.boolean().describe("False: it was encrypted with a key that this server does not have"),
});

const service = z.strictObject({
  id: z.string(),
  name: z.string(),
  version: z.string().describe("Of the service's definition"),
  worker: z.string(),
  status: z.enum(serviceStatuses),
  since: time,
  checkedAt: time.nullable().describe("When its health was last looked at"),
  message: z.string().nullable().describe("What is wrong with it"),
  calls: z.int(),
  failures: z.int(),
});

const breaker = z.strictObject({
  name: z.string(),
  state: z.enum(breakerStates),
  failures: z.int().describe("In a row, while it is closed"),
  failureThreshold: z.int(),
  recoveryTimeoutMs: z.number(),
  halfOpenMax: z.int(),
  openUntil: time.nullable().describe("When the next attempt may be let in"),
  openedCount: z.int(),
  changedAt: time,
  failedAt: time.nullable(),
  error: z.string().nullable().describe("Message of the last failure"),
});

export const serviceSchemas = {
  Services: z.strictObject({ services: z.array(service) }),
  Breakers: z.strictObject({ breakers: z.array(breaker) }),
  Secrets: z.strictObject({ secrets: z.array(secret) }),
  SetSecret: z.strictObject({ value: z.string().min(secretCharsMin).max(secretBytesMax) }),
  SecretSet: z.strictObject({ version: z.int() }),
  SecretsRotated: z.strictObject({ resealed: z.int() }),
} as const;
