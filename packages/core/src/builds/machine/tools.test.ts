// What of this machine decides about results.
import { afterAll, expect, test } from "bun:test";
import { chmodSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Rig, testFiles } from "../rig.suite.ts";
import { findProgram, machineTools } from "./tools.ts";

const rig = new Rig({ "bin/node": "#!/bin/sh\necho v1\n", "other/node": "#!/bin/sh\necho v2\n" });
afterAll(() => rig.dispose());
for (const each of ["bin/node", "other/node"]) chmodSync(join(rig.root, each), 0o755);

test("a program is the first on the path", () => {
  expect(findProgram(testFiles, { PATH: `relative:/nowhere:${rig.root}/bin:${rig.root}/other` }, "node")).toBe(
    `${rig.root}/bin/node`,
  );
  expect(findProgram(testFiles, {}, "node")).toBeUndefined();
});

test("versions are asked once, and again where the program is another one", async () => {
  const notes = new Map<string, string>();
  const asked = (PATH: string) =>
    machineTools({
      files: testFiles,
      env: { PATH },
      manager: { name: "npm", version: "10.2.0" },
      notes: { note: (name) => notes.get(name), remember: (name, text) => void notes.set(name, text) },
    });
  const first = await asked(`${rig.root}/bin:/usr/bin:/bin`);
  expect(first.versions).toEqual({ node: "v1", npm: "10.2.0" });
  expect(first.platform).toMatch(/^\w+ \w+/);
  rig.write({ "bin/node": "#!/bin/sh\necho v3 and more\n" });
  chmodSync(join(rig.root, "bin/node"), 0o755);
  expect((await asked(`${rig.root}/bin:/usr/bin:/bin`)).versions["node"]).toBe("v3 and more");
  rmSync(join(rig.root, "bin/node"));
  expect((await asked(`${rig.root}/bin:${rig.root}/other:/usr/bin:/bin`)).versions["node"]).toBe("v2");
  expect(notes.size).toBe(3);
});
