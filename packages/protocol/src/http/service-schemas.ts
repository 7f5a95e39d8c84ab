// Bodies of secrets, services and circuit breakers as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { secretBytesMax, secretCharsMin } from "../secret-ref.ts";
import { time } from "./schema-parts.ts";

const secret = z.strictObject({
  name: z.string(),
  version: z.int().describe("Counts values, from 1"),
  createdAt: time,
  updatedAt: time,
  readable: z.boolean().describe("False: it was encrypted with a key that this server does not have"),
});

export const serviceSchemas = {
  Secrets: z.strictObject({ secrets: z.array(secret) }),
  SetSecret: z.strictObject({ value: z.string().min(secretCharsMin).max(secretBytesMax) }),
  SecretSet: z.strictObject({ version: z.int() }),
  SecretsRotated: z.strictObject({ resealed: z.int() }),
} as const;
