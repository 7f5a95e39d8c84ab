// Bun's text lockfile.
import { expect, test } from "bun:test";
import { readBunLock } from "./lockfile-bun.ts";

const text = `{
  "lockfileVersion": 1,
  "workspaces": { "": { "name": "shop" }, "packages/app": { "name": "@shop/app" }, },
  "packages": {
    "@shop/app": ["@shop/app@workspace:packages/app"],
    "@s/a": ["@s/a@1.0.0", "", { "dependencies": { "b": "^2" }, "peerDependencies": { "c": "*" } }, "sha512-a"],
    "b": ["b@1.0.0", "", {}, "sha512-b1"],
    "@s/a/b": ["b@2.0.0", "", {}, "sha512-b2"],
    "@shop/app/b": ["b@3.0.0", "", {}, "sha512-b3"],
  },
}
`;

test.each([
  [{ folder: "" }, "b", ["b"]],
  [{ folder: "packages/app" }, "b", ["@shop/app/b"]],
  [{ folder: "packages/app" }, "@shop/app", []],
  [{ id: "@s/a" }, "b", ["@s/a/b"]],
  [{ id: "@s/a/b" }, "@s/a", ["@s/a"]],
  [{ id: "b" }, "nobody", []],
])("from %j %s is %j", (from, name, ids) => {
  expect(readBunLock(text)?.resolve(from, name, "")).toEqual(ids);
});

test("an entry leads to what it depends on, and to its peers", () => {
  expect(readBunLock(text)?.entry("@s/a")).toMatchObject({
    text: expect.stringContaining("sha512-a"),
    dependencies: { b: "^2", c: "*" },
  });
});

test.each(["{", "null", "{}", '{"lockfileVersion":"1"}'])("%s is none", (other) => {
  expect(readBunLock(other)).toBeUndefined();
});
