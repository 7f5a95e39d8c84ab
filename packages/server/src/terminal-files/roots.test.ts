import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FileRoots } from "./roots.ts";

const work = realpathSync(mkdtempSync(join(tmpdir(), "sluice-roots-")));
afterAll(() => rmSync(work, { recursive: true, force: true }));
const root = join(work, "root");
mkdirSync(join(root, "inner", "keys"), { recursive: true });
mkdirSync(join(work, "rootless"));
writeFileSync(join(root, "inner", "a.txt"), "a");
writeFileSync(join(root, "inner", "keys", "token"), "secret");
writeFileSync(join(work, "outside.txt"), "outside");
symlinkSync(join(work, "outside.txt"), join(root, "link"));
symlinkSync(work, join(root, "up"));
symlinkSync("inner/a.txt", join(root, "within"));
symlinkSync("loop", join(root, "loop"));
const roots = new FileRoots({ roots: [root], hidden: [join(root, "inner", "keys")], folder: root });

async function read(path: string): Promise<string> {
  const file = await roots.file(path);
  if (!file.ok) return file.error.code;
  await using opened = file.value;
  return await opened.handle.readFile("utf8");
}

describe("the roots of files", () => {
  test.each([
    ["inner/a.txt", "a"],
    [join(root, "inner", "a.txt"), "a"],
    ["within", "a"],
    ["link", "forbidden"],
    ["up/outside.txt", "forbidden"],
    ["up/not-there", "forbidden"],
    ["../outside.txt", "forbidden"],
    ["../rootless/x", "forbidden"],
    ["inner/../../outside.txt", "forbidden"],
    ["/etc/passwd", "forbidden"],
    ["/proc/self/environ", "forbidden"],
    ["inner/keys/token", "forbidden"],
    ["inner/none", "not_found"],
    ["inner", "bad_request"],
    ["loop", "bad_request"],
    ["a\0b", "bad_request"],
  ])("%p is %s", async (path, expected) => {
    const got = await read(path);
    // What is not there may be said to be outside, and never the other way round.
    expect(path === "up/not-there" ? ["forbidden", "not_found"] : [expected]).toContain(got);
  });

  test("what an open folder has is what was checked, whatever takes its name", async () => {
    const opened = await roots.folder("inner");
    if (!opened.ok) throw new Error(opened.error.code);
    await using folder = opened.value;
    renameSync(join(root, "inner"), join(root, "moved"));
    symlinkSync(work, join(root, "inner"));
    writeFileSync(join(work, "a.txt"), "other");
    expect(await readFile(folder.at("a.txt"), "utf8")).toBe("a");
    rmSync(join(root, "inner"));
    renameSync(join(root, "moved"), join(root, "inner"));
  });

  test("a path that is exchanged all the time never leads outside", async () => {
    const place = join(root, "swapped");
    let wrong = 0;
    for (let round = 0; round < 300; round++) {
      rmSync(place, { force: true });
      symlinkSync(join(root, "inner"), place);
      const reading = read("swapped/a.txt");
      rmSync(place, { force: true });
      symlinkSync(work, place);
      writeFileSync(join(work, "a.txt"), "other");
      if ((await reading) === "other") wrong++;
    }
    expect(wrong).toBe(0);
  });
});
