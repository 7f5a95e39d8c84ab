// The suite of the console in short: that a page follows a busy server without work piling up on its main thread, and that
// what is measured is what happened.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { findBrowser, INSTALL_COMMAND } from "../../scripts/browser.mjs";
import { UsageError } from "../options.ts";
import { fullScale, parseOptions, quickScale } from "./options.ts";
import type { Report } from "./report.ts";
import { reportOf } from "./report.ts";
import { mainTasks } from "./tab.ts";

const missing = findBrowser() === undefined ? ` (no chromium: ${INSTALL_COMMAND})` : "";
/** Most of the changes asked for arrive on a machine that has other things to do as well. */
const toldShareMin = 0.6;
const taskMsMax = 50;
const heapChangeMax = 0.1;

describe("a trace", () => {
  test("is read as the tasks of the busiest page", () => {
    const thread = (pid: number) => ({
      name: "thread_name",
      ph: "M",
      pid,
      tid: 1,
      ts: 0,
      args: { name: "CrRendererMain" },
    });
    const ran = (pid: number, tid: number, dur: number) => ({
      name: "RunTask",
      ph: "X",
      pid,
      tid,
      ts: 7e6,
      dur,
      tdur: dur,
    });
    const events = [thread(1), thread(2), ran(1, 1, 500), ran(2, 1, 4_000), ran(2, 9, 90_000), ran(2, 1, 60_000)];
    expect(mainTasks(events)).toEqual([
      { atMs: 7_000, wallMs: 4, cpuMs: 4 },
      { atMs: 7_000, wallMs: 60, cpuMs: 60 },
    ]);
  });

  test("is judged by the bars: p99 of the tasks, how far the heap has been from its middle, and by how much it has grown", () => {
    const task = (wallMs: number) => ({ atMs: 0, wallMs, cpuMs: wallMs });
    const given = { scale: quickScale } as Parameters<typeof reportOf>[0];
    const stretch = (wallMs: number, heapBytes: number) => ({ tasks: [task(1), task(wallMs)], heapBytes });
    const calm = reportOf(given, 100, [stretch(49, 109), stretch(1, 95), stretch(1, 104)]);
    expect(calm.bars.map(({ met }) => met)).toEqual([true, true, true]);
    const swinging = reportOf(given, 100, [stretch(51, 115), stretch(51, 100), stretch(51, 100)]);
    expect(swinging.bars.map(({ met }) => met)).toEqual([false, false, true]);
    expect([swinging.longTasks, swinging.heapSpread]).toEqual([3, 0.15]);
    const growing = reportOf(given, 100, [
      stretch(1, 101),
      stretch(1, 103),
      stretch(1, 105),
      stretch(1, 112),
      stretch(1, 113),
    ]);
    expect(growing.bars.map(({ met }) => met)).toEqual([true, true, false]);
  });
});

test("the options are read, and refused with a sentence", () => {
  expect(parseOptions([])).toMatchObject({ quick: false, save: true, scale: fullScale });
  expect(parseOptions(["--seconds", "120"])).toMatchObject({ save: false, scale: { ...fullScale, seconds: 120 } });
  expect(() => parseOptions(["--rate", "many"])).toThrow(UsageError);
});

test.skipIf(missing !== "")(
  `a page follows a thousand changes of runs a second without long tasks, and keeps nothing of them${missing}`,
  () => {
    const ran = Bun.spawnSync([process.execPath, join(import.meta.dir, "../main.ts"), "console", "--quick"]);
    const said = ran.stderr.toString();
    expect({ exitCode: ran.exitCode, said }).toEqual({ exitCode: 0, said });
    const report = JSON.parse(ran.stdout.toString().trimEnd().split("\n").at(-1) ?? "") as Report;
    expect(report.toldPerSecond).toBeGreaterThan(quickScale.updatesPerSecond * toldShareMin);
    expect(report.taskWallMs.count).toBeGreaterThan(quickScale.seconds);
    // By the thread's own time: what else the machine does meanwhile is not the page's.
    expect(report.taskCpuMs.p99).toBeLessThan(taskMsMax);
    expect(report.heapGrowth).toBeLessThan(heapChangeMax);
  },
  180_000,
);
