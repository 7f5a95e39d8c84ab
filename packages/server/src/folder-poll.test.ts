// Looking at a folder whose changes the system does not tell.
import { afterEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FolderPoll } from "./folder-poll.ts";

const folder = mkdtempSync(join(tmpdir(), "sluice-poll-"));
let poll: FolderPoll | undefined;
afterEach(() => {
  poll?.close();
  rmSync(folder, { recursive: true, force: true });
});

test("what has come, changed, been replaced or gone is told by name, once", () => {
  const told: string[] = [];
  writeFileSync(join(folder, "a"), "1");
  writeFileSync(join(folder, "b"), "1");
  poll = new FolderPoll({ folder, everyMs: 3_600_000, changed: (name) => told.push(name) });
  const look = (): string[] => {
    poll?.look();
    return told.splice(0).toSorted();
  };
  expect(look()).toEqual([]);
  writeFileSync(join(folder, "a"), "longer");
  mkdirSync(join(folder, "c"));
  expect(look()).toEqual(["a", "c"]);
  writeFileSync(join(folder, "c", "inside"), "is looked at by whoever watches c");
  rmSync(join(folder, "b"));
  expect(look()).toEqual(["b"]);
  writeFileSync(join(folder, ".new"), "longer");
  expect(look()).toEqual([".new"]);
  renameSync(join(folder, ".new"), join(folder, "a"));
  expect(look()).toEqual([".new", "a"]);
  rmSync(folder, { recursive: true });
  expect(look()).toEqual(["a", "c"]);
  expect(look()).toEqual([]);
});
