// What a package gets from outside.
import { expect, test } from "bun:test";
import { packageOf } from "../graph/fixture.suite.ts";
import { ExternalDependencies } from "./lockfile.ts";

const lock = (versionOfB: string, more: object = {}): string =>
  JSON.stringify({
    lockfileVersion: 3,
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0", dependencies: { b: "*" } },
      "node_modules/b": { version: versionOfB, integrity: `sha512-${versionOfB}` },
      "node_modules/c": { version: "1.0.0" },
      ...more,
    },
  });

const digest = (text: string, dependencies: readonly string[], file = "package-lock.json"): string =>
  new ExternalDependencies({ file, text }).digestFor(packageOf("app", dependencies));

test("only what its own dependencies lead to counts for a package", () => {
  expect(digest(lock("1.0.0"), ["a"])).not.toBe(digest(lock("2.0.0"), ["a"]));
  expect(digest(lock("1.0.0"), ["c"])).toBe(digest(lock("2.0.0"), ["c"]));
  expect(digest(lock("1.0.0"), ["a"])).toBe(digest(lock("1.0.0", { "node_modules/z": { version: "9.9.9" } }), ["a"]));
});

test("a lockfile of a form that is not known counts as a whole", () => {
  expect(digest("one", ["c"], "other.lock")).not.toBe(digest("two", ["c"], "other.lock"));
  expect(new ExternalDependencies({ file: undefined, text: undefined }).isPruned).toBe(false);
});
