// Which files a task reads.
import { afterAll, describe, expect, test } from "bun:test";
import { packageOf, plainDefinition } from "../graph/fixture.suite.ts";
import { packageGraph } from "../graph/package-graph.ts";
import { Rig, testFiles } from "../rig.suite.ts";
import type { TaskDefinition } from "../workspace/package.ts";
import { filesByPackage, inputsOf } from "./inputs.ts";

const a = { ...packageOf("a"), manifest: "packages/a/package.json" };
const inner = { ...packageOf("inner"), folder: "packages/a/inner" };
const root = { ...packageOf("//"), folder: "" };
const graph = packageGraph(new Map([root, a, inner].map((pkg) => [pkg.name, pkg])));
const listed = [
  "packages/a/dist/old.js",
  "packages/a/inner/i.ts",
  "packages/a/package.json",
  "packages/a/src/a.test.ts",
  "packages/a/src/a.ts",
  "shared/x.json",
];
const rig = new Rig(
  Object.fromEntries([...listed, "packages/a/.env", "packages/a/node_modules/x/y.ts"].map((path) => [path, ""])),
);
afterAll(() => rig.dispose());

function inputs(definition: Partial<TaskDefinition>): readonly string[] {
  const byPackage = filesByPackage(graph, listed);
  return inputsOf({ files: testFiles, root: rig.root, byPackage }, a, { ...plainDefinition, ...definition });
}

describe("the inputs of a task", () => {
  test("are all files of its package, not of one within, and not its own outputs", () => {
    expect(inputs({ outputs: ["dist/**"] })).toEqual([
      "packages/a/package.json",
      "packages/a/src/a.test.ts",
      "packages/a/src/a.ts",
    ]);
  });

  test("are those that patterns mean, and always its package.json", () => {
    expect(inputs({ inputs: ["src/**", "!src/*.test.ts"] })).toEqual([
      "packages/a/package.json",
      "packages/a/src/a.ts",
    ]);
  });

  test("are the usual ones and more, also of what git ignores and from the root on", () => {
    const more = ["$TURBO_DEFAULT$", ".env", "$TURBO_ROOT$/shared/*.json", "../../shared/x.json"];
    expect(inputs({ inputs: more, outputs: ["dist/**"] })).toEqual([
      "packages/a/.env",
      "packages/a/package.json",
      "packages/a/src/a.test.ts",
      "packages/a/src/a.ts",
      "shared/x.json",
    ]);
  });

  test("never lie outside of the workspace, nor among what is installed", () => {
    expect(inputs({ inputs: ["../../../../etc/passwd", "**/*.ts"] })).toEqual([
      "packages/a/inner/i.ts",
      "packages/a/package.json",
      "packages/a/src/a.test.ts",
      "packages/a/src/a.ts",
    ]);
  });
});
