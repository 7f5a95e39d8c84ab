import { expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { LogFolder } from "../storage/folder.fixture.suite.ts";
import { folderRange, targetAt } from "./target.ts";

test("a folder keeps what was put, whole, until it is removed", async () => {
  using folder = new LogFolder();
  const path = join(folder.path, "archives");
  const target = targetAt({ kind: "folder", path });
  const bytes = new Uint8Array([1, 2, 3, 4]);
  expect(await target.get("day/a")).toBeUndefined();
  await target.put("day/a", new Uint8Array(9));
  await target.put("day/a", bytes);
  expect(await target.get("day/a")).toEqual(bytes);
  expect([...(await target.range("day/a", { from: 1, length: 2 }))]).toEqual([2, 3]);
  expect(() => folderRange(path, "day/a", { from: 3, length: 2 })).toThrow(RangeError);
  await target.remove("day/a");
  await target.remove("day/a");
  expect(existsSync(join(path, "day"))).toBe(false);
});
