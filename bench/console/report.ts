// What is said of a measured console: tasks of the page, its heap, and the two bars.

import { type Head, headOf } from "../head.ts";
import { ascending, percentile, shown, type Summary, summarize } from "../statistics.ts";
import { table } from "../table.ts";
import type { Scale } from "./options.ts";
import { LONG_TASK_MS, type Task } from "./tab.ts";

/** Bars: p99 of the tasks of the main thread, and how much the heap after a collection may have grown. */
const TASK_MS_MAX = LONG_TASK_MS;
const HEAP_GROWTH_MAX = 0.1;

/** What was seen in one stretch of the time. */
export interface Stretch {
  readonly tasks: readonly Task[];
  readonly heapBytes: number;
}

interface Bar {
  readonly label: string;
  readonly limit: number;
  readonly measured: number;
  readonly met: boolean;
}

export interface Report extends Head {
  readonly suite: "console";
  readonly scale: Scale;
  readonly runsStarted: number;
  /** Changes of runs that reached the page, a second. */
  readonly toldPerSecond: number;
  readonly taskWallMs: Summary;
  readonly taskCpuMs: Summary;
  /** Of the longest task in each second. */
  readonly longestWallMs: Summary;
  readonly longestCpuMs: Summary;
  /** Share of a processor that the page's main thread used. */
  readonly busyShare: number;
  readonly longTasks: number;
  readonly heapBytes: readonly number[];
  /** How far from the first value the heap has been, in parts of it. */
  readonly heapGrowth: number;
  readonly bars: readonly Bar[];
}

type Given = Head & Pick<Report, "scale" | "runsStarted" | "toldPerSecond">;

export function reportOf(given: Given, before: number, stretches: readonly Stretch[]): Report {
  const tasks = stretches.flatMap((stretch) => stretch.tasks);
  const wall = summarize(tasks.map(({ wallMs }) => wallMs));
  const cpu = tasks.map(({ cpuMs }) => cpuMs);
  const heapBytes = [before, ...stretches.map((stretch) => stretch.heapBytes)];
  const heapGrowth = Math.max(...heapBytes.map((bytes) => Math.abs(bytes - before))) / before;
  return {
    ...given,
    suite: "console",
    taskWallMs: wall,
    taskCpuMs: summarize(cpu),
    longestWallMs: summarize(longestOf(tasks, ({ wallMs }) => wallMs)),
    longestCpuMs: summarize(longestOf(tasks, ({ cpuMs }) => cpuMs)),
    busyShare: cpu.reduce((sum, ms) => sum + ms, 0) / (given.scale.seconds * 1_000),
    longTasks: tasks.filter(({ wallMs }) => wallMs > LONG_TASK_MS).length,
    heapBytes,
    heapGrowth,
    bars: [
      { label: "p99 of main-thread tasks, ms", limit: TASK_MS_MAX, measured: wall.p99, met: wall.p99 < TASK_MS_MAX },
      {
        label: "heap after collection, furthest from the first, %",
        limit: HEAP_GROWTH_MAX * 100,
        measured: heapGrowth * 100,
        met: heapGrowth < HEAP_GROWTH_MAX,
      },
    ],
  };
}

function longestOf(tasks: readonly Task[], msOf: (task: Task) => number): readonly number[] {
  const longest = new Map<number, number>();
  for (const task of tasks) {
    const second = Math.floor(task.atMs / 1_000);
    longest.set(second, Math.max(msOf(task), longest.get(second) ?? 0));
  }
  return [...longest.values()];
}

/** The report as Markdown that also reads well in a terminal. */
export function renderReport(report: Report): string {
  const { scale, taskWallMs, taskCpuMs, heapBytes } = report;
  const megabytes = heapBytes.map((bytes) => (bytes / 1e6).toFixed(2)).join(" · ");
  const row = (name: string, { count, p50, p95, p99, max }: Summary) => [
    name,
    shown(count),
    ...[p50, p95, p99, max].map(shown),
  ];
  const middle = percentile(ascending(heapBytes), 0.5);
  return [
    ...headOf(report),
    `The list of runs for ${scale.seconds} s: ${shown(scale.updatesPerSecond)} changes of runs a second asked for, ${shown(report.toldPerSecond)} told to the page, new rows shown every few seconds`,
    table(
      ["tasks of the main thread, ms", "tasks", "p50", "p95", "p99", "max"],
      [
        row("wall time", taskWallMs),
        row("processor time", taskCpuMs),
        row("longest of each second, wall time", report.longestWallMs),
        row("longest of each second, processor time", report.longestCpuMs),
      ],
    ),
    `${report.longTasks} tasks over ${LONG_TASK_MS} ms · ${(report.busyShare * 100).toFixed(1)}% of a processor · heap after collection, MB: ${megabytes} (median ${(middle / 1e6).toFixed(2)})`,
    `Bars\n\n${table(
      ["", "bar", "measured", ""],
      report.bars.map(({ label, limit, measured, met }) => [
        label,
        `< ${limit}`,
        shown(measured),
        met ? "met" : "missed",
      ]),
    )}`,
  ].join("\n\n");
}
