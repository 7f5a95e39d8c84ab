// Compares measured figures with thresholds and remembers what it found. Prints nothing by itself.
import type { PerformanceMetrics } from "./optimizer.ts";

export interface PerformanceAlert {
  readonly type: "warning" | "error" | "info";
  readonly message: string;
  readonly timestamp: Date;
  readonly metric: string;
  readonly value: number;
  readonly threshold: number;
}

type Status = "healthy" | "warning" | "critical";
type Trend = "increasing" | "decreasing" | "stable";

export interface PerformanceReport {
  readonly timestamp: Date;
  readonly metrics: PerformanceMetrics;
  readonly alerts: readonly PerformanceAlert[];
  readonly recommendations: readonly string[];
  /** From 0 to 100. */
  readonly summary: { readonly status: Status; readonly score: number };
}

export interface MonitoringConfig {
  readonly alertThresholds: {
    /** Percent of a GiB. */
    readonly memoryUsage: number;
    /** Milliseconds. */
    readonly slowQueryThreshold: number;
    /** From 0 to 1. */
    readonly cacheHitRate: number;
    /** Milliseconds. */
    readonly serializationTime: number;
  };
  readonly enableAlerts: boolean;
  /** Told of each alert. */
  readonly onAlert?: (alert: PerformanceAlert) => void;
}

const defaults: MonitoringConfig = {
  alertThresholds: { memoryUsage: 80, slowQueryThreshold: 1_000, cacheHitRate: 0.5, serializationTime: 50 },
  enableAlerts: true,
};
const reportsMax = 100;
const alertsMax = 1_000;
const gibibyte = 1_024 ** 3;
/** Percent between two halves that count as a change. */
const trendPercent = 10;
const trendReports = 5;

interface Check {
  readonly metric: string;
  readonly what: string;
  readonly advice: string;
  readonly value: number;
  readonly threshold: number;
  readonly bad: boolean;
  /** Points lost. */
  readonly weight: number;
}

export class PerformanceMonitor {
  readonly #config: MonitoringConfig;
  readonly #now: () => Date;
  #alerts: PerformanceAlert[] = [];
  #reports: PerformanceReport[] = [];
  #stopped = false;

  constructor(config: Partial<MonitoringConfig> = {}, now: () => Date = () => new Date()) {
    this.#config = {
      ...defaults,
      ...config,
      alertThresholds: { ...defaults.alertThresholds, ...config.alertThresholds },
    };
    this.#now = now;
  }

  /** Looks at figures and remembers a report of them. */
  monitorMetrics(metrics: PerformanceMetrics): void {
    if (this.#stopped) return;
    const timestamp = this.#now();
    const bad = this.#checks(metrics).filter((check) => check.bad);
    const alerts = bad.map(({ metric, what, value, threshold }) => ({
      type: "warning" as const,
      message: `${what}: ${value.toFixed(2)}`,
      timestamp,
      metric,
      value,
      threshold,
    }));
    this.#alerts = [...this.#alerts, ...alerts].slice(-alertsMax);
    if (this.#config.enableAlerts) for (const alert of alerts) this.#config.onAlert?.(alert);
    const score = Math.max(0, 100 - bad.reduce((lost, { weight }) => lost + weight, 0));
    const status: Status = score >= 90 ? "healthy" : score >= 60 ? "warning" : "critical";
    const recommendations = bad.map(({ advice }) => advice);
    this.#reports = [
      ...this.#reports,
      { timestamp, metrics, alerts, recommendations, summary: { status, score } },
    ].slice(-reportsMax);
  }

  #checks({ memory, databaseQueries, cache, serialization }: PerformanceMetrics): Check[] {
    const { memoryUsage, slowQueryThreshold, cacheHitRate, serializationTime } = this.#config.alertThresholds;
    const percent = (memory.used / gibibyte) * 100;
    const over = (value: number, threshold: number): Pick<Check, "value" | "threshold" | "bad"> => ({
      value,
      threshold,
      bad: value > threshold,
    });
    const used = cache.hits + cache.misses > 0;
    return [
      {
        metric: "memoryUsage",
        what: "High memory usage",
        advice: "Keep less in memory",
        weight: 30,
        ...over(percent, memoryUsage),
      },
      {
        metric: "slowQueries",
        what: "Slow database queries",
        advice: "Add indexes, or ask for less",
        weight: 25,
        ...over(databaseQueries.averageTime, slowQueryThreshold),
      },
      {
        metric: "cacheHitRate",
        what: "Low cache hit rate",
        advice: "Keep more in the cache, for longer",
        weight: 25,
        value: cache.hitRate,
        threshold: cacheHitRate,
        bad: used && cache.hitRate < cacheHitRate,
      },
      {
        metric: "serializationTime",
        what: "Slow serialization",
        advice: "Send less, or in another form",
        weight: 20,
        ...over(serialization.averageTime, serializationTime),
      },
    ];
  }

  /** The last ones. */
  getReports(limit = 10): PerformanceReport[] {
    return this.#reports.slice(-limit);
  }

  /** The last ones. */
  getAlerts(limit = 50): PerformanceAlert[] {
    return this.#alerts.slice(-limit);
  }

  getLatestReport(): PerformanceReport | undefined {
    return this.#reports.at(-1);
  }

  getPerformanceTrends(): { readonly memoryTrend: Trend; readonly queryTrend: Trend; readonly cacheTrend: Trend } {
    const of = (value: (metrics: PerformanceMetrics) => number): Trend =>
      trendOf(this.#reports.slice(-trendReports).map(({ metrics }) => value(metrics)));
    return {
      memoryTrend: of(({ memory }) => memory.used),
      queryTrend: of(({ databaseQueries }) => databaseQueries.averageTime),
      cacheTrend: of(({ cache }) => cache.hitRate),
    };
  }

  generateSummary(): string {
    const report = this.getLatestReport();
    if (report === undefined) return "No performance data available";
    const { metrics, summary, recommendations } = report;
    const trends = this.getPerformanceTrends();
    return [
      `Score: ${summary.score}/100 (${summary.status})`,
      `Memory: ${(metrics.memory.used / 1_024 ** 2).toFixed(2)} MiB (${trends.memoryTrend})`,
      `Queries: ${metrics.databaseQueries.averageTime.toFixed(2)} ms on average (${trends.queryTrend})`,
      `Cache hit rate: ${(metrics.cache.hitRate * 100).toFixed(2)}% (${trends.cacheTrend})`,
      `Serialization: ${metrics.serialization.averageTime.toFixed(2)} ms on average`,
      ...recommendations.map((advice) => `- ${advice}`),
    ].join("\n");
  }

  /** From here on nothing is looked at. */
  stop(): void {
    this.#stopped = true;
  }

  clearHistory(): void {
    this.#alerts = [];
    this.#reports = [];
  }
}

/** Compares the later half with the earlier. */
function trendOf(values: readonly number[]): Trend {
  const middle = Math.floor(values.length / 2);
  if (middle === 0) return "stable";
  const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
  const before = mean(values.slice(0, middle));
  const change = before === 0 ? 0 : ((mean(values.slice(middle)) - before) / before) * 100;
  if (change > trendPercent) return "increasing";
  return change < -trendPercent ? "decreasing" : "stable";
}
