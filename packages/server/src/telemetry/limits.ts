// Named limits of the export of traces and metrics; each is a setting (`limits.*`).
export interface TelemetryLimits {
  /** Ended runs that wait for their spans to be made; those beyond are not exported, and counted. */
  readonly telemetryRunsMax: number;
  /** Spans made of one run; further entries of its journal have none. */
  readonly telemetryRunSpansMax: number;
  /** Spans sent in one request. */
  readonly telemetryBatchSpansMax: number;
  /** Pause between two reports of metrics. */
  readonly telemetryMetricsMs: number;
  /** Longest wait for an answer. */
  readonly telemetryTimeoutMs: number;
  /** Pause before a request that failed is made again; doubled each time. */
  readonly telemetryRetryMs: number;
  /** What is left when the server stops has so long to be sent. */
  readonly telemetryStopMs: number;
}

export const telemetryLimits: TelemetryLimits = {
  telemetryRunsMax: 2_048,
  telemetryRunSpansMax: 10_000,
  telemetryBatchSpansMax: 2_000,
  telemetryMetricsMs: 60_000,
  telemetryTimeoutMs: 10_000,
  telemetryRetryMs: 1_000,
  telemetryStopMs: 2_000,
};

/** What is set, and where exports go. */
export interface TelemetrySettings {
  /** Base of an OTLP endpoint over HTTP: `/v1/traces` and `/v1/metrics` are below it. */
  readonly endpoint: string;
  /** Sent with every request, such as a key; never shown. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of traces that begin here, so many are exported: from 0 to 1. */
  readonly sample: number;
}
