// Bodies of the routes of versions as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { errorCodes } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import { runStatuses } from "../statuses.ts";
import { time } from "./schema-parts.ts";

const versionOfWorkflow = z.strictObject({
  workflow: z.string(),
  unfinishedRuns: z.int(),
  statuses: z.partialRecord(z.enum(runStatuses), z.int()).describe("Those of them by status"),
});

const version = z.strictObject({
  version: z.string().describe("Hash of the code"),
  createdAt: time,
  current: z.boolean().describe("New runs get it"),
  unfinishedRuns: z.int().describe("Of the workflows one may see"),
  workflows: z.array(versionOfWorkflow),
});

const leftRun = z.strictObject({
  run: z.string(),
  workflow: z.string(),
  code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  message: z.string(),
});

export const versionSchemas = {
  Versions: z.strictObject({ versions: z.array(version) }),
  DrainVersion: z.strictObject({ workflow: z.string().optional(), cursor: z.string().optional() }),
  Drained: z.strictObject({
    moved: z.int(),
    leftRuns: z.int().describe("Runs that stay"),
    left: z.array(leftRun).describe("The first fifty of them, and why they stay"),
    nextCursor: z.string().nullable().describe("To go on with; null when every run was looked at"),
  }),
} as const;
