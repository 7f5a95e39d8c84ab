// What `sluice build` and its questions do, once their arguments are read.
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { CliError, exitCodes, failed, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { affectedBase, argumentsOf, concurrencyOf, shardOf, taskNames } from "./flags.ts";
import type { BuildFlags } from "./flags.ts";
import { BuildOutput } from "./output.ts";
import { Progress, withProgress } from "./progress.ts";
import { serverOf } from "./server.ts";

/** Loaded where somebody builds. */
export async function loadBuilds() {
  return import("@sluice/server/builds");
}

type Builds = Awaited<ReturnType<typeof loadBuilds>>;
type Shown = Parameters<Builds["localBuild"]>[1]["show"];
type BuildRequest = Parameters<Builds["dryLocalBuild"]>[1];

type EndedTask = Parameters<Parameters<Builds["watchBuilds"]>[1]["built"]>[0][number];

const interruptedCode = 130;

/** What is shown of a build; on a terminal with a line below it that says how far it is. */
function shownBy(io: Io, flags: BuildFlags, timeline: ReturnType<Builds["timeline"]>) {
  const isStream = flags.ui === "stream";
  const isQuiet = flags.json === true;
  const isLive = io.stdout.isTTY && !isStream && !isQuiet && io.env["GITHUB_ACTIONS"] !== "true";
  const progress = new Progress(() => performance.now(), concurrencyOf(flags.concurrency) ?? availableParallelism());
  const live = isLive ? withProgress(io, progress) : undefined;
  const clocks = {
    started(id: string): void {
      timeline.started(id);
      progress.started(id);
      live?.draw();
    },
    ended(id: string): void {
      timeline.ended(id);
      progress.ended(id);
    },
  };
  const output = new BuildOutput(live?.io ?? io, { isStream, logs: flags.outputLogs, isQuiet, timeline: clocks });
  const { started, output: written, replayed, ended, began, remark } = output;
  const planned: Shown["planned"] = (plan) => {
    progress.planned(plan);
    output.planned(plan);
  };
  let isOver = false;
  const end = (): void => {
    if (!isOver) live?.end();
    isOver = true;
  };
  const show: Shown = { planned, started, output: written, replayed, ended, began, remark };
  return { show, end, finish: (result: Parameters<BuildOutput["finish"]>[0]) => output.finish(result) };
}

export async function execute(io: Io, given: readonly string[], flags: BuildFlags): Promise<void> {
  const builds = await loadBuilds();
  const server = (root: string) => serverOf(io, root);
  const ground = { env: io.env, from: resolve(io.cwd, flags.project ?? "."), log: logOf(io), server };
  const request = { ...scopeOf(flags), tasks: taskNames(given, flags, argumentsOf(process.argv).length) };
  if (flags.graph !== undefined && flags.graph !== false)
    return graph(io, { into: flags.graph, isJson: flags.json === true }, await builds.drawnGraph(ground, request));
  if (flags.dry !== undefined && flags.dry !== false)
    return dry(io, flags, await builds.dryLocalBuild(ground, request, flags.force === true));
  const began = performance.now();
  const timeline = builds.timeline(() => performance.now() - began);
  const { show, finish, end: endProgress } = shownBy(io, flags, timeline);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupt);
  try {
    const continuing = flags.continue === true ? "always" : (flags.continue ?? "never");
    const concurrency = concurrencyOf(flags.concurrency);
    const end = await builds.localBuild(ground, {
      request,
      continuing,
      concurrency,
      force: flags.force === true,
      show,
      signal: stop.signal,
    });
    endProgress();
    if (!end.ok)
      throw end.error.code === "invalid_config" || end.error.code === "bad_request"
        ? new CliError(exitCodes.misused, end.error)
        : failed(end.error);
    const { id, status, tasks, elapsedMs } = end.value;
    if (flags.profile !== undefined)
      await writeFile(resolve(io.cwd, flags.profile), `${JSON.stringify(timeline.trace())}\n`);
    if (flags.summarize !== undefined)
      await summarize(
        io,
        flags,
        timeline.summary({ id, status, command: `sluice build ${given.join(" ")}`.trim(), elapsedMs, tasks }),
      );
    if (flags.json === true) io.print(JSON.stringify({ id, status, tasks: tasks.map(shownTask) }));
    else finish(end.value);
    if (status === "completed") return;
    throw new CliError(
      status === "cancelled" ? interruptedCode : exitCodes.failed,
      { code: "workflow_failed", message: "The build did not complete." },
      true,
    );
  } finally {
    endProgress();
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}

/** A task as `--json` has it. */
export function shownTask({ id, status, cache, hash, durationMs }: EndedTask) {
  return { id, status, cache, hash, durationMs };
}

export function scopeOf(flags: BuildFlags): Omit<BuildRequest, "tasks"> {
  return {
    filters: flags.filter ?? [],
    affected: affectedBase(flags.affected),
    only: flags.only === true,
    args: argumentsOf(process.argv),
    envMode: flags.envMode,
    shard: shardOf(flags.shard),
  };
}

async function graph(
  io: Io,
  { into, isJson }: { readonly into: string | true; readonly isJson: boolean },
  drawn: Awaited<ReturnType<Builds["drawnGraph"]>>,
): Promise<void> {
  if (!drawn.ok) throw new CliError(exitCodes.misused, drawn.error);
  const { dot, html, tasks } = drawn.value;
  if (isJson) io.print(JSON.stringify({ tasks }));
  else if (into === true) io.stdout.write(dot);
  else if (/\.html?$/.test(into)) await writeFile(resolve(io.cwd, into), html);
  else if (/\.(?:dot|gv)$/.test(into)) await writeFile(resolve(io.cwd, into), dot);
  else throw misused(`${into} is neither a .dot nor a .html file.`);
}

type DryResult = Awaited<ReturnType<Builds["dryLocalBuild"]>>;

function dry(io: Io, flags: BuildFlags, result: DryResult): void {
  if (!result.ok) throw new CliError(exitCodes.misused, result.error);
  if (flags.dry === "json" || flags.json === true) {
    io.print(JSON.stringify(result.value, null, 2));
    return;
  }
  if (flags.dry !== true && flags.dry !== "text") throw misused(`--dry takes json, not ${String(flags.dry)}.`);
  for (const { taskId, hash, cache, command } of (result.value as { readonly tasks: readonly DryTask[] }).tasks) {
    io.print(`${taskId}  ${hash.slice(0, 16)}  ${cache.status === "HIT" ? "hit" : "to be executed"}  ${command}`);
  }
}

interface DryTask {
  readonly taskId: string;
  readonly hash: string;
  readonly command: string;
  readonly cache: { readonly status: string };
}

export async function affected(io: Io, flags: BuildFlags): Promise<void> {
  const { affectedLocally } = await loadBuilds();
  const ground = { env: io.env, from: resolve(io.cwd, flags.project ?? "."), log: logOf(io) };
  const found = await affectedLocally(ground, {
    ...scopeOf(flags),
    tasks: [],
    affected: affectedBase(flags.affected ?? true),
  });
  if (!found.ok) throw new CliError(exitCodes.misused, found.error);
  if (flags.json === true) io.print(JSON.stringify({ packages: found.value }));
  else for (const name of found.value) io.print(name);
}

export async function explained(io: Io, task: string, flags: BuildFlags): Promise<void> {
  const { changeText, explainLocalBuild } = await loadBuilds();
  const ground = { env: io.env, from: resolve(io.cwd, flags.project ?? "."), log: logOf(io) };
  const told = await explainLocalBuild(ground, task);
  if (!told.ok) throw new CliError(exitCodes.misused, told.error);
  if (flags.json === true) {
    io.print(JSON.stringify(told.value));
    return;
  }
  const { isHit, waitsFor, comparedWithMs, changes, hash, flakes } = told.value;
  io.print(isHit ? `${task} is up to date or in the cache (${hash.slice(0, 16)}).` : `${task} has to be executed.`);
  for (const other of waitsFor) io.print(`  ${other} has to be executed first.`);
  if (comparedWithMs === null) io.print("  There is no earlier key of it to compare with.");
  else {
    const when = new Date(comparedWithMs).toISOString();
    if (changes.length > 0)
      io.print(isHit ? `It had to be executed, since compared with ${when}:` : `Compared with ${when}:`);
    for (const change of changes) io.print(`  ${changeText(change)}`);
  }
  const [flake] = flakes;
  if (flake === undefined) return;
  const at = new Date(flake.atMs).toISOString();
  io.print(`It was flaky ${flakes.length === 1 ? "once" : `${flakes.length} times`}, at ${at} last: ${flake.why}.`);
}

async function summarize(io: Io, flags: BuildFlags, summary: object): Promise<void> {
  const from = resolve(io.cwd, flags.project ?? ".");
  const { summaryFile } = await loadBuilds();
  const file = typeof flags.summarize === "string" ? resolve(io.cwd, flags.summarize) : summaryFile(from);
  await writeFile(file, `${JSON.stringify(summary, null, 2)}\n`);
}

export function logOf(io: Io): (level: string, message: string, fields?: Readonly<Record<string, unknown>>) => void {
  return (level, message, fields) => {
    if (level === "warn" || level === "error")
      io.complain(`sluice: ${message}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`);
  };
}
