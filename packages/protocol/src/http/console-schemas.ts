// Bodies of search, figures and the live stream as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { entryKinds, runStatuses } from "../statuses.ts";
import { time, value } from "./schema-parts.ts";

const count = z.int().nonnegative();
const hour = z.strictObject({
  at: time.describe("Beginning of the hour"),
  started: count,
  completed: count,
  failed: count.describe("Failed or timed out"),
  cancelled: count,
  p50Ms: z.number().nullable(),
  p95Ms: z.number().nullable(),
});
const figures = z.strictObject({
  completed: count,
  failed: count,
  cancelled: count,
  p50Ms: z.number().nullable().describe("Of runs that ended, from creation to end"),
  p95Ms: z.number().nullable(),
});
const workflowStats = z.strictObject({
  workflow: z.string(),
  health: z
    .enum(["good", "failing", "idle"])
    .describe("`failing`: a tenth or more of its runs that ended in this hour and the one before failed"),
  unfinished: count,
  lastRunAt: time.nullable(),
  day: figures,
  hours: z.array(hour).describe("The last 24, oldest first"),
});

/** Bodies by the name they have in the API document. */
export const consoleSchemas = {
  SearchResults: z.strictObject({
    groups: z.array(
      z.strictObject({
        noun: z.string(),
        more: z.boolean(),
        hits: z.array(
          z.strictObject({
            id: z.string(),
            title: z.string(),
            detail: z.string().nullable(),
            /** Path in the console. */
            page: z.string(),
            status: z.string().nullable(),
            at: time.nullable(),
          }),
        ),
      }),
    ),
  }),
  Overview: z.strictObject({
    needs: z.strictObject({
      approvals: count,
      failed: count.describe("Runs that failed or timed out in the last 24 hours and were not retried"),
      poison: count,
      nonDeterminism: count,
      waitingForVersion: count,
      undo: count.describe("Runs of which an undo failed, or has no code any more"),
    }),
    runs: z.partialRecord(z.enum(runStatuses), count).describe("How many runs are in each status"),
    day: figures,
    hours: z.array(hour),
    queue: z.strictObject({ ready: count, waiting: count, timers: count }),
    workers: z.strictObject({ serving: count, stalled: count, starting: count }),
    disk: z.strictObject({ databaseBytes: count, blobBytes: count, freeBytes: count }).nullable(),
    version: z.string(),
    uptimeMs: z.number(),
  }),
  WorkflowStatsList: z.strictObject({ workflows: z.array(workflowStats) }),
  WorkflowStats: z.strictObject({ stats: workflowStats }),
  WorkflowGraph: z.strictObject({
    source: z.enum(["declared", "inferred"]),
    runs: count.describe("Journals it was inferred from"),
    nodes: z.array(
      z.strictObject({
        id: z.string(),
        kind: z.enum(entryKinds).or(z.enum(["start", "end"])),
        name: z.string(),
        count: count.describe("Runs that came by"),
        failed: count,
        p50Ms: z.number().nullable(),
      }),
    ),
    edges: z.array(
      z.strictObject({
        from: z.string(),
        to: z.string(),
        count: count.describe("Runs that went this way"),
        parallel: z.boolean().describe("In some run another way out of `from` was taken at the same time"),
      }),
    ),
  }),
  Waits: z.strictObject({
    waits: z.array(
      z.strictObject({
        run: z.string(),
        workflow: z.string(),
        event: z.string(),
        key: z.string().nullable(),
        match: value.describe("Fields the payload must have; null without"),
        since: time,
        dueAt: time.nullable(),
      }),
    ),
    nextCursor: z.string().nullable(),
  }),
  ScheduleTimes: z.strictObject({
    times: z.array(
      z.strictObject({
        schedule: z.string(),
        workflow: z.string(),
        at: time,
        run: z.string().nullable().describe("The run it started"),
        runStatus: z.enum(runStatuses).nullable(),
        status: z
          .enum([...runStatuses, "coming", "caught_up", "held", "missed"])
          .describe("That of the run; or none is there yet, it was started late, it waits for a limit, there is none"),
      }),
    ),
    more: z.boolean(),
  }),
  Settings: z.strictObject({
    settings: z.array(
      z.strictObject({
        name: z.string(),
        value: z.unknown(),
        source: z
          .enum(["flag", "environment", "file", "default"])
          .describe("The command line, a variable, sluice.config.ts"),
        unit: z.string().nullable(),
        about: z.string(),
      }),
    ),
    retention: z.array(
      z.strictObject({ workflow: z.string(), ageMs: z.number().nullable(), count: z.number().nullable() }),
    ),
    data: z.string().describe("Path of the data folder"),
    version: z.string(),
    authentication: z.boolean(),
  }),
} as const;
