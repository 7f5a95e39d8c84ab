// What schemas of several domains are made of. Loads zod: to be imported on first use only.
import { z } from "zod";
import { errorCodes } from "../errors.ts";

export const time = z.int().describe("Milliseconds since 1970");
export const duration = z
  .union([z.number().nonnegative(), z.string().min(1)])
  .describe('Milliseconds, or words such as "10s", "1h 30m", "3 days"');
export const value = z.unknown().describe("A workflow value, in its JSON form");
export const name = z.string().min(1).max(512);
export const maybe = <T extends z.ZodType>(schema: T) => schema.nullish();

export const waitingStarts = z
  .strictObject({ count: z.int(), retryAt: time })
  .nullable()
  .describe("What a limit of the workflow has turned away and starts later, and when it is asked again");

export const runError = z
  .strictObject({
    code: z.enum(Object.keys(errorCodes) as [string, ...string[]]),
    message: z.string(),
    hint: z.string().optional(),
    details: z.strictObject({
      name: z.string().describe("Class of the error"),
      code: z.string().optional().describe("The program's own code"),
      details: z.unknown().optional(),
      stack: z.string().optional().describe("Where it was thrown, in the program's own files; only when asked for"),
      cause: z.strictObject({ name: z.string(), message: z.string() }).optional(),
    }),
  })
  .describe("An error as recorded");

export const failure = z.strictObject({
  error: z.strictObject({
    code: z.enum(Object.keys(errorCodes) as [string, ...string[]]),
    message: z.string(),
    hint: z.string().optional(),
    details: z.unknown().optional(),
  }),
});

/** Of a series that programs record. */
export const metricKind = z.enum(["counter", "gauge", "histogram"]);
export const metricLabels = z.record(z.string(), z.string());
export const metricSummary = {
  count: z.int(),
  sum: z.number(),
  average: z.number(),
  min: z.number(),
  max: z.number(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
};
export const recorded = z.strictObject({
  name: z.string(),
  labels: metricLabels,
  kind: metricKind,
  value: z.number().describe("Of a counter its sum, otherwise the latest value"),
  summary: z.strictObject(metricSummary).describe("Since the server started"),
});
