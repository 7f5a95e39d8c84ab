// What is said of a measured console: tasks of the page, its heap, and the two bars.

import { type Head, headOf } from "../head.ts";
import { median, shown, type Summary, summarize } from "../statistics.ts";
import { table } from "../table.ts";
import type { Scale } from "./options.ts";
import { LONG_TASK_MS, type Task } from "./tab.ts";

/**
 * Bars: p99 of the tasks of the main thread; how far from its median the heap after a collection may be at any time, and by
 * how much it may grow from the first third of the time to the last.
 */
const TASK_MS_MAX = LONG_TASK_MS;
const HEAP_CHANGE_MAX = 0.1;

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
  /** Furthest from the median, in parts of it. */
  readonly heapSpread: number;
  /** Median of the last third over that of the first, less one. */
  readonly heapGrowth: number;
  readonly bars: readonly Bar[];
}

type Given = Head & Pick<Report, "scale" | "runsStarted" | "toldPerSecond">;

export function reportOf(given: Given, before: number, stretches: readonly Stretch[]): Report {
  const tasks = stretches.flatMap((stretch) => stretch.tasks);
  const wall = summarize(tasks.map(({ wallMs }) => wallMs));
  const cpu = tasks.map(({ cpuMs }) => cpuMs);
  const heapBytes = [before, ...stretches.map((stretch) => stretch.heapBytes)];
  const { heapSpread, heapGrowth } = changeOf(heapBytes);
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
    heapSpread,
    heapGrowth,
    bars: [
      { label: "p99 of main-thread tasks, ms", limit: TASK_MS_MAX, measured: wall.p99, met: wall.p99 < TASK_MS_MAX },
      heapBar("heap after collection, furthest from its median, %", heapSpread),
      heapBar("heap after collection, last third over the first, %", heapGrowth),
    ],
  };
}

function heapBar(label: string, part: number): Bar {
  return { label, limit: HEAP_CHANGE_MAX * 100, measured: part * 100, met: part < HEAP_CHANGE_MAX };
}

function changeOf(heapBytes: readonly number[]): Pick<Report, "heapSpread" | "heapGrowth"> {
  const middle = median(heapBytes);
  const third = Math.ceil(heapBytes.length / 3);
  return {
    heapSpread: Math.max(...heapBytes.map((bytes) => Math.abs(bytes - middle))) / middle,
    heapGrowth: median(heapBytes.slice(-third)) / median(heapBytes.slice(0, third)) - 1,
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
    `${report.longTasks} tasks over ${LONG_TASK_MS} ms · ${(report.busyShare * 100).toFixed(1)}% of a processor · heap after collection, MB: ${megabytes}`,
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
