// Packages of workspaces as the package managers write them.
import { afterEach, describe, expect, test } from "bun:test";
import { Rig, testFiles } from "../rig.suite.ts";
import type { Tree } from "../rig.suite.ts";
import { ConfigFault, ConfigValue } from "./config-file.ts";
import type { ManagerName } from "./package.ts";
import { findLockfile, findRoot, foldersOf, lockfiles, managerOf, readPackages } from "./packages.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

function rootOf(tree: Tree): string {
  const rig = new Rig(tree);
  rigs.push(rig);
  return rig.root;
}

function said(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof ConfigFault) return error.message;
    throw error;
  }
  return "nothing";
}

const pkg = (name: string): object => ({ name, scripts: { build: "true" } });

describe("the packages", () => {
  test.each([
    ["npm and bun as a list", { "package.json": { name: "r", workspaces: ["packages/*", "!packages/old"] } }],
    ["yarn as an object", { "package.json": { name: "r", workspaces: { packages: ["packages/*", "!packages/old"] } } }],
    [
      "pnpm in its own file",
      { "package.json": { name: "r" }, "pnpm-workspace.yaml": "packages:\n  - packages/*\n  - '!packages/old'\n" },
    ],
  ])("are found where %s names them", (_who, root) => {
    const folder = rootOf({
      ...(root as Tree),
      "packages/a/package.json": pkg("a"),
      "packages/old/package.json": pkg("old"),
      "packages/none/x": "",
      "other/package.json": pkg("other"),
    });
    expect([...readPackages(testFiles, folder).packages.keys()]).toEqual(["//", "a"]);
  });

  test("are found at any depth, but not among what is installed", () => {
    const folder = rootOf({
      "package.json": { name: "r" },
      "apps/a/b/package.json": pkg("b"),
      "apps/node_modules/c/package.json": pkg("c"),
    });
    expect(foldersOf(testFiles, folder, ["apps/**"])).toEqual(["apps/a/b"]);
  });

  test("without a name, or with one that is taken, are named", () => {
    const root = { "package.json": { name: "r", workspaces: ["packages/*"] } };
    expect(said(() => readPackages(testFiles, rootOf({ ...root, "packages/a/package.json": {} })))).toBe(
      "packages/a/package.json:1: name is missing: a package of a workspace needs one.",
    );
    const twice = rootOf({ ...root, "packages/a/package.json": pkg("x"), "packages/b/package.json": pkg("x") });
    expect(said(() => readPackages(testFiles, twice))).toBe(
      "packages/b/package.json:2: name is x, as that of packages/a/package.json is: a name belongs to one package.",
    );
  });

  test("say which of their scripts is no text", () => {
    const folder = rootOf({ "package.json": { name: "r", scripts: { build: 3 } } });
    expect(said(() => readPackages(testFiles, folder))).toBe("package.json:4: scripts.build is not a text.");
  });
});

test("the root is the nearest folder with workspaces, else the nearest package", () => {
  const folder = rootOf({
    "package.json": { name: "r", workspaces: ["a"] },
    "a/package.json": pkg("a"),
    "a/src/x": "",
  });
  expect(findRoot(testFiles, `${folder}/a/src`)).toBe(folder);
  const alone = rootOf({ "package.json": { name: "r" }, "src/x": "" });
  expect(findRoot(testFiles, `${alone}/src`)).toBe(alone);
});

describe("the package manager", () => {
  const manifest = (packageManager?: string): ConfigValue => {
    const value = packageManager === undefined ? {} : { packageManager };
    return new ConfigValue({ file: "package.json", text: JSON.stringify(value), value });
  };

  const names: readonly [string, ManagerName, string][] = [
    ["pnpm@9.1.0", "pnpm", "9.1.0"],
    ["yarn@1.22.0", "yarn", "1.22.0"],
    ["yarn@4.0.1+sha256.abc", "berry", "4.0.1"],
  ];
  test.each(names)("is %s where that is said", (text, name, version) => {
    expect(managerOf(manifest(text), { lockfile: undefined, lockText: undefined })).toEqual({ name, version });
  });

  test("is that of the lockfile otherwise", () => {
    for (const [lockfile, name] of lockfiles) expect(managerOf(manifest(), { lockfile, lockText: "" }).name).toBe(name);
    expect(managerOf(manifest(), { lockfile: "yarn.lock", lockText: "__metadata:\n" }).name).toBe("berry");
    expect(findLockfile(testFiles, rootOf({ "bun.lock": "{}" }))).toBe("bun.lock");
    const both = rootOf({ "bun.lock": "{}", "package-lock.json": "{}" });
    expect(findLockfile(testFiles, both, manifest("bun@1.2.0"))).toBe("bun.lock");
  });

  test("that is written otherwise is named", () => {
    expect(said(() => managerOf(manifest("npm"), { lockfile: undefined, lockText: undefined }))).toBe(
      'package.json:1: packageManager is "npm"; it is written as npm@10.2.0.',
    );
  });
});
