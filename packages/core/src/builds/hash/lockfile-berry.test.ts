// The lockfile of yarn 2 and later.
import { expect, test } from "bun:test";
import { readBerryLock } from "./lockfile-berry.ts";

const text = `__metadata:
  version: 8

"app@workspace:packages/app":
  version: 0.0.0-use.local
  resolution: "app@workspace:packages/app"

"lib@*, lib@workspace:packages/lib":
  version: 0.0.0-use.local
  resolution: "lib@workspace:packages/lib"

"a@npm:^1.0.0, a@npm:~1.0.0":
  version: 1.0.5
  resolution: "a@npm:1.0.5"
  dependencies:
    b: ^2.0.0
  checksum: one

"b@npm:^2.0.0":
  version: 2.0.0
  resolution: "b@npm:2.0.0"

"b@patch:b@npm%3A^2.0.0#./b.patch":
  version: 2.0.0
  resolution: "b@patch:b@npm%3A2.0.0#./b.patch::version=2.0.0&hash=abc"
`;

test.each([
  ["a", "~1.0.0", ["a@npm:~1.0.0"]],
  ["a", "npm:^1.0.0", ["a@npm:^1.0.0"]],
  ["b", "^2.0.0", ["b@npm:^2.0.0", "b@patch:b@npm%3A^2.0.0#./b.patch"]],
  ["b", "^9.0.0", ["b@npm:^2.0.0", "b@patch:b@npm%3A^2.0.0#./b.patch"]],
  ["lib", "*", []],
  ["lib", "workspace:^", []],
])("%s asked for as %s means %j", (name, range, ids) => {
  expect(readBerryLock(text)?.resolve({ folder: "packages/app" }, name, range)).toEqual(ids);
});

test("an entry leads to what it depends on", () => {
  expect(readBerryLock(text)?.entry("a@npm:~1.0.0")).toMatchObject({
    text: expect.stringContaining('"checksum":"one"'),
    dependencies: { b: "^2.0.0" },
  });
  expect(readBerryLock(text)?.entry("nobody@npm:1")).toBeUndefined();
});

test.each(["{", "[]", "# yarn lockfile v1\n"])("%j is none", (other) => {
  expect(readBerryLock(other)).toBeUndefined();
});
