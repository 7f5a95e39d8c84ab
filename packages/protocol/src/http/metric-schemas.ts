// Bodies of metrics as zod schemas. Loads zod: to be imported on first use only.
import { z } from "zod";
import {
  maybe,
  metricKind as kind,
  metricLabels as labels,
  metricSummary as summary,
  recorded,
} from "./schema-parts.ts";

export const metricSchemas = {
  MetricValues: z
    .looseObject({
      name: maybe(z.string()),
      value: maybe(z.number()),
      kind: maybe(kind).describe("`histogram` without it"),
      labels: maybe(labels),
      metrics: maybe(z.array(z.unknown())).describe("Several of them, in place of one"),
    })
    .describe("One value, or `metrics` with several"),
  MetricsRecorded: z.strictObject({ recorded: z.int() }),
  MetricList: z.strictObject({ metrics: z.array(recorded) }),
  MetricReport: z.strictObject({
    from: z.int().describe("Milliseconds since 1970"),
    to: z.int(),
    metrics: z.array(
      z.strictObject({
        name: z.string(),
        labels,
        kind,
        summary: z.strictObject(summary).describe("Over the whole span; of a counter `sum` is by how much it grew"),
        history: z.array(z.strictObject({ at: z.int(), widthMs: z.int(), ...summary })),
      }),
    ),
    current: z.array(recorded).describe("Since the server started, whatever the span"),
  }),
  OtlpMetrics: z.looseObject({ resourceMetrics: maybe(z.array(z.unknown())) }).describe("ExportMetricsServiceRequest"),
  OtlpMetricsTaken: z.strictObject({
    partialSuccess: maybe(z.strictObject({ rejectedDataPoints: z.string(), errorMessage: z.string() })),
  }),
  PromAnswer: z.strictObject({ status: z.literal("success"), data: z.unknown() }),
} as const;
