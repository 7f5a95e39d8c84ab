import { expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { openDataFolder } from "./open-data.ts";
import { beginReplacement, putIntoPlace, settleReplacement } from "./replace-data.ts";
import { withFolders } from "./sqlite-store.fixture.suite.ts";

const folders = withFolders();
const now = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
const stamp = "20260102T030405678Z";

/** A data folder as a killed server leaves it, with files that say whose they are. */
function old(): string {
  const data = folders.next();
  for (const name of ["state.db", "state.db-wal", "state.db-shm", "keys", "lock"])
    writeFileSync(join(data, name), "old");
  mkdirSync(join(data, "blobs/aa"), { recursive: true });
  writeFileSync(join(data, "blobs/aa/bb"), "old");
  return data;
}

/** New data, gathered. */
function gather(data: string): ReturnType<typeof beginReplacement> {
  const replacement = beginReplacement({ data, now });
  writeFileSync(join(replacement.folder, "state.db"), "new");
  writeFileSync(join(replacement.folder, "note"), "new");
  mkdirSync(join(replacement.folder, "blobs/aa"), { recursive: true });
  writeFileSync(join(replacement.folder, "blobs/aa/cc"), "new");
  return replacement;
}

/** Every file of a folder with its content. */
function content(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
  const read = files.map((each) => join(each.parentPath, each.name)).toSorted();
  return Object.fromEntries(read.map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

const whole = {
  "state.db": "new",
  "blobs/aa/cc": "new",
  keys: "old",
  lock: "old",
  [`before-restore-${stamp}/state.db`]: "old",
  [`before-restore-${stamp}/state.db-wal`]: "old",
  [`before-restore-${stamp}/state.db-shm`]: "old",
  [`before-restore-${stamp}/blobs/aa/bb`]: "old",
};

test("what was gathered and not committed goes at the next start; the folder is as it was", async () => {
  const data = old();
  const before = content(data);
  gather(data);
  expect(settleReplacement(data)).toBeUndefined();
  expect(content(data)).toEqual(before);
  gather(data).discard();
  expect(content(data)).toEqual(before);
});

test("what was committed takes the place of what there was, which is kept under its time", () => {
  const data = old();
  gather(data).commit();
  expect(settleReplacement(data)).toEqual({ before: join(data, `before-restore-${stamp}`) });
  expect(content(data)).toEqual(whole);
  expect(settleReplacement(data)).toBeUndefined();
});

test("a replacement that ends after any of its steps is finished by the next, or by the one after that", () => {
  const steps = (data: string): number => Array.from(putIntoPlace(data, stamp)).length;
  const first = old();
  gather(first).commit();
  const count = steps(first);
  expect(count).toBe(7);
  for (let done = 0; done < count; done++) {
    for (let again = 0; again <= count - done; again++) {
      const data = old();
      gather(data).commit();
      for (const most of [done, again]) {
        const begun = putIntoPlace(data, stamp);
        for (let step = 0; step < most; step++) begun.next();
      }
      settleReplacement(data);
      expect([done, again, content(data)]).toEqual([done, again, whole]);
    }
  }
});

test("a folder without data keeps nothing aside, and one with what is not whole is not committed", () => {
  const data = folders.next();
  gather(data).commit();
  expect(settleReplacement(data)).toEqual({ before: undefined });
  expect(content(data)).toEqual({ "state.db": "new", "blobs/aa/cc": "new" });
  const replacement = beginReplacement({ data, now: now + 1 });
  expect(() => replacement.commit()).toThrow("there is no blobs");
  mkdirSync(join(replacement.folder, "blobs"));
  for (const name of ["state.db", "state.db-wal"]) writeFileSync(join(replacement.folder, name), "new");
  expect(() => replacement.commit()).toThrow("the database has a log");
  expect(existsSync(replacement.folder)).toBe(true);
  replacement.discard();
  expect(readdirSync(data).toSorted()).toEqual(["blobs", "state.db"]);
});

test("opening a data folder finishes a replacement first", async () => {
  const [data, other] = [folders.next(), folders.next()];
  await (await openDataFolder({ folder: other })).release();
  writeFileSync(join(data, "state.db"), "this is no database".repeat(100));
  const replacement = beginReplacement({ data, now });
  writeFileSync(join(replacement.folder, "state.db"), "");
  mkdirSync(join(replacement.folder, "blobs"));
  replacement.commit();
  const opened = await openDataFolder({ folder: data });
  expect(basename(opened.replaced?.before ?? "")).toBe(`before-restore-${stamp}`);
  expect(opened.prepared).toEqual({ outcome: "created" });
  await opened.release();
  const again = await openDataFolder({ folder: data });
  expect(again.replaced).toBeUndefined();
  await again.release();
});
