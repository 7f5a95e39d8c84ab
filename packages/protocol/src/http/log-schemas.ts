// Bodies of logs as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import { maybe } from "./schema-parts.ts";

const fieldValue = z.union([z.string(), z.number(), z.boolean()]);
const labels = z.record(z.string(), z.string());

const entry = z.strictObject({
  seq: z.int().describe("Place in the order of commits; also the cursor of tails"),
  time: z.string().describe("ISO 8601, with up to nine digits of a second"),
  level: z.enum(["unknown", "trace", "debug", "info", "warn", "error", "fatal"]),
  line: z.string(),
  labels,
  fields: z.record(z.string(), fieldValue),
});

export const logSchemas = {
  LogEntries: z
    .looseObject({
      entries: maybe(z.array(z.unknown())).describe("Entries, each an object or a text"),
      labels: maybe(z.record(z.string(), z.unknown())).describe("What all of them share"),
    })
    .describe(
      "`entries` with labels that they share; or one entry: `message`, `timestamp`, `labels`, and fields of any name",
    ),
  LogsTaken: z.strictObject({
    accepted: z.int(),
    rejections: z.int().describe("Entries that were not taken"),
    rejected: z
      .array(z.strictObject({ index: z.int(), code: z.string() }))
      .describe("The first hundred of them, by their place in the request"),
    firstSeq: z.int().nullable().describe("Number of the first that was taken"),
    duplicate: z.boolean().describe("The idempotency key had been used for the same entries: nothing was added"),
  }),
  LogDeletion: z.strictObject({
    query: z.string().describe("A filter without pipes; `*` is everything"),
    from: maybe(z.union([z.number(), z.string()])).describe("From this time, milliseconds since 1970 or ISO 8601"),
    to: maybe(z.union([z.number(), z.string()])).describe("To before this time"),
    tenant: maybe(z.string()).describe("Where one may delete of several"),
  }),
  LogsDeleted: z.strictObject({
    id: z.int(),
    upToSeq: z.int().describe("Number of the last entry that is meant: those that come later stay"),
  }),
  LogQuery: z.strictObject({
    query: maybe(z.string()).describe("In the language of logs; everything without it"),
    from: maybe(z.union([z.number(), z.string()])).describe("From this time, milliseconds since 1970 or ISO 8601"),
    to: maybe(z.union([z.number(), z.string()])).describe("To before this time"),
    limit: maybe(z.int().positive()).describe("Most rows; at most logQueryRowsMax"),
    tenant: maybe(z.string()).describe("Where one may read of several"),
    afterSeq: maybe(z.int().nonnegative()).describe("Only entries with higher numbers"),
    upToSeq: maybe(z.int().nonnegative()).describe("Only entries with numbers up to this one"),
  }),
  LogAnswer: z.strictObject({
    entries: z.array(entry).nullable().describe("The latest first; null where pipes have made a table"),
    columns: z.array(z.string()).nullable(),
    rows: z.array(z.array(fieldValue.nullable())).nullable(),
    partial: z
      .enum(["time", "bytes", "rows", "groups", "values", "cancelled"])
      .nullable()
      .describe("Why this is not all; null where it is"),
    scannedBytes: z.int(),
    damaged: z
      .array(z.strictObject({ file: z.string(), id: z.int(), why: z.string() }))
      .describe("Pieces that could not be read and were left out"),
    lastSeq: z.int().describe("Number of the last entry that could be found"),
    elapsedMs: z.number(),
  }),
  LokiPush: z
    .looseObject({
      streams: z.array(
        z.looseObject({ stream: labels, values: z.array(z.array(z.unknown())).describe("Nanoseconds, line, fields") }),
      ),
    })
    .describe("As Grafana Loki takes it"),
} as const;
