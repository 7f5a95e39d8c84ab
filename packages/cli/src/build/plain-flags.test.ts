// The usual arguments of `sluice build`, held against the library that reads all of them.
import { describe, expect, test } from "bun:test";
import { Command } from "commander";
import { addBuildCommands } from "../commands/build.ts";
import { plainBuild } from "./plain-flags.ts";
import type { Io } from "../io.ts";

/** What the library makes of arguments. */
function byLibrary(args: readonly string[]): { readonly tasks: readonly string[]; readonly flags: object } {
  const program = new Command();
  addBuildCommands(program, {} as Io);
  const build = program.commands.find((each) => each.name() === "build");
  if (build === undefined) throw new Error("It is there.");
  let read: { tasks: readonly string[]; flags: object } | undefined;
  build.action((tasks: string[], flags: object) => void (read = { tasks, flags }));
  program.parse(["node", "sluice", "build", ...args]);
  if (read === undefined) throw new Error("It was not called.");
  return { tasks: read.tasks, flags: { ...read.flags } };
}

describe("arguments of a build", () => {
  test.each([
    [[]],
    [["lint", "app#test", "--json"]],
    [["--filter", "a", "build", "--filter=b", "--task", "graph"]],
    [["--concurrency", "50%", "--ui", "stream", "--output-logs=none", "--force", "--only"]],
    [["--project", "x", "--shard", "1/2"]],
  ])("%j are read as the library reads them", (args) => {
    expect(plainBuild(args)).toEqual(byLibrary(args) as ReturnType<typeof plainBuild>);
  });

  test.each([
    [["graph"]],
    [["watch", "dev"]],
    [["--help"]],
    [["--dry=json"]],
    [["--affected"]],
    [["build", "--", "x"]],
    [["--filter"]],
    [["--filter", "--json"]],
    [["--ui", "other"]],
    [["-x"]],
  ])("%j are left to the library", (args) => {
    expect(plainBuild(args)).toBeUndefined();
  });
});
