// Measures runs of made-up workflows in an engine of their own, in a folder that is removed afterwards.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { workflow } from "@sluice/sdk";

export interface BenchmarkOptions {
  /** Default 10. */
  readonly iterations?: number;
  /** Default 3. */
  readonly stepsPerWorkflow?: number;
  /** Items in the payload. Default 100. */
  readonly payloadSize?: number;
  /** Milliseconds. Default 100. */
  readonly delayBetweenRuns?: number;
  /** Prints a line for each run. Default true. */
  readonly verbose?: boolean;
}

/** Figures of a list of numbers. */
interface Statistics {
  readonly count: number;
  readonly mean: number;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly stdDev: number;
  readonly p95: number;
  readonly p99: number;
}

interface BenchmarkRun {
  readonly iteration: number;
  readonly success: boolean;
  readonly runId?: string;
  /** Milliseconds from the start to the end of the run. */
  readonly duration: number;
  readonly error?: string;
  /** Bytes. */
  readonly memory: { readonly delta: { readonly rss: number; readonly heapUsed: number } };
}

export interface BenchmarkResult {
  readonly success: boolean;
  readonly statistics: {
    readonly duration: Statistics;
    readonly memory: Statistics;
    /** Percent. */
    readonly successRate: number;
    /** Runs a second, one after the other. */
    readonly throughput: number;
    readonly stepsPerSecond: number;
    /** Milliseconds. */
    readonly averageStepTime: number;
  };
  readonly results: readonly BenchmarkRun[];
}

export async function benchmark(options: BenchmarkOptions = {}): Promise<BenchmarkResult> {
  const { iterations = 10, stepsPerWorkflow = 3, payloadSize = 100, delayBetweenRuns = 100, verbose = true } = options;
  const folder = await mkdtemp(join(tmpdir(), "sluice-benchmark-"));
  const measured = workflow<{ readonly iteration: number }>({ name: "benchmark" }, async (ctx, { iteration }) => {
    let previous: unknown;
    for (let step = 1; step <= stepsPerWorkflow; step++) {
      const before = previous;
      previous = await ctx.step(`step${step}`, () => ({
        message: `Step ${step} completed`,
        previous: before,
        iteration,
      }));
    }
    return previous;
  });
  const { open } = await import("../open.ts");
  const client = await open({ data: folder, workflows: [measured] });
  const results: BenchmarkRun[] = [];
  try {
    for (let iteration = 1; iteration <= iterations; iteration++) {
      const data = Array.from({ length: payloadSize }, (_, index) => `item-${index}`);
      const before = process.memoryUsage();
      const begun = performance.now();
      const outcome = await client
        .start("benchmark", { iteration, data })
        .then(async (run) => ({ success: true, runId: run.id, result: await run.result() }))
        .catch((error: unknown) => ({ success: false, error: error instanceof Error ? error.message : String(error) }));
      const duration = performance.now() - begun;
      const after = process.memoryUsage();
      const delta = { rss: after.rss - before.rss, heapUsed: after.heapUsed - before.heapUsed };
      const { result: _result, ...told } = { result: undefined, ...outcome };
      results.push({ iteration, duration, memory: { delta }, ...told });
      if (verbose) console.log(`run ${iteration}: ${duration.toFixed(2)} ms`);
      if (delayBetweenRuns > 0 && iteration < iterations)
        await new Promise((next) => void setTimeout(next, delayBetweenRuns));
    }
  } finally {
    await client.close();
    await rm(folder, { recursive: true, force: true });
  }
  return resultOf(results, stepsPerWorkflow);
}

function resultOf(results: readonly BenchmarkRun[], steps: number): BenchmarkResult {
  const good = results.filter(({ success }) => success);
  const duration = statisticsOf(good.map((run) => run.duration));
  const perSecond = duration.mean === 0 ? 0 : 1_000 / duration.mean;
  return {
    success: good.length > 0,
    statistics: {
      duration,
      memory: statisticsOf(good.map(({ memory }) => memory.delta.heapUsed)),
      successRate: results.length === 0 ? 0 : (good.length / results.length) * 100,
      throughput: perSecond,
      stepsPerSecond: perSecond * steps,
      averageStepTime: steps === 0 ? 0 : duration.mean / steps,
    },
    results,
  };
}

function statisticsOf(values: readonly number[]): Statistics {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
  const count = sorted.length;
  const mean = count === 0 ? 0 : sorted.reduce((sum, each) => sum + each, 0) / count;
  const variance = count === 0 ? 0 : sorted.reduce((sum, each) => sum + (each - mean) ** 2, 0) / count;
  return {
    count,
    mean,
    median: at(0.5),
    min: sorted[0] ?? 0,
    max: sorted.at(-1) ?? 0,
    stdDev: Math.sqrt(variance),
    p95: at(0.95),
    p99: at(0.99),
  };
}
