// What names of scripts say where nothing else does.
import { expect, test } from "bun:test";
import type { Package } from "./package.ts";
import { scriptRules } from "./scripts.ts";

function pkg(name: string, scripts: Readonly<Record<string, string>>): Package {
  return {
    name,
    folder: name === "//" ? "" : name,
    ownName: name,
    version: undefined,
    scripts,
    dependencies: {},
    entries: {},
    engines: {},
    manifest: "package.json",
  };
}

const a = pkg("a", { build: "x", test: "y", dev: "z", deploy: "d" });
const rules = scriptRules(
  new Map([
    ["//", pkg("//", { build: "turbo run build" })],
    ["a", a],
  ]),
);

test("what builds waits for what it depends on, and is taken from the cache", () => {
  expect(rules.definitionOf(a, "build")).toMatchObject({ dependsOn: ["^build"], cache: true });
  expect(rules.definitionOf(a, "build")?.outputs).toContain("dist/**");
  expect(rules.definitionOf(a, "test")).toMatchObject({ dependsOn: ["^build"], cache: true, outputs: [] });
});

test("what serves never ends, and what nobody knows is done each time", () => {
  expect(rules.definitionOf(a, "dev")).toMatchObject({ persistent: true, cache: false });
  expect(rules.definitionOf(a, "deploy")).toMatchObject({ cache: false, persistent: false });
  expect(rules.definitionOf(a, "unheard")).toBeUndefined();
});

test("a root with packages has no part in it", () => {
  expect(rules.definitionOf(pkg("//", { build: "x" }), "build")).toBeUndefined();
  const alone = pkg("//", { build: "x" });
  expect(scriptRules(new Map([["//", alone]])).definitionOf(alone, "build")).toBeDefined();
});
