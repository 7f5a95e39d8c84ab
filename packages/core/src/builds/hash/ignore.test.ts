// Files of a folder without git, held against what git itself says.
import { expect, test } from "bun:test";
import { gitIn, Rig, testFiles } from "../rig.suite.ts";
import { machineGit } from "../machine/git.ts";
import { walkFiles } from "./ignore.ts";

test("what .gitignore leaves out is left out as git does it", async () => {
  const rig = new Rig({
    ".gitignore": "# words\n*.log\n!keep.log\n/only-here\nbuild/\ndocs/**/*.tmp\ntrailing  \n\\#odd\n",
    "a.log": "",
    "keep.log": "",
    "only-here": "",
    "sub/only-here": "",
    "build/x": "",
    "sub/build/x": "",
    "src/build": "",
    "docs/a/b/c.tmp": "",
    "docs/c.tmp": "",
    trailing: "",
    "#odd": "",
    "sub/.gitignore": "*\n!.gitignore\n!wanted\n",
    "sub/wanted": "",
    "sub/unwanted": "",
  });
  const walked = walkFiles(testFiles, rig.root);
  gitIn(rig.root, "init", "-q");
  const listed = await machineGit(process.env).files(rig.root);
  rig.dispose();
  expect(walked).toEqual(listed ?? []);
  expect(walked).toContain("sub/wanted");
});
