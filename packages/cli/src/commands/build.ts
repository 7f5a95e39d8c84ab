// `sluice build`: the tasks of a workspace in the order of their graph, what has not changed from the cache.
import { Option } from "commander";
import type { Command } from "commander";
import { affected, execute, explained } from "../build/execute.ts";
import type { BuildFlags } from "../build/flags.ts";
import type { Io } from "../io.ts";
import { collect } from "./repeated-option.ts";

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
  scopeOptions(build.command("watch"))
    .description("Build, and again what changed whenever something does; what lasts for ever is kept running")
    .argument("[tasks...]", "names of tasks (default: build)")
    .option("--concurrency <n>", "tasks at once, such as 4 or 50%")
    .option("--json", "print a line of JSON after each build, and nothing else")
    .addHelpText("after", "\nExample:\n  sluice build watch dev\n")
    .action(async (tasks: string[], flags: BuildFlags) => (await import("../build/watch.ts")).watch(io, tasks, flags));
  build
    .command("explain")
    .description("Why a task has to be executed, or had to be the last time")
    .argument("<task>", "such as app#build")
    .option("--project <dir>", "a folder in the workspace (default: this folder)")
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  sluice build explain app#build\n")
    .action((task: string, flags: BuildFlags) => explained(io, task, flags));
}
