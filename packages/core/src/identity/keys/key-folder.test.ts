import { expect, test } from "bun:test";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { keyFolders } from "../identity.fixture.suite.ts";
import { keyOf, openKeyFolder } from "./key-folder.ts";

const nextFolder = keyFolders();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const mode = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

test("keys can be read by the server's own user alone, whatever the mask is", async () => {
  const folder = nextFolder();
  const keys = openKeyFolder(folder);
  const mask = process.umask(0);
  try {
    expect(await keys.create("a.key", bytes("one"))).toBe(true);
    await keys.replace("b.json", bytes("two"));
  } finally {
    process.umask(mask);
  }
  expect(await mode(folder)).toBe(0o700);
  expect([await mode(join(folder, "a.key")), await mode(join(folder, "b.json"))]).toEqual([0o600, 0o600]);
  expect((await readdir(folder)).toSorted()).toEqual(["a.key", "b.json"]);
});

test("a key that is there is replaced only when that is meant", async () => {
  const keys = openKeyFolder(nextFolder());
  expect(await keys.read("a.key")).toBeUndefined();
  expect(await keys.create("a.key", bytes("one"))).toBe(true);
  expect(await keys.create("a.key", bytes("two"))).toBe(false);
  expect(await keys.read("a.key")).toEqual(bytes("one"));
  await keys.replace("a.key", bytes("three"));
  expect(await keys.read("a.key")).toEqual(bytes("three"));
});

test("of many who make the same key at once all get the same one", async () => {
  const keys = openKeyFolder(nextFolder());
  const made = await Promise.all(Array.from({ length: 20 }, (_, n) => keyOf(keys, "a.key", () => bytes(`${n}`))));
  expect(new Set(made.map((key) => new TextDecoder().decode(key))).size).toBe(1);
  expect(await keys.read("a.key")).toEqual(made[0] as never);
});

test("a name that is no file name of the folder is refused", async () => {
  const keys = openKeyFolder(nextFolder());
  for (const name of ["../a", "a/b", "", ".hidden", "A"]) {
    expect(await keys.read(name).catch(String)).toContain("is no name of a key");
  }
});
