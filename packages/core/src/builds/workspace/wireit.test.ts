// What wireit blocks say of tasks, and builds by them.
import { afterEach, describe, expect, test } from "bun:test";
import { Rig, testFiles } from "../rig.suite.ts";
import type { Tree } from "../rig.suite.ts";
import { readWorkspace } from "./workspace.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

const pkg = (name: string, wireit: object, more: object = {}): object => ({
  name,
  version: "1.0.0",
  scripts: { build: "wireit", check: "wireit", plain: "echo plain" },
  wireit,
  ...more,
});

const tree: Tree = {
  "package.json": { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" },
  "packages/lib/package.json": pkg("lib", {
    build: { command: "mkdir -p dist && cat src/* > dist/out", files: ["src/**"], output: ["dist/**"] },
    serve: { command: "serve", service: { readyWhen: { lineMatches: "ready" } } },
  }),
  "packages/lib/src/a": "a\n",
  ".gitignore": "dist\n",
  "packages/app/package.json": pkg("app", {
    build: {
      command: "echo $SET$FROM$OTHER; mkdir -p dist && cat ../lib/dist/out > dist/out",
      dependencies: ["../lib:build", { script: "plain" }],
      files: [],
      output: ["dist/**"],
      env: { SET: "set", FROM: { external: true } },
    },
    check: { dependencies: ["build"] },
  }),
};

function rigOf(more: Tree = {}): Rig {
  const rig = new Rig({ ...tree, ...more });
  rigs.push(rig);
  return rig;
}

describe("a wireit block", () => {
  test("says what a script does, after what, and what it reads and leaves", async () => {
    const rig = rigOf();
    const env = { ...process.env, FROM: "-from", OTHER: "-other" };
    const first = await rig.build({ tasks: ["app#check"], env });
    expect(first.executed.toSorted()).toEqual(["app#build", "app#plain", "lib#build"]);
    expect(first.logs["app#build"]).toBe("set-from\n");
    expect((await rig.build({ tasks: ["app#check"], env })).executed).toEqual(["app#plain"]);
    rig.write({ "packages/lib/README.md": "no input" });
    expect((await rig.build({ tasks: ["lib#build"], env })).executed).toEqual([]);
    rig.write({ "packages/lib/src/a": "other\n" });
    expect((await rig.build({ tasks: ["app#build"], env })).executed.toSorted()).toEqual([
      "app#build",
      "app#plain",
      "lib#build",
    ]);
  });

  test("makes a service last for ever, there when it has said so", () => {
    const read = readWorkspace(testFiles, rigOf().root);
    if (!read.ok) throw new Error(read.error.message);
    const lib = read.value.packages.get("lib");
    if (lib === undefined) throw new Error("It is there.");
    expect(read.value.rules.definitionOf(lib, "serve")).toMatchObject({
      persistent: true,
      cache: false,
      readyWhen: { line: "ready" },
    });
    expect(read.value.rules.source).toBe("wireit");
  });

  test.each([
    [{ build: { comand: "x" } }, /^packages\/app\/package\.json:11: wireit\.build\.comand is not known here/],
    [
      { build: { dependencies: ["../nobody:build"] } },
      /wireit\.build\.dependencies\.0 is "\.\.\/nobody:build", where there is no package/,
    ],
    [{ build: { dependencies: "lint" } }, /wireit\.build\.dependencies is not a list/],
    [{ build: { command: 3 } }, /wireit\.build\.command is not a text/],
  ])("that is wrong is named with file, line and key: %j", (wireit, message) => {
    const read = readWorkspace(testFiles, rigOf({ "packages/app/package.json": pkg("app", wireit) }).root);
    expect(read.ok ? "" : read.error.message).toMatch(message);
  });
});
