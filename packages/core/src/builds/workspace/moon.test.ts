// What moon's files say of tasks, and builds by them.
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
  "package.json": { name: "shop", packageManager: "npm@10.2.0" },
  ".moon/workspace.yml": "projects:\n  sources:\n    tool: tools/tool\n  globs:\n    - packages/*\n",
  ".moon/tasks.yml": `fileGroups:
  sources: ["src/**/*", "/shared.txt"]
tasks:
  build:
    command: sh
    args: ["-c", "mkdir -p dist && cat src/* > dist/out"]
    inputs: ["@group(sources)"]
    outputs: ["dist"]
    deps: ["^:build"]
  lint:
    command: "true"
`,
  "shared.txt": "shared",
  "packages/lib/moon.yml": "language: javascript\n",
  "packages/lib/src/a": "a\n",
  "packages/app/moon.yml": `dependsOn: [lib, { id: tool, scope: build }]
workspace:
  inheritedTasks: { exclude: [lint] }
tasks:
  build:
    inputs: [$MINE]
    outputs: [/out/app]
    env: { GREETING: hello }
  more:
    extends: build
    script: 'mkdir -p $workspaceRoot dist; echo $GREETING $project > dist/out'
    deps: ["~:build", "tool:make"]
  dev:
    command: serve
    preset: server
    options: { retryCount: 2 }
`.replace("mkdir -p $workspaceRoot dist", "mkdir -p dist ../../out/app"),
  "packages/app/src/b": "b\n",
  "tools/tool/src/t": "t\n",
  "tools/tool/moon.yml":
    "tasks:\n  make:\n    command: echo made in\n    args: $projectRoot\n    options: { cache: false, runFromWorkspaceRoot: true }\n",
};

function rigOf(more: Tree = {}): Rig {
  const rig = new Rig({ ...tree, ...more });
  rigs.push(rig);
  return rig;
}

function definitionIn(more: Tree = {}): (id: string) => TaskDefinition | undefined {
  const read = readWorkspace(testFiles, rigOf(more).root);
  if (!read.ok) throw new Error(read.error.message);
  const { packages, rules } = read.value;
  return (id) => {
    const [pkg = "", task = ""] = id.split("#");
    const found = packages.get(pkg);
    return found === undefined ? undefined : rules.definitionOf(found, task);
  };
}

describe("moon.yml", () => {
  test("stands over what all projects inherit: lists one behind the other, words in place of words", () => {
    const of = definitionIn();
    expect(of("lib#build")).toMatchObject({
      dependsOn: ["^build"],
      inputs: ["src/**/*", "$TURBO_ROOT$/shared.txt"],
      outputs: ["packages/lib/dist"],
      command: { text: "sh -c 'mkdir -p dist && cat src/* > dist/out'", folder: "packages/lib" },
    });
    expect(of("app#build")).toMatchObject({
      outputs: ["packages/app/dist", "out/app"],
      env: ["MINE"],
      command: { env: { GREETING: "hello" } },
    });
    expect(of("app#lint")).toBeUndefined();
    expect(of("app#more")).toMatchObject({ dependsOn: ["build", "tool#make"] });
    expect(of("app#dev")).toMatchObject({ persistent: true, cache: false, retries: 2 });
    expect(of("tool#make")).toMatchObject({ cache: false, command: { text: "echo made in tools/tool", folder: "" } });
  });

  const wrong: readonly (readonly [Tree, RegExp])[] = [
    [
      { "packages/app/moon.yml": "tasks:\n  build:\n    comand: x\n" },
      /^packages\/app\/moon\.yml:3: tasks\.build\.comand is not known here/,
    ],
    [
      { "packages/app/moon.yml": "tasks:\n  build:\n    deps: ['nobody:x']\n" },
      /^packages\/app\/moon\.yml:3: tasks\.build\.deps\.0 is nobody:x, and there is no project nobody/,
    ],
    [{ "packages/app/moon.yml": "tasks: [\n" }, /^packages\/app\/moon\.yml:\d: is not YAML/],
    [
      { "packages/app/moon.yml": "tasks:\n  x:\n    extends: y\n" },
      /tasks\.x\.extends is y, and there is no such task/,
    ],
    [
      { "packages/app/moon.yml": "tasks:\n  x:\n    inputs: ['@group(none)']\n" },
      /tasks\.x\.inputs\.0 is @group\(none\), and fileGroups has no none/,
    ],
    [
      { "packages/app/moon.yml": "tasks:\n  x:\n    outputs: ['../y']\n" },
      /tasks\.x\.outputs\.0 is \.\.\/y, which leads out/,
    ],
    [
      { "packages/lib/moon.yml": "id: app\n" },
      /^packages\/lib\/moon\.yml:1: id is app, as that of packages\/app\/moon\.yml is/,
    ],
  ];
  test.each(wrong)("that is wrong is named with file, line and key: %j", (more, message) => {
    expect(() => definitionIn(more)).toThrow(message);
  });
});

test("a build by moon.yml leaves what tasks leave, and takes it from the cache", async () => {
  const rig = rigOf();
  const first = await rig.build({ tasks: ["app#more"] });
  expect(first.executed.toSorted()).toEqual(["app#build", "app#more", "lib#build", "tool#build", "tool#make"]);
  expect(first.logs["tool#make"]).toBe("made in tools/tool\n");
  expect(readFileSync(join(rig.root, "packages/app/dist/out"), "utf8")).toBe("hello app\n");
  expect((await rig.build({ tasks: ["app#build"] })).of["app#build"]?.status).toBe("completed");
  rig.write({ "packages/lib/README.md": "not an input" });
  expect((await rig.build({ tasks: ["lib#build"] })).executed).toEqual([]);
  rig.write({ "shared.txt": "other" });
  expect((await rig.build({ tasks: ["lib#build"] })).executed).toEqual(["lib#build"]);
});
