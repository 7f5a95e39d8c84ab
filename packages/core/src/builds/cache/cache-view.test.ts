// Entries and blobs as callers of different scopes see them, and every way in which one could be made to see what it should not.
import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, CacheDesk, digestOf, key, main, noise, otherKey, pr } from "./cache.fixture.suite.ts";

describe("an entry", () => {
  test("is found with all that it names, and what it names can be read", async () => {
    await using desk = new CacheDesk();
    expect(await desk.store("out")).toBe("stored");
    const found = desk.view().find(key);
    expect(found).toMatchObject({ scope: "main", by: "tkn_1", body: "out" });
    expect([...(found?.blobs.keys() ?? [])]).toEqual([digestOf("out")]);
    expect(await desk.text(desk.view(), digestOf("out"))).toBe("out");
    expect(desk.view(main, "other").find(key)).toBeUndefined();
  });

  test("is written only if every blob is there", async () => {
    await using desk = new CacheDesk();
    const view = desk.view();
    const { digest } = await view.put({ bytes: bytesOf("one") });
    expect(view.commit({ key, body: "b", digests: [digest, digestOf("two")] })).toBe("incomplete");
    expect(view.find(key)).toBeUndefined();
    await view.put({ bytes: bytesOf("two") });
    expect(view.commit({ key, body: "b", digests: [digest, digestOf("two")] })).toBe("stored");
    expect(view.find(key)?.blobs.size).toBe(2);
  });

  test("is there no more once a blob of it is gone, and can then be written again", async () => {
    await using desk = new CacheDesk();
    await desk.store("out");
    const [file = ""] = desk.files;
    await Bun.file(file).delete();
    expect(desk.view().find(key)).toBeUndefined();
    expect(desk.cache.why(key, undefined).gone).toMatchObject([{ why: "blob_missing", scope: "main" }]);
    expect(await desk.store("out")).toBe("stored");
    expect(desk.view().find(key)?.body).toBe("out");
  });

  test("may be replaced or removed in the own scope where its tool asks for that", async () => {
    await using desk = new CacheDesk();
    await desk.store("one");
    const view = desk.view();
    const { digest } = await view.put({ bytes: bytesOf("two") });
    expect(view.commit({ key, body: "two", digests: [digest], replace: true })).toBe("stored");
    expect(view.find(key)?.body).toBe("two");
    expect([view.remove(key), view.remove(key)]).toEqual([true, false]);
    expect(view.find(key)).toBeUndefined();
  });
});

/** What is replayed where: what is changed in the index, and what is then asked in which scope. */
const replays = [
  ["key", `UPDATE entries SET key = '${otherKey}'`, otherKey, pr],
  ["scope", "UPDATE entries SET scope = 'main'", key, main],
  ["body", "UPDATE entries SET body = 'other'", key, pr],
  ["writer", "UPDATE entries SET by = 'tkn_2'", key, pr],
  ["space", "UPDATE entries SET space = 'other'", key, pr],
  ["blob", `UPDATE entry_blobs SET digest = '${digestOf("main's")}'`, key, pr],
] as const;

