// `sluice build`: the tasks of a workspace in the order of their graph, what has not changed from the cache.
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Option } from "commander";
import type { Command } from "commander";
import { BuildOutput } from "../build/output.ts";
import { affectedBase, argumentsOf, concurrencyOf, shardOf, taskNames } from "../build/flags.ts";
import type { BuildFlags } from "../build/flags.ts";
import { CliError, exitCodes, failed, misused } from "../io.ts";
import type { Io } from "../io.ts";
import { serverOf } from "../build/server.ts";
import { collect } from "./repeated-option.ts";

/** Loaded where somebody builds. */
async function loadBuilds() {
  return import("@sluice/server/builds");
}

type Builds = Awaited<ReturnType<typeof loadBuilds>>;
type BuildRequest = Parameters<Builds["dryLocalBuild"]>[1];

const interruptedCode = 130;

export function addBuildCommands(program: Command, io: Io): void {
  const build = program
    .command("build")
    .description("Build the packages of a workspace: what has not changed comes from the cache")
    .exitOverride()
    .showHelpAfterError("(add --help for the options and an example)")
    .argument("[tasks...]", "names of tasks, such as build, or app#build (default: build)")
    .option("--json", "print one line of JSON at the end")
    .option("--force", "execute everything, whatever the cache has")
    .option("--dry [format]", "say what would be done; json is the form of turbo run --dry=json")
    .option("--graph [file]", "print the task graph for Graphviz, or write it: FILE.dot, FILE.html")
    .addOption(
      new Option("--continue [when]", "go on after a failure")
        .choices(["never", "dependencies-successful", "always"])
        .preset("always"),
    )
    .option("--concurrency <n>", "tasks at once, such as 4 or 50% (default: as many as there are processors)")
    .option("--shard <i/n>", "only the i-th of n parts of the packages, such as 1/3")
    .option("--profile <file>", "write when what ran, for viewers of Chrome's traces")
    .option("--summarize [file]", "write what was done (default: .sluice/builds/summary.json)")
    .addOption(
      new Option("--ui <mode>", "each task's output after it has ended, or lines as they come").choices([
        "grouped",
        "stream",
      ]),
    )
    .addOption(
      new Option("--output-logs <mode>", "whose output is shown").choices([
        "full",
        "new-only",
        "errors-only",
        "hash-only",
        "none",
      ]),
    );
  scopeOptions(build)
    .addHelpText("after", "\nExample:\n  sluice build\n  sluice build lint test --filter '...[main]'\n")
    .action((tasks: string[], flags: BuildFlags) => execute(io, tasks, flags));
  addQuestions(build, io);
}

/** What says which tasks are meant. */
function scopeOptions(command: Command): Command {
  return command
    .option("--project <dir>", "a folder in the workspace (default: this folder)")
    .option("--task <name>", "a task that is called like a command; may be repeated", collect)
    .option("--filter <packages>", "only these, in Turborepo's syntax; may be repeated", collect)
    .option("--affected [base]", "only what changed since a base by git, and what depends on it (default: main)")
    .option("--only", "without what the tasks depend on")
    .addOption(new Option("--env-mode <mode>", "whether tasks get undeclared variables").choices(["strict", "loose"]))
    .passThroughOptions(false);
}

function addQuestions(build: Command, io: Io): void {
  scopeOptions(build.command("graph"))
    .description("The task graph for Graphviz")
    .argument("[tasks...]", "names of tasks (default: build)")
    .option("--json", "print the tasks and what they depend on as JSON")
    .addHelpText("after", "\nExample:\n  sluice build graph | dot -Tsvg > graph.svg\n")
    .action((tasks: string[], flags: BuildFlags) => execute(io, tasks, { ...flags, graph: true }));
  scopeOptions(build.command("affected"))
    .description("Packages with something that changed by git, and what depends on them")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sluice build affected --affected main\n")
    .action((flags: BuildFlags) => affected(io, flags));
  build
    .command("explain")
    .description("Why a task has to be executed, or had to be the last time")
    .argument("<task>", "such as app#build")
    .option("--project <dir>", "a folder in the workspace (default: this folder)")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sluice build explain app#build\n")
    .action((task: string, flags: BuildFlags) => explained(io, task, flags));
}

async function execute(io: Io, given: readonly string[], flags: BuildFlags): Promise<void> {
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
  const output = new BuildOutput(io, {
    isStream: flags.ui === "stream",
    logs: flags.outputLogs,
    isQuiet: flags.json === true,
    timeline,
  });
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
      show: output,
      signal: stop.signal,
    });
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
    if (flags.json === true)
      io.print(
        JSON.stringify({
          id,
          status,
          tasks: tasks.map(({ id: task, status: how, cache, hash, durationMs }) => ({
            id: task,
            status: how,
            cache,
            hash,
            durationMs,
          })),
        }),
      );
    else output.finish(end.value);
    if (status === "completed") return;
    throw new CliError(
      status === "cancelled" ? interruptedCode : exitCodes.failed,
      { code: "workflow_failed", message: "The build did not complete." },
      true,
    );
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, interrupt);
  }
}

function scopeOf(flags: BuildFlags): Omit<BuildRequest, "tasks"> {
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

async function affected(io: Io, flags: BuildFlags): Promise<void> {
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

async function explained(io: Io, task: string, flags: BuildFlags): Promise<void> {
  const { changeText, explainLocalBuild } = await loadBuilds();
  const ground = { env: io.env, from: resolve(io.cwd, flags.project ?? "."), log: logOf(io) };
  const told = await explainLocalBuild(ground, task);
  if (!told.ok) throw new CliError(exitCodes.misused, told.error);
  if (flags.json === true) {
    io.print(JSON.stringify(told.value));
    return;
  }
  const { isHit, waitsFor, comparedWithMs, changes, hash } = told.value;
  io.print(isHit ? `${task} is up to date or in the cache (${hash.slice(0, 16)}).` : `${task} has to be executed.`);
  for (const other of waitsFor) io.print(`  ${other} has to be executed first.`);
  if (comparedWithMs === null) io.print("  There is no earlier key of it to compare with.");
  else {
    const when = new Date(comparedWithMs).toISOString();
    if (changes.length > 0)
      io.print(isHit ? `It had to be executed, since compared with ${when}:` : `Compared with ${when}:`);
    for (const change of changes) io.print(`  ${changeText(change)}`);
  }
}

async function summarize(io: Io, flags: BuildFlags, summary: object): Promise<void> {
  const from = resolve(io.cwd, flags.project ?? ".");
  const { summaryFile } = await loadBuilds();
  const file = typeof flags.summarize === "string" ? resolve(io.cwd, flags.summarize) : summaryFile(from);
  await writeFile(file, `${JSON.stringify(summary, null, 2)}\n`);
}

function logOf(io: Io): (level: string, message: string, fields?: Readonly<Record<string, unknown>>) => void {
  return (level, message, fields) => {
    if (level === "warn" || level === "error")
      io.complain(`sluice: ${message}${fields === undefined ? "" : ` ${JSON.stringify(fields)}`}`);
  };
}
