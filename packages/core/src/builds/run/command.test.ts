// How scripts become processes, held against what npm itself does.
import { afterEach, describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { packageOf } from "../graph/fixture.suite.ts";
import { plainTask } from "../workspace/package.ts";
import type { Package, PackageManager, TaskDefinition } from "../workspace/package.ts";
import { Rig } from "../rig.suite.ts";
import { commandOf, quoted, scriptEnvironment, scriptsOf } from "./command.ts";

const nodeOf = (pkg: Package, task: string, more: Partial<TaskDefinition> = {}) => ({
  package: pkg,
  task,
  definition: { ...plainTask, ...more },
});

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

describe("a script", () => {
  const pkg = packageOf("a", [], { prebuild: "1", build: "2", postbuild: "3", test: "4" });

  const meanings: readonly [PackageManager["name"], string, readonly string[]][] = [
    ["npm", "10.0.0", ["prebuild", "build", "postbuild"]],
    ["yarn", "1.22.0", ["prebuild", "build", "postbuild"]],
    ["bun", "1.2.0", ["prebuild", "build", "postbuild"]],
    ["pnpm", "9.0.0", ["prebuild", "build", "postbuild"]],
    ["pnpm", "8.9.0", ["build"]],
    ["berry", "4.0.0", ["build"]],
  ];
  test.each(meanings)("of %s %s means %j", (name, version, events) => {
    expect(scriptsOf(nodeOf(pkg, "build"), { name, version }).map(({ event }) => event)).toEqual([...events]);
    expect(scriptsOf(nodeOf(pkg, "test"), { name, version }).map(({ event }) => event)).toEqual(["test"]);
    expect(scriptsOf(nodeOf(pkg, "none"), { name, version })).toEqual([]);
    const other = scriptsOf(nodeOf(pkg, "task", { script: "build" }), { name, version });
    expect(other.map(({ event }) => event)).toEqual([...events]);
    const own = nodeOf(pkg, "build", { command: { text: "do it", folder: "" } });
    expect(scriptsOf(own, { name, version })).toEqual([{ event: "build", text: "do it" }]);
  });

  test.each([
    ["tsc -p tsconfig.json", [], ["tsc", "-p", "tsconfig.json"]],
    ["node  a.js", ["it's"], ["node", "a.js", "it's"]],
    ["tool --define:a=b", [], ["tool", "--define:a=b"]],
    ["cat src/*.ts", [], ["sh", "-c", "cat src/*.ts"]],
    ["A=1 tool", [], ["sh", "-c", "A=1 tool"]],
    ["tool > out", ["a b"], ["sh", "-c", "tool > out 'a b'"]],
    ["cd x", [], ["sh", "-c", "cd x"]],
    ["echo ~", [], ["sh", "-c", "echo ~"]],
    ["tool $HOME", [], ["sh", "-c", "tool $HOME"]],
    ["", [], ["sh", "-c", ""]],
  ])("%j with %j is %j", (text, args, command) => {
    expect(commandOf(text, args)).toEqual(command);
  });

  test("gets its arguments as they are through a shell", () => {
    const args = ["it's", 'a "b" $HOME `x`', "\\", "", "a\nb", "*"];
    const shown = spawnSync(
      "sh",
      ["-c", `for each in ${args.map(quoted).join(" ")}; do printf '%s\\0' "$each"; done`],
      { encoding: "utf8" },
    );
    expect(shown.stdout.split("\0").slice(0, -1)).toEqual(args);
  });
});

test("a script has the variables that npm gives it", () => {
  const names = [
    "npm_lifecycle_event",
    "npm_lifecycle_script",
    "npm_package_name",
    "npm_package_version",
    "npm_package_json",
    "npm_command",
    "INIT_CWD",
  ];
  const text = names.map((name) => `echo "${name}=$${name}"`).join("; ");
  const rig = new Rig({ "package.json": { name: "one", version: "1.2.3", scripts: { show: text } } });
  rigs.push(rig);
  const version = spawnSync("npm", ["--version"], { encoding: "utf8" }).stdout.trim();
  const byNpm = spawnSync("npm", ["run", "--silent", "show"], { cwd: rig.root, encoding: "utf8" }).stdout;
  const pkg = { ...packageOf("//"), ownName: "one", version: "1.2.3" };
  const env = scriptEnvironment({
    root: rig.root,
    manager: { name: "npm", version },
    pkg,
    script: { event: "show", text },
    env: { PATH: process.env["PATH"] ?? "" },
    startedIn: rig.root,
    node: undefined,
  });
  const ours = spawnSync("sh", ["-c", text], { cwd: rig.root, encoding: "utf8", env }).stdout;
  expect(ours).toBe(byNpm);
  expect(env["PATH"]).toStartWith(`${rig.root}/node_modules/.bin:`);
});
