// Keys of the tasks of a workspace on disk.
import { afterEach, describe, expect, test } from "bun:test";
import { chmodSync } from "node:fs";
import { join } from "node:path";
import { Rig, smallWorkspace } from "../rig.suite.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

type PlanOptions = NonNullable<Parameters<Rig["plan"]>[0]>;

async function keyOf(rig: Rig, id: string, options: PlanOptions = {}): Promise<string> {
  const plan = await rig.plan(options);
  const node = plan.graph.tasks.get(id);
  plan.records.close();
  if (node === undefined) throw new Error(`There is no ${id}.`);
  return plan.hasher.keyed(node, {}).key;
}

function rigOf(more: Readonly<Record<string, string | object>> = {}): Rig {
  const rig = new Rig({
    ...smallWorkspace(),
    "package-lock.json": { lockfileVersion: 3, packages: { "node_modules/x": { version: "1.0.0" } } },
    ...more,
  });
  rigs.push(rig);
  return rig;
}

const turbo = {
  globalDependencies: ["tsconfig.json"],
  globalEnv: ["ALL"],
  tasks: { build: { dependsOn: ["^build"], outputs: ["dist/**"], env: ["MINE"] } },
};

describe("the key of a task", () => {
  const changing: readonly [string, (rig: Rig) => void, PlanOptions][] = [
    ["a file of its package", (rig) => rig.write({ "packages/lib/src/a.js": "other" }), {}],
    ["a new file of its package", (rig) => rig.write({ "packages/lib/src/new.js": "" }), {}],
    ["a file that becomes a program", (rig) => chmodSync(join(rig.root, "packages/lib/src/a.js"), 0o755), {}],
    ["a file that all depend on", (rig) => rig.write({ "tsconfig.json": "{}" }), {}],
    [
      "its script",
      (rig) =>
        rig.write({ "packages/lib/package.json": { name: "lib", version: "1.0.0", scripts: { build: "other" } } }),
      {},
    ],
    ["a variable that it declares", () => undefined, { env: { MINE: "1" } }],
    ["a variable that all depend on", () => undefined, { env: { ALL: "1" } }],
    ["the version of a tool", () => undefined, { toolVersions: { node: "22" } }],
    ["arguments", () => undefined, { args: ["--watch"] }],
    ["whether undeclared variables reach it", () => undefined, { envMode: "loose" }],
  ];
  test.each(changing)("changes with %s", async (_what, change, options) => {
    const rig = rigOf({ "turbo.json": turbo, "tsconfig.json": "" });
    const before = await keyOf(rig, "lib#build", { env: {} });
    change(rig);
    expect(await keyOf(rig, "lib#build", { env: {}, ...options })).not.toBe(before);
  });

  const indifferent: readonly [string, (rig: Rig) => void, PlanOptions][] = [
    ["a file of another package", (rig) => rig.write({ "packages/app/src/b.js": "other" }), {}],
    ["an output", (rig) => rig.write({ "packages/lib/dist/out.js": "other" }), {}],
    ["a variable that nobody declares", () => undefined, { env: { OTHER: "1" } }],
    [
      "what the lockfile has for others",
      (rig) =>
        rig.write({
          "package-lock.json": { lockfileVersion: 3, packages: { "node_modules/x": { version: "2.0.0" } } },
        }),
      {},
    ],
    ["a file in the root", (rig) => rig.write({ "README.md": "other" }), {}],
  ];
  test.each(indifferent)("does not change with %s", async (_what, change, options) => {
    const rig = rigOf({ "turbo.json": turbo, "tsconfig.json": "" });
    const before = await keyOf(rig, "lib#build", { env: {} });
    change(rig);
    expect(await keyOf(rig, "lib#build", { env: {}, ...options })).toBe(before);
  });
});

test("what is not as it was when the key was made is named", async () => {
  const rig = rigOf();
  const plan = await rig.plan();
  const node = plan.graph.tasks.get("lib#build");
  if (node === undefined) throw new Error("It is there.");
  expect(plan.hasher.changedSince(node)).toEqual([]);
  rig.write({ "packages/lib/src/a.js": "other\n" });
  expect(plan.hasher.changedSince(node)).toEqual(["packages/lib/src/a.js"]);
  plan.records.close();
});
