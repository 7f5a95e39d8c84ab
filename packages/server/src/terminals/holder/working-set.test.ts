import { expect, test } from "bun:test";
import { unchangedIn } from "./working-set.ts";

const mapping = (head: string, own: number): string =>
  `${head}\nRss:                 300 kB\nPrivate_Dirty:      ${own} kB\nAnonymous:          ${own} kB\nVmFlags: rd mr\n`;

test("memory that is given back is of files, and has nothing of its own", () => {
  const maps = [
    mapping("00200000-02c00000 r--p 00000000 fe:00 1234                               /usr/bin/bun", 0),
    mapping("02c00000-05000000 r-xp 02a00000 fe:00 1234                               /usr/bin/bun", 0),
    mapping("05000000-05100000 r--p 04e00000 fe:00 1234                               /usr/bin/bun", 64),
    mapping("05100000-05200000 rw-p 04f00000 fe:00 1234                               /usr/bin/bun", 0),
    mapping("7f0000000000-7f0000100000 r--p 00000000 00:00 0 ", 0),
  ].join("");
  expect(unchangedIn(maps)).toEqual([
    { start: 0x200000n, end: 0x2c00000n },
    { start: 0x2c00000n, end: 0x5000000n },
  ]);
});
