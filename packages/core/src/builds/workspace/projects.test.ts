// Projects that have a file of their own.
import { afterEach, expect, test } from "bun:test";
import { packageOf } from "../graph/fixture.suite.ts";
import { Rig, testFiles } from "../rig.suite.ts";
import { foldersMeant, foldersWith, withProjects } from "./projects.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

test("are found wherever they lie, but not among what is installed or built", () => {
  const rig = new Rig({
    "a/project.json": {},
    "a/b/project.json": {},
    "node_modules/x/project.json": {},
    "a/dist/project.json": {},
  });
  rigs.push(rig);
  expect(foldersWith(testFiles, rig.root, "project.json")).toEqual(["a", "a/b"]);
  expect(foldersMeant(testFiles, rig.root, ["a/*"])).toEqual(["a/b"]);
});

test("give packages their names, and lead to what they depend on under either", () => {
  const packages = new Map(
    [packageOf("//"), packageOf("@s/lib"), packageOf("app", ["@s/lib"])].map((pkg) => [pkg.name, pkg]),
  );
  const project = (folder: string, name: string, dependsOn: readonly string[] = []) => ({
    folder,
    name,
    dependsOn,
    file: `${folder}/project.json`,
  });
  const all = withProjects(packages, [project("packages/lib", "lib"), project("tools/t", "t", ["app"])], "//");
  expect([...all.keys()]).toEqual(["//", "lib", "app", "t"]);
  expect(Object.keys(all.get("app")?.dependencies ?? {})).toEqual(["@s/lib", "lib"]);
  expect(all.get("t")).toMatchObject({ folder: "tools/t", dependencies: { app: "workspace:*" }, scripts: {} });
});
