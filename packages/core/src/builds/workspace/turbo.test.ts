// What `turbo.json` says of tasks.
import { afterEach, describe, expect, test } from "bun:test";
import { Rig, smallWorkspace, testFiles } from "../rig.suite.ts";
import type { Package, TaskDefinition } from "./package.ts";
import { readPackages } from "./packages.ts";
import { readTurboRules } from "./turbo.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

function definitionIn(
  turbo: string | object,
  more: Readonly<Record<string, string | object>> = {},
): (id: string) => TaskDefinition | undefined {
  const rig = new Rig({ ...smallWorkspace(), "turbo.json": turbo, ...more });
  rigs.push(rig);
  const { packages } = readPackages(testFiles, rig.root);
  const rules = readTurboRules(testFiles, rig.root, packages);
  return (id) => {
    const [pkg = "", task = ""] = id.split("#");
    return rules?.definitionOf(packages.get(pkg) as Package, task);
  };
}

describe("turbo.json", () => {
  test("describes tasks of every package, and of one alone", () => {
    const of = definitionIn({
      tasks: {
        build: { outputs: ["dist/**"], dependsOn: ["^build"] },
        "lib#build": { outputs: ["out/**"], cache: false },
        "//#lint": {},
      },
    });
    expect(of("app#build")).toMatchObject({
      outputs: ["dist/**"],
      dependsOn: ["^build"],
      cache: true,
      inputs: undefined,
    });
    expect(of("lib#build")).toMatchObject({ outputs: ["out/**"], dependsOn: [], cache: false });
    expect(of("app#lint")).toBeUndefined();
    expect(of("//#lint")).toBeDefined();
    expect(of("//#build")).toBeUndefined();
  });

  test("of a package extends that of the root, key by key; lists take its place or add to it", () => {
    const root = { tasks: { build: { outputs: ["dist/**"], env: ["A"], inputs: ["src/**"] } } };
    const of = definitionIn(root, {
      "packages/lib/turbo.json": {
        extends: ["//"],
        tasks: { build: { outputs: ["lib/**"], env: ["$TURBO_EXTENDS$", "B"] }, own: {} },
      },
    });
    expect(of("lib#build")).toMatchObject({ outputs: ["lib/**"], env: ["A", "B"], inputs: ["src/**"] });
    expect(of("app#build")).toMatchObject({ outputs: ["dist/**"], env: ["A"] });
    expect([of("lib#own") === undefined, of("app#own") === undefined]).toEqual([false, true]);
  });

  test("may have comments, and be called turbo.jsonc", () => {
    expect(definitionIn('{\n  // all\n  "tasks": { "build": {} },\n}')("app#build")).toBeDefined();
  });

  test("makes what is persistent never come from the cache", () => {
    expect(definitionIn({ tasks: { dev: { persistent: true } } })("app#dev")).toMatchObject({
      persistent: true,
      cache: false,
    });
  });

  test("needs no word about variables that a framework builds in", () => {
    const app = { name: "app", dependencies: { next: "15.0.0" } };
    expect(
      definitionIn({ tasks: { build: { env: ["A"] } } }, { "packages/app/package.json": app })("app#build")?.env,
    ).toEqual(["A", "NEXT_PUBLIC_*"]);
  });

  test.each([
    [{ tasks: { build: { output: [] } } }, /^turbo\.json:4: tasks\.build\.output is not known here/],
    [{ pipeline: {} }, /^turbo\.json:2: pipeline is called "tasks"/],
    [
      { tasks: { build: { env: ["A=1"] } } },
      /^turbo\.json:5: tasks\.build\.env\.0 is "A=1"; variables are given by name alone/,
    ],
    [{ tasks: { build: { dependsOn: ["$A"] } } }, /tasks\.build\.dependsOn\.0 is "\$A": variables belong into "env"/],
    [{ tasks: { build: { outputs: ["/etc"] } } }, /tasks\.build\.outputs\.0 is "\/etc"; paths begin at the package/],
    [{ tasks: { build: { outputLogs: "some" } } }, /tasks\.build\.outputLogs is "some"; it may be full/],
    [{ tasks: { dev: { interactive: true } } }, /tasks\.dev\.interactive is true, which needs "cache": false/],
    [{ envMode: "open", tasks: {} }, /^turbo\.json:2: envMode is "open"/],
    [{ tasks: [] }, /^turbo\.json:2: tasks is not an object/],
  ])("that is wrong is named with file, line and key: %j", (turbo, message) => {
    expect(() => definitionIn(turbo)).toThrow(message);
  });

  test("of a package has to extend the root and name no other package", () => {
    expect(() => definitionIn({ tasks: {} }, { "packages/lib/turbo.json": { tasks: {} } })).toThrow(
      /packages\/lib\/turbo\.json: extends has to be/,
    );
    expect(() =>
      definitionIn({ tasks: {} }, { "packages/lib/turbo.json": { extends: ["//"], tasks: { "app#build": {} } } }),
    ).toThrow(/packages\/lib\/turbo\.json:\d: tasks\.app#build names a package/);
  });
});
