// Named limits of metrics, each with its unit.

export interface MetricLimits {
  /** Different series there are at most; samples of further ones are refused. */
  readonly metricSeriesMax: number;
  /** Samples of one request, and bytes of it once it is unpacked. */
  readonly metricSamplesMax: number;
  readonly metricBodyBytesMax: number;
  readonly metricLabelsMax: number;
  readonly metricLabelBytesMax: number;
  /** The latest values of a histogram that are kept as they came. */
  readonly metricRawValuesMax: number;
  /** Between two times that what was recorded is written. */
  readonly metricFlushMs: number;
  /** How long everything is kept as it came; then one value for 5 minutes, then one for an hour. */
  readonly metricFineKeptMs: number;
  readonly metricMiddleKeptMs: number;
  readonly metricCoarseKeptMs: number;
  readonly metricQueryMsMax: number;
  /** Samples that one query reads, and values it answers with for one series. */
  readonly metricQuerySamplesMax: number;
  readonly metricQueryPointsMax: number;
  /** How long an answer is kept for those who ask the same; 0: not at all. And how many of them. */
  readonly metricCacheMs: number;
  readonly metricCacheMax: number;
  readonly metricScrapeTimeoutMs: number;
  /** A thread that reads ends after so long without work. */
  readonly metricReaderIdleMs: number;
}

export const metricLimits: MetricLimits = {
  metricSeriesMax: 200_000,
  metricSamplesMax: 100_000,
  metricBodyBytesMax: 16 * 1024 * 1024,
  metricLabelsMax: 64,
  metricLabelBytesMax: 4_096,
  metricRawValuesMax: 1_000,
  metricFlushMs: 10_000,
  metricFineKeptMs: 2 * 86_400_000,
  metricMiddleKeptMs: 30 * 86_400_000,
  metricCoarseKeptMs: 400 * 86_400_000,
  metricQueryMsMax: 30_000,
  metricQuerySamplesMax: 5_000_000,
  metricQueryPointsMax: 11_000,
  metricCacheMs: 10_000,
  metricCacheMax: 500,
  metricScrapeTimeoutMs: 10_000,
  metricReaderIdleMs: 10_000,
};
