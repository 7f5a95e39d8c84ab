// Grants as choices: spelled out, put together again, and held against what one has.

import { expect, test } from "bun:test";
import { byNoun, choiceOf, grantsOf, grantWords, lackingOf, patternsOf, sameChoice } from "./access.ts";
import type { PermissionRow } from "./access.ts";

const row = (permission: string, more: Partial<PermissionRow> = {}): PermissionRow => ({
  permission,
  about: permission,
  narrowedBy: "workflow",
  shell: false,
  ...more,
});
const rows = [row("run:read"), row("run:cancel"), row("user:read", { narrowedBy: null }), row("backup:create")];

test("spells out what stands for several, and the wider of two wins", () => {
  expect([...choiceOf([{ permission: "*" }], rows).keys()]).toEqual(rows.map(({ permission }) => permission));
  expect([...choiceOf([{ permission: "run:*", only: ["a/*"] }], rows)]).toEqual([
    ["run:read", ["a/*"]],
    ["run:cancel", ["a/*"]],
  ]);
  const both = [{ permission: "run:read", only: ["a/*"] }, { permission: "run:*" }];
  expect(choiceOf(both, rows).get("run:read")).toBeNull();
  const twice = [
    { permission: "run:read", only: ["a/*", "b"] },
    { permission: "run:read", only: ["b", "c"] },
  ];
  expect(choiceOf(twice, rows).get("run:read")).toEqual(["a/*", "b", "c"]);
});

test("comes back as grants, without patterns that say nothing", () => {
  const choice = new Map([
    ["run:read", ["a/*"]],
    ["run:cancel", []],
    ["user:read", null],
  ]);
  expect(grantsOf(choice)).toEqual([
    { permission: "run:read", only: ["a/*"] },
    { permission: "run:cancel" },
    { permission: "user:read" },
  ]);
  expect(sameChoice(choice, choiceOf(grantsOf(choice).toReversed(), rows))).toBe(true);
  expect(sameChoice(choice, new Map([["run:read", null]]))).toBe(false);
});

test("takes patterns apart", () => {
  expect(patternsOf(" a/*, b\nc ,, a/* ")).toEqual(["a/*", "b", "c"]);
  expect(patternsOf(" , ")).toEqual([]);
});

test("groups by noun", () => {
  expect(byNoun(rows).map(({ noun, rows: of }) => [noun, of.length])).toEqual([
    ["run", 2],
    ["user", 1],
    ["backup", 1],
  ]);
});

test.each([
  [[{ permission: "*" }], [["run:read", null]], undefined],
  [[{ permission: "run:*" }], [["run:read", null]], undefined],
  [[{ permission: "run:*" }], [["user:read", null]], "user:read"],
  [[{ permission: "run:*", only: ["a/*"] }], [["run:read", null]], "run:read"],
  [[{ permission: "run:*", only: ["a/*"] }], [["run:read", []]], "run:read"],
  [[{ permission: "run:*", only: ["a/*"] }], [["run:read", ["a/b", "a/*"]]], undefined],
  [[{ permission: "run:*", only: ["a/*"] }], [["run:read", ["a/b", "*"]]], "run:read"],
  [[], [], undefined],
] as const)("with %j one lacks of %j: %p", (own, choice, lacking) => {
  expect(lackingOf(own, new Map(choice as readonly [string, readonly string[] | null][]))).toBe(lacking);
});

test.each([
  [[{ permission: "*" }], "Everything"],
  [[], "Nothing"],
  [[{ permission: "run:read", only: ["a", "b/*"] }], "run:read on a, b/*"],
  [[{ permission: "run:read" }, { permission: "run:start" }], "2 permissions"],
])("%j is %s", (grants, words) => {
  expect(grantWords(grants)).toBe(words);
});