describe("poisoning", () => {
  test("a pull-request token that writes main's key writes to its own scope only", async () => {
    await using desk = new CacheDesk();
    expect(await desk.store("evil", { scope: pr })).toBe("stored");
    expect(desk.view(main).find(key)).toBeUndefined();
    expect(await desk.store("good")).toBe("stored");
    expect(desk.view(main).find(key)?.body).toBe("good");
    expect(
      await desk.store("evil 2", { key: otherKey, scope: { own: undefined, reads: ["main"] } }).catch(String),
    ).toMatch(/no cache scope/);
    // It reads what main has, and other pull requests read nothing of it.
    expect(desk.view({ own: "pr-2", reads: ["pr-2", "main"] }).find(key)?.body).toBe("good");
    expect(desk.view({ own: "pr-2", reads: ["pr-2", "main"] }).open(digestOf("evil"))).toBe("missing");
    expect(desk.view(main).open(digestOf("evil"))).toBe("missing");
  });

  test.each(replays)("a good signature replayed under another %s is a miss", async (what, sql, asked, scope) => {
    await using desk = new CacheDesk();
    await desk.store("main's", { key: "ee".repeat(32) });
    await desk.store("out", { scope: pr });
    const db = new Database(join(desk.folder, "index.db"));
    db.run(`${sql} WHERE ${what === "blob" ? "1 = entry - 1" : "scope = 'pr-1'"}`);
    db.close();
    expect(desk.view(scope, what === "space" ? "other" : "test").find(asked)).toBeUndefined();
    expect(desk.cache.why(asked, undefined).gone.map(({ why }) => why)).toEqual(["bad_signature"]);
  });

  test("a blob changed on disk is put aside and a miss, whatever its file's times and length say", async () => {
    await using desk = new CacheDesk();
    await desk.store("good content");
    const [file = ""] = desk.files;
    const { atime, mtime } = statSync(file);
    writeFileSync(file, "evil content");
    utimesSync(file, atime, mtime);
    expect(desk.view().open(digestOf("good content"))).toBe("corrupt");
    expect(desk.view().find(key)).toBeUndefined();
    expect(desk.cache.stats().quarantined).toBe(1);
    expect(await desk.store("good content")).toBe("stored");
    expect(await desk.text(desk.view(), digestOf("good content"))).toBe("good content");
  });

  test("a result that names a blob of another scope, or none, is not kept", async () => {
    await using desk = new CacheDesk();
    const other = { own: "pr-2", reads: ["pr-2", "main"] };
    const { digest } = await desk.view(other).put({ bytes: bytesOf("theirs") });
    expect(desk.view(pr).commit({ key, body: "b", digests: [digest] })).toBe("incomplete");
    expect(desk.view(pr).commit({ key, body: "b", digests: [digestOf("nobody's")] })).toBe("incomplete");
    expect(desk.view(pr).find(key)).toBeUndefined();
    // Whoever shows the bytes may name them.
    await desk.view(pr).put({ bytes: bytesOf("theirs") });
    expect(desk.view(pr).commit({ key, body: "b", digests: [digest] })).toBe("stored");
  });

  test("of two that race for one key with other bytes the first wins, in every order of their writes", async () => {
    await using desk = new CacheDesk();
    const outcomes = await Promise.all([desk.store("first"), desk.store("second"), desk.store("third")]);
    expect(outcomes.toSorted()).toEqual(["kept-first", "kept-first", "stored"]);
    const winner = ["first", "second", "third"][outcomes.indexOf("stored")];
    expect(desk.view().find(key)?.body).toBe(winner);
    await desk.reopen();
    expect(await desk.store("late")).toBe("kept-first");
    expect(desk.view().find(key)?.body).toBe(winner);
  });
});

test("what was written in an earlier life of the machine is read again before it is believed", async () => {
  await using desk = new CacheDesk();
  const content = noise(50_000);
  const { digest } = await desk.view().put({ bytes: content });
  const [file = ""] = desk.files;
  desk.boot = "boot-2";
  await desk.reopen();
  expect(desk.view().open(digest)).toMatchObject({ size: 50_000 });
  // A crash left a hole where its bytes should be: nothing else about the file has changed.
  writeFileSync(file, new Uint8Array(50_000));
  const db = new Database(join(desk.folder, "index.db"));
  const { size, mtimeNs, ctimeNs, ino } = statSync(file, { bigint: true });
  db.run("UPDATE pieces SET stamp = ?", [`${size}:${mtimeNs}:${ctimeNs}:${ino}:boot-2`]);
  db.close();
  desk.boot = "boot-3";
  await desk.reopen();
  expect(desk.view().open(digest)).toBe("corrupt");
});
