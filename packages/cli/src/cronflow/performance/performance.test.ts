// What the optimizer remembers and counts, and what the monitor makes of it.
import { describe, expect, test } from "bun:test";
import { PerformanceMonitor } from "./monitor.ts";
import { PerformanceOptimizer } from "./optimizer.ts";

describe("PerformanceOptimizer", () => {
  test("remembers results of queries for a while, and counts", async () => {
    const at = { ms: 0 };
    const optimizer = new PerformanceOptimizer({ maxSize: 1, ttl: "10s" }, { slowQueryThreshold: 50 }, () => at.ms);
    let queries = 0;
    const query = async (): Promise<number> => {
      at.ms += 60;
      return ++queries;
    };
    expect([
      await optimizer.optimizeDatabaseQuery(query, "a"),
      await optimizer.optimizeDatabaseQuery(query, "a"),
    ]).toEqual([1, 1]);
    expect(await optimizer.optimizeDatabaseQuery(query, "b")).toBe(2);
    expect(await optimizer.optimizeDatabaseQuery(query, "a")).toBe(3);
    at.ms += 20_000;
    expect(await optimizer.optimizeDatabaseQuery(query, "a")).toBe(4);
    expect(optimizer.getMetrics()).toMatchObject({
      databaseQueries: { total: 5, cached: 1, slow: 4, averageTime: 60 },
      cache: { hits: 1, misses: 4, hitRate: 0.2, size: 1 },
    });
    expect(optimizer.getPerformanceRecommendations()[0]).toContain("slow queries");
    optimizer.resetMetrics();
    expect(optimizer.getMetrics().databaseQueries.total).toBe(0);
  });

  test("gives queries up that take too long", async () => {
    const optimizer = new PerformanceOptimizer({}, { queryTimeout: 5 });
    expect(optimizer.optimizeDatabaseQuery(() => new Promise(() => undefined))).rejects.toThrow("longer than 5 ms");
  });

  test("hands out connections, so many at a time", async () => {
    const optimizer = new PerformanceOptimizer({}, { connectionPoolSize: 1 });
    const first = await optimizer.getConnection();
    const second = optimizer.getConnection();
    optimizer.releaseConnection(first);
    expect(await second).toBe(first);
  });

  test("makes the text of the same object once", () => {
    const optimizer = new PerformanceOptimizer();
    const data = { a: 1 };
    expect([optimizer.optimizeSerialization(data), optimizer.optimizeSerialization(data)]).toEqual([
      '{"a":1}',
      '{"a":1}',
    ]);
    expect(optimizer.getMetrics().serialization).toMatchObject({ totalOperations: 2, compressedSize: 7 });
    optimizer.destroy();
  });
});

describe("PerformanceMonitor", () => {
  const metrics = (averageTime: number, used = 0) => ({
    databaseQueries: { total: 1, cached: 0, slow: 0, averageTime },
    cache: { hits: 0, misses: 0, hitRate: 0, size: 0 },
    serialization: { totalOperations: 0, averageTime: 0, compressedSize: 0 },
    memory: { used, peak: used, garbageCollections: 0 },
  });

  test("raises alerts over thresholds, scores, and sees trends", () => {
    const alerts: string[] = [];
    const monitor = new PerformanceMonitor({ onAlert: ({ metric }) => alerts.push(metric) }, () => new Date(0));
    expect(monitor.generateSummary()).toBe("No performance data available");
    monitor.monitorMetrics(metrics(10));
    monitor.monitorMetrics(metrics(2_000, 1024 ** 3));
    expect(alerts).toEqual(["memoryUsage", "slowQueries"]);
    expect(monitor.getLatestReport()?.summary).toEqual({ status: "critical", score: 45 });
    expect(monitor.getReports(1)).toHaveLength(1);
    expect(monitor.getAlerts()).toHaveLength(2);
    expect(monitor.getPerformanceTrends()).toMatchObject({ queryTrend: "increasing", cacheTrend: "stable" });
    expect(monitor.generateSummary()).toContain("45/100 (critical)");
    monitor.stop();
    monitor.monitorMetrics(metrics(1));
    expect(monitor.getReports()).toHaveLength(2);
    monitor.clearHistory();
    expect(monitor.getReports()).toEqual([]);
  });
});
