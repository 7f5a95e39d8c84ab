// What nx.json and project.json say of tasks, and builds by it.
import { afterEach, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Rig, testFiles } from "../rig.suite.ts";
import type { Tree } from "../rig.suite.ts";
import type { TaskDefinition } from "./package.ts";
import { readWorkspace } from "./workspace.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

const tree: Tree = {
  "package.json": { name: "shop", workspaces: ["packages/*"], packageManager: "npm@10.2.0" },
  "nx.json": {
    namedInputs: {
      default: ["{projectRoot}/**/*", "sharedGlobals"],
      sharedGlobals: ["{workspaceRoot}/shared.txt"],
      production: ["default", "!{projectRoot}/**/*.spec.js"],
    },
    targetDefaults: {
      build: {
        dependsOn: ["^build"],
        inputs: ["production", "^production"],
        outputs: ["{projectRoot}/dist"],
        cache: true,
      },
      "nx:run-commands": { cache: false },
    },
  },
  "shared.txt": "shared",
  ".gitignore": "dist\nout\n",
  "packages/lib/package.json": {
    name: "@shop/lib",
    version: "1.0.0",
    exports: "./src/a.js",
    scripts: { build: "mkdir -p dist && cat src/*.js > dist/out.js", own: "echo own" },
  },
  "packages/lib/src/a.js": "a\n",
  "packages/lib/src/a.spec.js": "spec\n",
  "packages/app/package.json": { name: "@shop/app", version: "1.0.0", dependencies: { "@shop/lib": "*" } },
  "packages/app/project.json": {
    name: "app",
    targets: {
      build: {
        executor: "nx:run-commands",
        cache: true,
        dependsOn: ["^build", { target: "own", projects: ["@shop/lib"] }],
        inputs: ["production", "^production", { env: "MINE" }, { runtime: "cat version.txt" }],
        outputs: ["{workspaceRoot}/out/{projectRoot}", "{options.missing}"],
        options: {
          commands: ["mkdir -p out/{projectRoot}", "cat {projectRoot}/src/b.js > out/{projectRoot}/b.js"],
          parallel: false,
        },
      },
      both: {
        executor: "nx:run-commands",
        options: { commands: ["sleep 0.1; exit 3", { command: "echo two" }], cwd: "{projectRoot}" },
      },
      say: { command: "echo {projectName} in {projectRoot}" },
      again: { executor: "nx:run-script", options: { script: "own" } },
      bundle: { executor: "@nx/vite:build", options: {} },
      serve: { command: "serve", continuous: true },
      none: { executor: "nx:noop", dependsOn: ["lib:own", "self:x"] },
    },
  },
  "packages/app/src/b.js": "b\n",
  "version.txt": "1",
  "tools/gen/project.json": { name: "gen", implicitDependencies: ["app"], targets: { make: { command: "true" } } },
};

function rigOf(more: Tree = {}): Rig {
  const rig = new Rig({
    ...tree,
    "packages/app/package.json": {
      name: "@shop/app",
      version: "1.0.0",
      dependencies: { "@shop/lib": "*" },
      scripts: { own: "echo mine" },
    },
    ...more,
  });
  rigs.push(rig);
  return rig;
}

function definitionIn(more: Tree = {}): (id: string) => TaskDefinition | undefined {
  const read = readWorkspace(testFiles, rigOf(more).root);
  if (!read.ok) throw new Error(read.error.message);
  const { packages, rules } = read.value;
  return (id) => {
    const at = id.lastIndexOf("#");
    const pkg = packages.get(id.slice(0, at));
    return pkg === undefined ? undefined : rules.definitionOf(pkg, id.slice(at + 1));
  };
}

