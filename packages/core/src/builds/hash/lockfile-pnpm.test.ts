// pnpm's lockfile: ids with peers, aliases, links, and documents of pnpm's own before that of the workspace.
import { expect, test } from "bun:test";
import { readPnpmLock } from "./lockfile-pnpm.ts";

const text = `lockfileVersion: '9.0'
importers:
  .:
    devDependencies:
      alias: {specifier: 'npm:real@1', version: real@1.0.0}
  packages/app:
    dependencies:
      lib: {specifier: 'workspace:*', version: link:../lib}
      a: {specifier: ^1, version: 1.0.0(peer@2.0.0)}
    optionalDependencies:
      elsewhere: {specifier: 'https://files.example/x.tgz', version: https://files.example/x.tgz}
packages:
  a@1.0.0: {resolution: {integrity: one}}
  real@1.0.0: {resolution: {integrity: two}}
  elsewhere@https://files.example/x.tgz: {resolution: {tarball: x}, version: 1.0.0}
snapshots:
  a@1.0.0(peer@2.0.0): {dependencies: {peer: 2.0.0}}
  peer@2.0.0: {}
  real@1.0.0: {}
  elsewhere@https://files.example/x.tgz: {}
`;

test.each([
  ["", "alias", ["real@1.0.0"]],
  ["packages/app", "lib", []],
  ["packages/app", "a", ["a@1.0.0(peer@2.0.0)"]],
  ["packages/app", "elsewhere", ["elsewhere@https://files.example/x.tgz"]],
  ["packages/app", "nobody", []],
  ["packages/nobody", "a", []],
])("%j gets %s as %j", (folder, name, ids) => {
  expect(readPnpmLock(text)?.resolve({ folder }, name, "")).toEqual(ids);
});

test("what a package is stands beside what it resolved to", () => {
  const lock = readPnpmLock(text);
  expect(lock?.entry("a@1.0.0(peer@2.0.0)")?.text).toContain('"integrity":"one"');
  expect(lock?.resolve({ id: "a@1.0.0(peer@2.0.0)" }, "peer", "")).toEqual(["peer@2.0.0"]);
  expect(lock?.entry("nobody@1.0.0")).toBeUndefined();
});

test("the last of several documents is that of the workspace", () => {
  const both = `lockfileVersion: '9.0'\nimporters: {.: {}}\n---\n${text}`;
  expect(readPnpmLock(both)?.resolve({ folder: "" }, "alias", "")).toEqual(["real@1.0.0"]);
});

test.each(["{", "[]", "lockfileVersion: 4", "text"])("%s is none of these versions", (other) => {
  expect(readPnpmLock(other)).toBeUndefined();
});
