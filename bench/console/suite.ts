// `npm run bench -- console`: the list of runs in a real browser while a real server works, for ten minutes.

import type { ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { findWholeBrowser, INSTALL_COMMAND } from "../../scripts/browser.mjs";
import { liesInMemory, measureFsync } from "../fsync.ts";
import { describeMachine } from "../machine.ts";
import { UsageError } from "../options.ts";
import { ended } from "../processes.ts";
import { startSluice } from "../sluice.ts";
import { startRuns, writeProject } from "./load.ts";
import { type Options, parseOptions, usage } from "./options.ts";
import { renderReport, type Report, reportOf, type Stretch } from "./report.ts";
import { Tab } from "./tab.ts";

const RESULTS = join(import.meta.dir, "../results");
/** Beyond what is measured: the browser takes its time to start and to hand its trace over. */
const LOAD_SPARE_SECONDS = 600;

/** Runs the suite; the exit code. */
export async function runConsoleSuite(args: readonly string[]): Promise<number> {
  let options: Options;
  try {
    options = parseOptions(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  const executable = findWholeBrowser();
  if (executable === undefined) {
    console.error(`There is no chromium here: ${INSTALL_COMMAND}`);
    return 1;
  }
  const base = resolve(options.dataFolder);
  mkdirSync(base, { recursive: true });
  const folder = mkdtempSync(join(base, "console-"));
  try {
    publish(options, await measure(options, folder, executable));
    return 0;
  } catch (error) {
    console.error((error as Error).stack);
    return 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function publish(options: Options, report: Report): void {
  const line = JSON.stringify(report);
  const text = renderReport(report);
  process.stdout.write(options.json ? `${line}\n` : `${text}\n\n${line}\n`);
  if (!options.save) return;
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, "console.json"), `${line}\n`);
  const head = "# Console benchmark\n\nMade by the command below; [README.md](../README.md) says what each line means.";
  writeFileSync(join(RESULTS, "console.md"), `${head}\n\n${text}\n`);
}

async function measure(options: Options, folder: string, executable: string): Promise<Report> {
  const { scale, quick } = options;
  const fsync = measureFsync(folder, scale.fsyncAppends);
  const project = join(folder, "project");
  writeProject(project);
  const args = ["--no-auth"];
  const { child, port } = await startSluice({ project, folder: join(folder, "data"), args, env: {} });
  try {
    const seen = await watch({ executable, port, options });
    const head = {
      date: new Date().toISOString().slice(0, 16).replace("T", " "),
      command: ["npm run bench -- console", ...process.argv.slice(3)].join(" "),
      quick,
      rounds: 1,
      machine: describeMachine(),
      fsync,
      dataInMemory: await liesInMemory(folder),
    };
    const { runsStarted, toldPerSecond } = seen;
    return reportOf({ ...head, scale, runsStarted, toldPerSecond }, seen.before, seen.stretches);
  } finally {
    await stop(child);
  }
}

async function stop(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await ended(child);
}

interface Seen {
  readonly runsStarted: number;
  readonly toldPerSecond: number;
  readonly before: number;
  readonly stretches: readonly Stretch[];
}

async function watch(p: { executable: string; port: number; options: Options }): Promise<Seen> {
  const { scale } = p.options;
  const say = (line: string) => void process.stderr.write(`${line}\n`);
  const over = new AbortController();
  const { updatesPerSecond, seconds, warmupSeconds, heapEverySeconds } = scale;
  const secondsMax = warmupSeconds + seconds + LOAD_SPARE_SECONDS;
  const load = startRuns({ port: p.port, updatesPerSecond, secondsMax, signal: over.signal });
  // Without this a load that fails while the browser starts would be nobody's.
  load.catch(() => over.abort());
  let tab: Tab | undefined;
  try {
    tab = await Tab.open(p.executable, `http://127.0.0.1:${p.port}/runs`);
    const working = tab.work(over.signal);
    say(`warming up for ${warmupSeconds} s`);
    await tab.tasks(warmupSeconds);
    const before = await tab.heapBytes();
    const [told, startedMs] = [tab.told, performance.now()];
    const stretches: Stretch[] = [];
    for (let done = 0; done < seconds && !over.signal.aborted; done += heapEverySeconds) {
      const tasks = await tab.tasks(Math.min(heapEverySeconds, seconds - done));
      const heapBytes = await tab.heapBytes();
      stretches.push({ tasks, heapBytes });
      say(`${done + heapEverySeconds} s: ${tasks.length} tasks, heap ${(heapBytes / 1e6).toFixed(2)} MB`);
    }
    const toldPerSecond = ((tab.told - told) * 1_000) / (performance.now() - startedMs);
    over.abort();
    await working;
    return { runsStarted: await load, toldPerSecond, before, stretches };
  } finally {
    over.abort();
    await tab?.close();
  }
}
