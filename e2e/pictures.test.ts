// The pictures of the console that the README shows.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dir, "..");
const pictureBytesMax = 150_000;

test("the README shows three screens, in pictures that load fast", () => {
  const shown = Array.from(readFileSync(join(root, "README.md"), "utf8").matchAll(/!\[([^\]]+)\]\(([^)]+\.png)\)/g));
  expect(shown).toHaveLength(3);
  for (const [, words = "", path = ""] of shown) {
    const picture = readFileSync(join(root, path));
    expect(words.length).toBeGreaterThan(5);
    expect([path, picture.subarray(1, 4).toString()]).toEqual([path, "PNG"]);
    expect([path, picture.length < pictureBytesMax]).toEqual([path, true]);
  }
});
