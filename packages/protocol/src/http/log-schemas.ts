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
  LogArchives: z.strictObject({
    days: z.array(
      z.strictObject({
        day: z.string(),
        files: z.int(),
        entries: z.int(),
        bytes: z.int(),
        rawBytes: z.int().describe("Of lines and fields as they came"),
      }),
    ),
    failing: z.string().nullable().describe("Why the last round came to nothing; null where it did not"),
  }),
  LogArchiving: z.strictObject({
    before: maybe(z.string()).describe("All days before this one, such as 2026-01-31; those that are due without it"),
  }),
  LogsArchived: z.strictObject({
    days: z.array(z.strictObject({ day: z.string(), entries: z.int(), files: z.int() })),
  }),
  LogRestore: z.strictObject({ day: z.string().describe("A UTC day, such as 2026-01-31") }),
  LogsRestored: z.strictObject({ entries: z.int() }),
  LogArchivesVerified: z.strictObject({
    days: z.int(),
    files: z.int(),
    entries: z.int(),
    faults: z.array(z.strictObject({ file: z.string(), why: z.string() })),
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
  OtlpLogs: z
    .looseObject({ resourceLogs: maybe(z.array(z.looseObject({}))) })
    .describe("As OpenTelemetry exports them: ExportLogsServiceRequest"),
  OtlpLogsTaken: z.strictObject({
    partialSuccess: maybe(z.strictObject({ rejectedLogRecords: z.string(), errorMessage: z.string() })).describe(
      "Records that were not taken; absent where all were",
    ),
  }),
  ElasticBulkAnswer: z.strictObject({
    took: z.int(),
    errors: z.boolean().describe("Whether one of the actions failed"),
    items: z.array(
      z.record(
        z.string(),
        z.looseObject({
          _index: z.string(),
          _id: z.string(),
          status: z.int(),
          error: maybe(z.strictObject({ type: z.string(), reason: z.string() })),
        }),
      ),
    ),
  }),
  DatadogLogs: z
    .union([z.looseObject({}), z.array(z.looseObject({}))])
    .describe(
      "An entry or a list of them: message, service, hostname, ddsource, ddtags, status, and fields of any name",
    ),
  SplunkEvent: z
    .looseObject({ event: z.unknown() })
    .describe("An event; several stand one behind the other, or in a list"),
  SplunkAnswer: z.strictObject({ text: z.string(), code: z.int() }),
  GelfMessage: z.looseObject({ short_message: z.string() }).describe("A message of GELF 1.1"),
  SeqAnswer: z.strictObject({ MinimumLevelAccepted: z.null() }),
} as const;
