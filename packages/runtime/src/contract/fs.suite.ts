// Files: what every runtime has to do alike.

import { deepEqual, equal, ok } from "node:assert/strict";
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { collect } from "../streams.ts";
import type { Test } from "./case.suite.ts";
import { codeOf, patterned, until } from "./case.suite.ts";

export function fsCases(test: Test): void {
  test("fs: bytes and text are read as they were written", async ({ runtime: { fs }, folder }) => {
    const bytes = patterned(100_000);
    await fs.writeFile(`${folder}/a`, bytes);
    deepEqual(await fs.readFile(`${folder}/a`), bytes);
    await fs.writeFile(`${folder}/b`, "naïve ✓\n");
    equal(await fs.readTextFile(`${folder}/b`), "naïve ✓\n");
    await fs.writeFile(`${folder}/c`, new Uint8Array([0x61, 0xff]));
    equal(await fs.readTextFile(`${folder}/c`), "a\ufffd");
    await fs.writeFile(`${folder}/d`, "");
    equal((await fs.readFile(`${folder}/d`)).length, 0);
  });

  test("fs: a file is replaced whole: readers see all of the old or all of the new", async ({
    runtime: { fs },
    folder,
  }) => {
    const path = `${folder}/whole`;
    const [old, young] = ["o".repeat(300_000), "y".repeat(500_000)];
    await fs.writeFile(path, old);
    const writing = new Set(["yes"]);
    const seen = new Set<string>();
    const reading = (async () => {
      while (writing.size > 0) seen.add(await fs.readTextFile(path));
    })();
    for (let round = 0; round < 20; round++)
      await fs.writeFile(path, round % 2 === 0 ? young : old, { sync: round < 2 });
    writing.clear();
    await reading;
    ok([...seen].every((text) => text === old || text === young));
    deepEqual(readdirSync(folder), ["whole"]);
  });

  test("fs: a write that fails leaves nothing behind", async ({ runtime: { fs }, folder }) => {
    mkdirSync(`${folder}/taken/inside`, { recursive: true });
    ok(
      ["is_a_folder", "not_empty", "already_exists"].includes(
        (await codeOf(() => fs.writeFile(`${folder}/taken`, "x"))) ?? "",
      ),
    );
    deepEqual(readdirSync(folder), ["taken"]);
    equal(await codeOf(() => fs.writeFile(`${folder}/no/such`, "x")), "not_found");
  });

  test("fs: the mode of a new file is the one asked for", async ({ runtime: { fs }, folder }) => {
    await fs.writeFile(`${folder}/secret`, "x", { mode: 0o600 });
    equal((await fs.stat(`${folder}/secret`)).mode, 0o600);
  });

  test("fs: an opened file reads nothing until asked, then parts, all, or a stream", async ({
    runtime: { fs },
    folder,
  }) => {
    const path = `${folder}/lazy`;
    const lazy = fs.openFile(path);
    equal(await lazy.exists(), false);
    equal(await codeOf(() => lazy.bytes()), "not_found");
    equal(await codeOf(() => lazy.sizeBytes()), "not_found");
    const bytes = patterned(300_000);
    await fs.writeFile(path, bytes);
    equal(await lazy.exists(), true);
    equal(await lazy.sizeBytes(), bytes.length);
    deepEqual(await lazy.bytes({ start: 10, end: 20 }), bytes.slice(10, 20));
    deepEqual(await lazy.bytes({ start: 299_999, end: 400_000 }), bytes.slice(299_999));
    deepEqual(await lazy.bytes(), bytes);
    deepEqual(await collect(lazy.stream(), 1_000_000), bytes);
  });

  test("fs: folders are listed in order, with what each name is", async ({ runtime: { fs }, folder }) => {
    await fs.mkdir(`${folder}/x/y/z`);
    await fs.mkdir(`${folder}/x/y/z`);
    for (const name of ["b", "a", "B", "é"]) await fs.writeFile(`${folder}/x/${name}`, name);
    symlinkSync("a", `${folder}/x/l`);
    deepEqual(await fs.readDir(`${folder}/x`), [
      { name: "B", kind: "file" },
      { name: "a", kind: "file" },
      { name: "b", kind: "file" },
      { name: "l", kind: "link" },
      { name: "y", kind: "folder" },
      { name: "é", kind: "file" },
    ]);
    equal(await codeOf(() => fs.readDir(`${folder}/none`)), "not_found");
    equal(await codeOf(() => fs.readDir(`${folder}/x/a`)), "not_a_folder");
  });

  test("fs: removing takes folders with something in them only when told to", async ({ runtime: { fs }, folder }) => {
    await fs.mkdir(`${folder}/x/y`);
    equal(await codeOf(() => fs.rm(`${folder}/x`)), "not_empty");
    await fs.rm(`${folder}/x/y`);
    await fs.mkdir(`${folder}/x/y`);
    await fs.rm(`${folder}/x`, { recursive: true });
    equal(await fs.exists(`${folder}/x`), false);
    equal(await codeOf(() => fs.rm(`${folder}/x`)), "not_found");
    await fs.rm(`${folder}/x`, { force: true, recursive: true });
    await fs.writeFile(`${folder}/f`, "");
    await fs.rm(`${folder}/f`);
    equal(await fs.exists(`${folder}/f`), false);
  });

  test("fs: stat says kind, size, time and mode; exists says whether", async ({ runtime: { fs }, folder }) => {
    const before = Date.now() - 2_000;
    await fs.writeFile(`${folder}/f`, "12345");
    chmodSync(`${folder}/f`, 0o640);
    const { kind, sizeBytes, modifiedMs, mode } = await fs.stat(`${folder}/f`);
    deepEqual({ kind, sizeBytes, mode }, { kind: "file", sizeBytes: 5, mode: 0o640 });
    ok(modifiedMs >= before && modifiedMs <= Date.now() + 2_000);
    equal((await fs.stat(folder)).kind, "folder");
    equal(await codeOf(() => fs.stat(`${folder}/none`)), "not_found");
    equal(await fs.exists(`${folder}/f/below`), false);
  });

  test("fs: copies keep the mode, links are the same file", async ({ runtime: { fs }, folder }) => {
    await fs.writeFile(`${folder}/a`, "text", { mode: 0o750 });
    await fs.copy(`${folder}/a`, `${folder}/b`);
    equal((await fs.stat(`${folder}/b`)).mode, 0o750);
    await fs.link(`${folder}/a`, `${folder}/c`);
    equal(statSync(`${folder}/a`).ino, statSync(`${folder}/c`).ino);
    equal(await codeOf(() => fs.link(`${folder}/a`, `${folder}/c`)), "already_exists");
    await fs.symlink("a", `${folder}/d`);
    equal(await fs.readTextFile(`${folder}/d`), "text");
  });

  test("fs: glob finds files by pattern and nothing else", async ({ runtime: { fs }, folder }) => {
    for (const path of ["a.ts", "b.js", "x/a.ts", "x/y/c.ts", "x/y/d.tsx", ".hidden/e.ts", "x/.f.ts"]) {
      mkdirSync(`${folder}/${path}/..`.replace(/\/[^/]*\/\.\.$/, ""), { recursive: true });
      writeFileSync(`${folder}/${path}`, "");
    }
    symlinkSync("x", `${folder}/loop`);
    const find = (pattern: string, dot = false) => fs.glob(pattern, { cwd: folder, dot });
    deepEqual(await find("*.ts"), ["a.ts"]);
    deepEqual(await find("**/*.ts"), ["a.ts", "x/a.ts", "x/y/c.ts"]);
    deepEqual(await find("x/**/*.{ts,tsx}"), ["x/a.ts", "x/y/c.ts", "x/y/d.tsx"]);
    deepEqual(await find("?.[jt]s"), ["a.ts", "b.js"]);
    deepEqual(await find("**/*.ts", true), [".hidden/e.ts", "a.ts", "x/.f.ts", "x/a.ts", "x/y/c.ts"]);
    deepEqual(await find("none/*"), []);
  });

  test("fs: a watcher tells of changes below, gathered, until it is closed", async ({ runtime: { fs }, folder }) => {
    mkdirSync(`${folder}/deep/er`, { recursive: true });
    const told: (readonly string[])[] = [];
    const watcher = await fs.watch(folder, (paths) => void told.push(paths), { debounceMs: 100 });
    for (const text of ["1", "2", "3"]) writeFileSync(`${folder}/top`, text);
    writeFileSync(`${folder}/deep/er/low`, "x");
    await until("both changes told", () => ["top", "deep/er/low"].every((path) => told.flat().includes(path)));
    ok(told.flat().filter((path) => path === "top").length <= told.length, "each name once in each telling");
    ok(told.every((paths) => paths.join() === [...paths].toSorted().join()));
    watcher.close();
    const before = told.length;
    writeFileSync(`${folder}/after`, "x");
    const other: (readonly string[])[] = [];
    const second = await fs.watch(folder, (paths) => void other.push(paths), { debounceMs: 10 });
    writeFileSync(`${folder}/later`, "x");
    await until("the second watcher tells", () => other.flat().includes("later"));
    second.close();
    equal(told.length, before);
    equal(await codeOf(() => fs.watch(`${folder}/none`, () => undefined)), "not_found");
  });

  test("fs: folders for what is temporary are nobody else's", async ({ runtime: { fs } }) => {
    const [one, two] = [await fs.tempDir("contract-"), await fs.tempDir("contract-")];
    try {
      ok(one !== two && one.includes("contract-"));
      deepEqual(await fs.readDir(one), []);
      equal((await fs.stat(one)).mode & 0o077, 0);
    } finally {
      for (const path of [one, two]) await fs.rm(path, { recursive: true });
    }
  });
}
