// Whether what others get of a package is what its task has made.
import { expect, test } from "bun:test";
import { packageOf, plainDefinition } from "../graph/fixture.suite.ts";
import { entryPaths, exportsAreOutputs } from "./exports.ts";

const definition = { ...plainDefinition, outputs: ["dist/**"] };

test.each([
  [{ main: "dist/index.js" }, true],
  [{ main: "./dist/index.js", types: "./dist/index.d.ts", bin: { a: "dist/cli.js" } }, true],
  [{ exports: { ".": { import: "./dist/a.js", require: "./dist/a.cjs" }, "./package.json": "./package.json" } }, true],
  [{ exports: { "./*": "./dist/*.js" } }, true],
  [{ exports: "./src/index.ts" }, false],
  [{ exports: { ".": "./dist/a.js", "./raw": "./src/a.ts" } }, false],
  [{ main: "dist/index.js", types: "src/index.ts" }, false],
  [{ main: "dist/a.js", exports: { "./*": "./*" } }, false],
  [{ main: "../other/dist/a.js" }, false],
  [{}, false],
])("%j: %p", (entries, isSo) => {
  expect(exportsAreOutputs({ ...packageOf("a"), entries }, definition)).toBe(isSo);
});

test("a task without outputs has made nothing", () => {
  expect(exportsAreOutputs({ ...packageOf("a"), entries: { main: "dist/a.js" } }, plainDefinition)).toBe(false);
});

test("where there are exports, the older main is nothing that others get", () => {
  expect(entryPaths({ main: "src/a.js", exports: "./dist/a.js", bin: "./dist/b.js" })).toEqual([
    "dist/a.js",
    "dist/b.js",
  ]);
});