describe("nx.json", () => {
  test("has defaults for targets; a project's own words stand before them, and scripts are targets too", () => {
    const of = definitionIn();
    expect(of("@shop/lib#build")).toMatchObject({
      dependsOn: ["^build"],
      outputs: ["packages/lib/dist"],
      isRootedOutputs: true,
      cache: true,
    });
    expect(of("@shop/lib#own")).toMatchObject({ cache: false, dependsOn: [] });
    expect(of("app#build")).toMatchObject({
      dependsOn: ["^build", "@shop/lib#own"],
      outputs: ["out/packages/app"],
      cache: true,
    });
    expect(of("@shop/lib#say")).toBeUndefined();
  });

  test("names inputs of a project and of what it depends on", () => {
    expect(definitionIn()("app#build")).toMatchObject({
      inputs: [
        "$TURBO_DEFAULT$",
        "$TURBO_ROOT$/shared.txt",
        "!**/*.spec.js",
        "$TURBO_ROOT$/packages/lib/**/*",
        "$TURBO_ROOT$/shared.txt",
        "!$TURBO_ROOT$/packages/lib/**/*.spec.js",
      ],
      env: ["MINE"],
      runtime: ["cat version.txt"],
    });
  });

  test("knows what executors do: commands one after the other or together, scripts, nothing, and those that Nx has to run", () => {
    const of = definitionIn();
    expect(of("app#build")?.command?.text).toBe(
      "mkdir -p out/packages/app && cat packages/app/src/b.js > out/packages/app/b.js",
    );
    expect(of("app#both")?.command).toMatchObject({
      folder: "packages/app",
      text: expect.stringContaining("wait $p1"),
    });
    expect(of("app#say")?.command).toMatchObject({ text: "echo app in packages/app", folder: "" });
    expect(of("app#again")).toMatchObject({ script: "own" });
    expect(of("app#bundle")?.command?.text).toBe("nx run app:bundle --skip-nx-cache --exclude-task-dependencies");
    expect(of("app#serve")).toMatchObject({ persistent: true, cache: false });
    expect(of("app#none")).toMatchObject({ script: "" });
  });

  const wrong: readonly (readonly [Tree, RegExp])[] = [
    [{ "nx.json": { targetDefaults: [] } }, /^nx\.json: targetDefaults is a list/],
    [
      { "nx.json": { targetDefaults: { build: { input: [] } } } },
      /^nx\.json:4: targetDefaults\.build\.input is not known here/,
    ],
    [
      { "nx.json": { targetDefaults: { build: { inputs: ["nobody"] } } } },
      /^nx\.json:5: targetDefaults\.build\.inputs\.0 is "nobody", and namedInputs has no such name/,
    ],
    [
      { "nx.json": { namedInputs: { a: ["b"], b: ["a"] }, targetDefaults: { build: { inputs: ["a"] } } } },
      /^nx\.json:\d: namedInputs\.a means itself/,
    ],
    [{ "nx.json": '{\n  "targetDefaults": { x }\n}' }, /^nx\.json:2: is not JSON/],
    [
      { "packages/app/project.json": { targets: { x: { executor: "nx:run-commands" } } } },
      /^packages\/app\/project\.json:4: targets\.x\.executor needs options/,
    ],
    [
      { "packages/app/project.json": { targets: { x: { command: "a", outputs: ["../x"] } } } },
      /targets\.x\.outputs\.0 is "\.\.\/x", which leads out/,
    ],
    [
      {
        "packages/app/project.json": {
          targets: { x: { command: "a", dependsOn: [{ projects: ["zz"], target: "y" }] } },
        },
      },
      /dependsOn\.0\.projects names zz/,
    ],
    [
      { "tools/gen/project.json": { name: "app" } },
      /^tools\/gen\/project\.json:2: name is app, as that of packages\/app\/project\.json is/,
    ],
  ];
  test.each(wrong)("that is wrong is named with file, line and key: %j", (more, message) => {
    const app = "nx.json" in more ? { "packages/app/project.json": {} } : {};
    expect(() => definitionIn({ ...app, ...more })).toThrow(message);
  });
});

describe("a build by nx.json", () => {
  test("leaves what targets leave, also outside of the project, and takes it from the cache", async () => {
    const rig = rigOf();
    const env = { ...process.env, MINE: "1" };
    const first = await rig.build({ env });
    expect(first.executed.toSorted()).toEqual(["@shop/lib#build", "@shop/lib#own", "app#build"]);
    expect(readFileSync(join(rig.root, "out/packages/app/b.js"), "utf8")).toBe("b\n");
    expect((await rig.build({ env })).executed).toEqual(["@shop/lib#own"]);
    expect((await rig.build({ env: { ...env, MINE: "2" } })).executed).toContain("app#build");
    rig.write({ "version.txt": "2" });
    expect((await rig.build({ env })).executed).toContain("app#build");
    rig.write({ "packages/lib/src/a.spec.js": "other\n" });
    expect((await rig.build({ env })).of["@shop/lib#build"]?.cache).toBe("hit");
    rig.write({ "packages/lib/src/a.js": "other\n" });
    expect((await rig.build({ env })).executed).toContain("app#build");
  });

  test("fails with the first of several commands at once that failed", async () => {
    const built = await rigOf().build({ tasks: ["app#both", "app#say"], continuing: "always" });
    expect(built.of["app#both"]).toMatchObject({ status: "failed", exitCode: 3 });
    expect([built.logs["app#both"], built.logs["app#say"]]).toEqual(["two\n", "app in packages/app\n"]);
  });

  test("knows projects without a package.json, and what they depend on", async () => {
    const plan = await rigOf().plan({ filters: ["...@shop/lib"], tasks: ["make"] });
    plan.records.close();
    expect([...plan.selected].toSorted()).toEqual(["@shop/lib", "app", "gen"]);
    expect([...plan.graph.tasks.keys()]).toEqual(["gen#make"]);
  });
});
