// npm's lockfile, also one that npm itself has written.
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageOf } from "../graph/fixture.suite.ts";
import { reached as reachedBy } from "./lockfile.ts";
import { readNpmLock } from "./lockfile-npm.ts";

const lock = readNpmLock(
  JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": {},
      "packages/app": { dependencies: { a: "*", lib: "*" } },
      "node_modules/lib": { resolved: "packages/lib", link: true },
      "node_modules/a": { version: "1.0.0", dependencies: { b: "^1" } },
      "node_modules/a/node_modules/b": { version: "1.5.0", dependencies: { "@s/c": "*" } },
      "node_modules/b": { version: "2.0.0" },
      "node_modules/@s/c": { version: "3.0.0", optionalDependencies: { gone: "*" } },
      "packages/app/node_modules/b": { version: "0.1.0" },
    },
  }),
);

test("a dependency is the one in the nearest folder upward", () => {
  expect(lock?.resolve({ folder: "packages/app" }, "b", "")).toEqual(["packages/app/node_modules/b"]);
  expect(lock?.resolve({ folder: "packages/lib" }, "b", "")).toEqual(["node_modules/b"]);
  expect(lock?.resolve({ id: "node_modules/a" }, "b", "")).toEqual(["node_modules/a/node_modules/b"]);
  expect(lock?.resolve({ id: "node_modules/a/node_modules/b" }, "@s/c", "")).toEqual(["node_modules/@s/c"]);
  expect(lock?.resolve({ id: "node_modules/@s/c" }, "b", "")).toEqual(["node_modules/b"]);
  expect(lock?.resolve({ folder: "packages/app" }, "lib", "")).toEqual([]);
});

test("what is reached is named with version and digest", () => {
  if (lock === undefined) throw new Error("It is a lockfile.");
  expect(reachedBy(lock, { folder: "packages/app", dependencies: { a: "*" } }).texts).toEqual([
    "@s/c@3.0.0 ",
    "a@1.0.0 ",
    "b@1.5.0 ",
  ]);
});

test("of this project's own lockfile a package reaches a part", () => {
  const text = readFileSync(join(import.meta.dir, "../../../../../package-lock.json"), "utf8");
  const own = readNpmLock(text);
  if (own === undefined) throw new Error("It is a lockfile.");
  const reached = reachedBy(own, { ...packageOf("x", ["yaml"]), folder: "packages/core" }).texts;
  expect(reached).toHaveLength(1);
  expect(reached[0]).toMatch(/^yaml@\d+\.\d+\.\d+ sha512-/);
});

test.each(["{", "{}", '{"lockfileVersion":1,"dependencies":{}}'])("%s is none of these versions", (text) => {
  expect(readNpmLock(text)).toBeUndefined();
});
