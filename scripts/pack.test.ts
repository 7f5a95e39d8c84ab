// What the product begins by a file's name is in the package.

import { expect, test } from "bun:test";
import { startedFiles } from "./pack.ts";

/** They are called like a thread or a process and are imported. */
const imported = new Set([
  "packages/core/src/store/memory/append-child.ts",
  "packages/core/src/store/sqlite/start-thread.ts",
  "packages/server/src/supervisor-child.ts",
  "packages/worker/src/bun-child.ts",
  "packages/worker/src/in-process.ts",
]);

test("every thread and every process of its own is begun from the package as from here", () => {
  const glob = new Bun.Glob("packages/*/src/**/*-{thread,process,child}.ts");
  const found = [...glob.scanSync(".")].filter((path) => !imported.has(path));
  expect(found.length).toBeGreaterThan(8);
  expect(found.filter((path) => !startedFiles.includes(path))).toEqual([]);
});
