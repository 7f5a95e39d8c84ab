// Which packages a filter means.
import { describe, expect, test } from "bun:test";
import type { Git } from "../ports.ts";
import { packageOf } from "./fixture.suite.ts";
import { affectedPackages, filterPackages, ownerOf, parseSelector } from "./filter.ts";
import { packageGraph } from "./package-graph.ts";

const root = { ...packageOf("//", [], {}), folder: "" };
const packages = [
  root,
  packageOf("@shop/web", ["ui"]),
  packageOf("@shop/api", ["db"]),
  packageOf("ui", ["base"]),
  packageOf("db", ["base"]),
  packageOf("base"),
];
const graph = packageGraph(new Map(packages.map((pkg) => [pkg.name, pkg])));

function gitOf(changed: readonly string[] | undefined): Git {
  return {
    files: async () => undefined,
    changed: async () => changed,
    tracked: async () => new Set(),
    head: async () => undefined,
  };
}

async function meant(filters: readonly string[], changed: readonly string[] | null = []): Promise<readonly string[]> {
  const result = await filterPackages(
    { graph, git: gitOf(changed ?? undefined), root: "/w", isGlobal: (path) => path === "package-lock.json" },
    filters,
  );
  if (!result.ok) throw new Error(result.error.message);
  return [...result.value].toSorted();
}

describe("a filter", () => {
  test.each([
    [[], ["//", "@shop/api", "@shop/web", "base", "db", "ui"]],
    [["ui"], ["ui"]],
    [["web"], ["@shop/web"]],
    [["@shop/*"], ["@shop/api", "@shop/web"]],
    [["@shop/web..."], ["@shop/web", "base", "ui"]],
    [["@shop/web^..."], ["base", "ui"]],
    [["...db"], ["@shop/api", "db"]],
    [["...^db"], ["@shop/api"]],
    [["...ui..."], ["@shop/web", "base", "ui"]],
    [["./packages/db"], ["db"]],
    [["{packages/*}"], ["@shop/api", "@shop/web", "base", "db", "ui"]],
    [["{./packages/db}..."], ["base", "db"]],
    [
      ["./packages/*", "!base"],
      ["@shop/api", "@shop/web", "db", "ui"],
    ],
    [
      ["!@shop/*", "!//"],
      ["base", "db", "ui"],
    ],
    [
      ["ui", "db"],
      ["db", "ui"],
    ],
  ])("%j means %j", async (filters, names) => {
    expect(await meant(filters)).toEqual(names);
  });

  test.each([
    [["[main]"], ["packages/ui/src/a.ts"], ["ui"]],
    [["...[main]"], ["packages/ui/src/a.ts"], ["@shop/web", "ui"]],
    [["@shop/*[main...HEAD]"], ["packages/web/a", "packages/ui/a"], ["@shop/web"]],
    [["[main]"], ["README.md"], ["//"]],
    [["[main]"], ["package-lock.json"], ["//", "@shop/api", "@shop/web", "base", "db", "ui"]],
  ])("%j with %j changed means %j", async (filters, changed, names) => {
    expect(await meant(filters, changed)).toEqual(names);
  });

  test("that is none, names nothing, or asks git in vain, is refused", async () => {
    expect(meant(["[main"])).rejects.toThrow('"[main" is no filter.');
    expect(meant(["nope"])).rejects.toThrow('No package fits "nope".');
    expect(meant(["[gone]"], null)).rejects.toThrow("Git does not know what changed since gone.");
    expect(parseSelector("...")).toBeUndefined();
  });
});

test("affected is what changed and all that depends on it", async () => {
  const ground = { graph, git: gitOf(["packages/db/x"]), root: "/w", isGlobal: () => false };
  const result = await affectedPackages(ground, "main");
  expect(result.ok && [...result.value].toSorted()).toEqual(["@shop/api", "db"]);
});

test("a path belongs to the deepest package", () => {
  const inner = { ...packageOf("inner"), folder: "packages/ui/inner" };
  const owner = ownerOf(packageGraph(new Map([...packages, inner].map((pkg) => [pkg.name, pkg]))));
  expect([owner("packages/ui/inner/a"), owner("packages/ui/a/b"), owner("x/y")]).toEqual(["inner", "ui", "//"]);
});
