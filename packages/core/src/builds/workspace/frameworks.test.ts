// Variables that frameworks build in.
import { expect, test } from "bun:test";
import type { Package } from "./package.ts";
import { inferredVariables } from "./frameworks.ts";

const pkg = (dependencies: Readonly<Record<string, string>>): Package => ({
  name: "a",
  folder: "a",
  ownName: "a",
  version: undefined,
  scripts: {},
  dependencies,
  entries: {},
  engines: {},
  manifest: "a/package.json",
});

test("variables follow from the framework that a package depends on", () => {
  expect(inferredVariables(pkg({ vite: "5" }))).toEqual(["VITE_*"]);
  expect(inferredVariables(pkg({ next: "15", vite: "5" }))).toEqual(["NEXT_PUBLIC_*"]);
  expect(inferredVariables(pkg({ vitest: "1" }))).toEqual([]);
});
