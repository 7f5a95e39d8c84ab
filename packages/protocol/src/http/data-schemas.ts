// Bodies of the routes about data that outlives single runs, as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { time, value } from "./schema-parts.ts";

/** Bodies by the name they have in the API document. */
export const dataSchemas = {
  StepCache: z.strictObject({
    results: z.array(
      z.strictObject({
        scope: z.string(),
        step: z.string(),
        key: z.string(),
        value,
        createdAt: time,
        expiresAt: time,
        run: z.string().describe("Run that made it"),
        hits: z.int().describe("Times it was used instead of executing the step"),
        omitted: z.array(z.literal("value")).optional().describe("Values left out for their size"),
      }),
    ),
    nextCursor: z.string().nullable(),
  }),
  ClearedStepCache: z.strictObject({ cleared: z.int() }),
} as const;
