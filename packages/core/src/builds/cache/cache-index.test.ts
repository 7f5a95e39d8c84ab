import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CacheIndex } from "./cache-index.ts";

describe("the index of a cache", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-index-"));
  const index = new CacheIndex(join(folder, "index.db"));
  const raw = (hash: string) => ({ hash, coding: "raw" as const, bytes: 5 });

  test("knows the bytes of its files, shared ones once, and forgets blobs with their files", () => {
    for (const hash of ["p1", "p2"]) index.putPiece({ hash, bytes: 5, stamp: "s" });
    index.putPiece({ hash: "p1", bytes: 5, stamp: "s2" });
    expect([index.bytes, index.stampOf("p1")]).toEqual([10, "s2"]);
    index.putBlob({ digest: "d1", size: 5, pieces: [raw("p1")], now: 1 });
    index.putBlob({ digest: "d2", size: 10, pieces: [raw("p1"), raw("p2")], now: 1 });
    expect(index.loosePieces(10)).toEqual([]);
    index.hold({ digest: "d1", scope: "main", by: "x" });
    expect([index.isHeld("d1", ["pr", "main"]), index.isHeld("d1", ["pr"])]).toEqual([true, false]);
    index.dropPiece("p2");
    expect([index.blob("d2"), index.blob("d1")?.pieces, index.bytes]).toEqual([undefined, [raw("p1")], 5]);
    index.dropBlob("d1");
    expect([index.isHeld("d1", ["main"]), index.loosePieces(10)]).toEqual([false, [{ hash: "p1", bytes: 5 }]]);
  });

  test("is one for all who open it, and takes back what failed", () => {
    const other = new CacheIndex(join(folder, "index.db"));
    other.count("hits:x", 2);
    expect(() =>
      index.together(() => {
        index.count("hits:x", 5);
        throw new Error("no");
      }),
    ).toThrow("no");
    expect(index.counts()["hits:x"]).toBe(2);
    other.close();
  });

  test("remembers why an entry went", () => {
    index.putEntry({
      scope: "main",
      space: "s",
      key: "k",
      by: "x",
      body: "",
      signature: "",
      createdAt: 3,
      digests: ["d"],
    });
    const { id = 0 } = index.entry("main", "s", "k") ?? {};
    expect([index.digestsOf(id), index.isNamed("d")]).toEqual([["d"], true]);
    index.dropEntry(id, "size", 9);
    expect([index.isNamed("d"), index.goneUnder("k")]).toEqual([
      false,
      [{ scope: "main", space: "s", why: "size", at: 9 }],
    ]);
    index.close();
    rmSync(folder, { recursive: true });
  });
});
