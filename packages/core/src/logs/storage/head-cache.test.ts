import { expect, test } from "bun:test";
import { LogDatabase } from "./database.ts";
import { batchOf, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { HeadCache } from "./head-cache.ts";
import { headFile } from "./head.ts";
import type { Damage } from "./sealing.ts";

test("pieces of the head are unpacked once, the latest first, and a damaged one is told", () => {
  using folder = new LogFolder();
  const files = folder.open();
  for (const line of ["a", "b", "c"]) files.append([batchOf([entry({ line })])], noonMs);
  files.append([batchOf([entry({ line: "other" })], { tenant: "other" })], noonMs);
  files.close();
  const db = new LogDatabase(headFile(folder.path), "create");
  db.run("UPDATE batches SET body = x'00' WHERE last_seq = 2");
  const cache = new HeadCache();
  const damage: Damage[] = [];
  const read = (above = 0): object[] => [
    ...cache.pieces(db, { above, to: 4, tenant: "default", damaged: (each) => void damage.push(each) }),
  ];
  const first = read();
  expect(first).toMatchObject([{ maxMs: noonMs }, { minMs: noonMs }]);
  expect(damage).toEqual([{ file: "head", id: 2, why: "the checksum is wrong" }]);
  const again = read();
  expect(again[0]).toBe(first[0] as object);
  expect(read(1)).toHaveLength(1);
  db.close();
});
