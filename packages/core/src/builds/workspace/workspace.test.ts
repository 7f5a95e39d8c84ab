// A workspace as a whole.
import { expect, test } from "bun:test";
import { Rig, smallWorkspace, testFiles } from "../rig.suite.ts";
import { readWorkspace } from "./workspace.ts";

test("a workspace has a root, packages, rules and a lockfile", () => {
  const rig = new Rig({ ...smallWorkspace(), "package-lock.json": { lockfileVersion: 3, packages: {} } });
  const read = readWorkspace(testFiles, `${rig.root}/packages/app`);
  rig.dispose();
  if (!read.ok) throw new Error(read.error.message);
  const { root, manager, packages, rules, isMonorepo, lockfile } = read.value;
  expect({ root, manager, names: [...packages.keys()], source: rules.source, isMonorepo, lockfile }).toEqual({
    root: rig.root,
    manager: { name: "npm", version: "10.2.0" },
    names: ["//", "app", "lib"],
    source: "turbo.json",
    isMonorepo: true,
    lockfile: "package-lock.json",
  });
});

test("without turbo.json the names of scripts decide", () => {
  const { "turbo.json": _, ...rest } = smallWorkspace();
  const rig = new Rig(rest);
  const read = readWorkspace(testFiles, rig.root);
  rig.dispose();
  expect(read.ok && read.value.rules.source).toBe("scripts");
});

test("a folder without a package, and a file that is wrong, are answers", () => {
  const rig = new Rig({ "package.json": "{" });
  const read = readWorkspace(testFiles, rig.root);
  rig.dispose();
  expect(read).toMatchObject({ ok: false, error: { code: "invalid_config" } });
  const none = readWorkspace({ ...testFiles, readText: () => undefined, stat: () => undefined }, "/nowhere");
  expect(none).toMatchObject({ ok: false, error: { message: "There is no package.json in /nowhere or above." } });
});
