// What git says of a folder.
import { afterAll, describe, expect, test } from "bun:test";
import { gitIn, Rig } from "../rig.suite.ts";
import { machineGit } from "./git.ts";

const git = machineGit(process.env);
const rig = new Rig({ ".gitignore": "out\n", "a/x": "1", "b y": "1", "out/z": "1" });
afterAll(() => rig.dispose());
gitIn(rig.root, "init", "-q");
gitIn(rig.root, "add", ".");
gitIn(rig.root, "commit", "-qm", "first");

describe("git", () => {
  test("lists what is tracked or new, whatever it is called, and not what is ignored", async () => {
    rig.write({ "new\nline": "", ünï: "" });
    expect(await git.files(rig.root)).toEqual([".gitignore", "a/x", "b y", "new\nline", "ünï"]);
    expect(await git.files(`${rig.root}/a`)).toEqual(["x"]);
    expect(await git.tracked(rig.root, ["b y", "ünï"])).toEqual(new Set(["b y"]));
  });

  test("says what changed since branches parted, from the folder on, with what is new", async () => {
    gitIn(rig.root, "checkout", "-qb", "topic");
    rig.write({ "a/x": "2" });
    gitIn(rig.root, "commit", "-qam", "second");
    gitIn(rig.root, "checkout", "-q", "main");
    rig.write({ "b y": "on main" });
    gitIn(rig.root, "commit", "-qam", "third");
    gitIn(rig.root, "checkout", "-q", "topic");
    expect(await git.changed(rig.root, { from: "main" })).toEqual(["a/x", "new\nline", "ünï"]);
    expect(await git.changed(`${rig.root}/a`, { from: "main", to: "HEAD" })).toEqual(["x"]);
    expect((await git.head(rig.root))?.branch).toBe("topic");
  });

  test("knows nothing of commits that are none, of options, and outside of a repository", async () => {
    expect(await git.changed(rig.root, { from: "nowhere" })).toBeUndefined();
    expect(await git.changed(rig.root, { from: "--output=x" })).toBeUndefined();
    expect(await git.files("/")).toBeUndefined();
    expect(await git.head("/")).toBeUndefined();
  });
});

test("without git nothing is known", async () => {
  expect(await machineGit({ PATH: "/nowhere" }).files("/")).toBeUndefined();
});
