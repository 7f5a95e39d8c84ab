import { describe, expect, test } from "bun:test";
import { writeFileSync, mkdirSync, utimesSync, existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { CacheDesk, dayMs, digestOf, main, noise } from "./cache.fixture.suite.ts";

const keyOf = (n: number): string => digestOf(`key ${n}`);

async function store(desk: CacheDesk, n: number, bytes = 10_000): Promise<void> {
  const { digest } = await desk.view().put({ bytes: noise(bytes, n + 1) });
  desk.view().commit({ key: keyOf(n), body: "", digests: [digest] });
}

function there(desk: CacheDesk, count: number): readonly number[] {
  return Array.from({ length: count }, (_, n) => n).filter((n) => desk.view().peek(keyOf(n)) !== undefined);
}

describe("eviction", () => {
  test("takes what nobody has used for long, with its files", async () => {
    await using desk = new CacheDesk();
    for (const n of [0, 1, 2]) await store(desk, n);
    desk.clock.advance(20 * dayMs);
    desk.view().find(keyOf(1));
    desk.clock.advance(11 * dayMs);
    // The clock has had it done meanwhile.
    await desk.cache.evict();
    expect(there(desk, 3)).toEqual([1]);
    expect(desk.files).toHaveLength(1);
    expect(desk.cache.why(keyOf(0), undefined)).toMatchObject({ entries: [], gone: [{ why: "age" }] });
    expect(desk.cache.stats()).toMatchObject({ entries: 1, blobs: 1, pieces: 1, bytes: 10_000 });
  });

  test("past the size takes what was used least recently, and nothing that is in use", async () => {
    await using desk = new CacheDesk({ cacheBytesMax: 45_000 });
    for (const n of [0, 1, 2, 3]) {
      await store(desk, n);
      desk.clock.advance(2 * 3_600_000);
    }
    desk.view().find(keyOf(0));
    await store(desk, 4);
    desk.clock.advance(1_000);
    await desk.cache.evict();
    // 50,000 bytes down to at most 40,500: one has to go, and that is not the first.
    expect(there(desk, 5)).toEqual([0, 2, 3, 4]);
    for (const n of [5, 6, 7, 8]) await store(desk, n);
    await desk.cache.evict();
    expect(there(desk, 9)).toEqual([0, 4, 5, 6, 7, 8]);
    expect(desk.cache.why(keyOf(2), undefined).gone).toMatchObject([{ why: "size" }]);
  });

  test("begins by itself when there is too much", async () => {
    await using desk = new CacheDesk({ cacheBytesMax: 25_000 });
    for (const n of [0, 1]) await store(desk, n);
    desk.clock.advance(3_600_000 * 2);
    await store(desk, 2);
    desk.clock.advance(1);
    // It is under way: this one waits for it.
    await desk.cache.evict();
    expect(there(desk, 3)).toEqual([1, 2]);
  });

  test("leaves a blob that another entry names, or that is on its way to be named", async () => {
    await using desk = new CacheDesk();
    const { digest } = await desk.view().put({ bytes: noise(5_000) });
    desk.view().commit({ key: keyOf(0), body: "", digests: [digest] });
    desk.clock.advance(29 * dayMs);
    desk.view().commit({ key: keyOf(1), body: "", digests: [digest] });
    desk.clock.advance(2 * dayMs);
    const late = await desk.view().put({ bytes: noise(5_000, 9) });
    await desk.cache.evict(1);
    expect(there(desk, 2)).toEqual([]);
    expect(desk.view().open(late.digest)).toMatchObject({ size: 5_000 });
    expect(desk.view().commit({ key: keyOf(2), body: "", digests: [late.digest] })).toBe("stored");
  });

  test("removes files that no row knows, once their writer has had time", async () => {
    await using desk = new CacheDesk();
    await store(desk, 0);
    const orphan = join(desk.folder, "blobs", "ab", "cd".repeat(31));
    mkdirSync(dirname(orphan), { recursive: true });
    writeFileSync(orphan, "x");
    await desk.cache.evict();
    expect(existsSync(orphan)).toBe(true);
    const longAgo = new Date(desk.clock.now() - 2 * 3_600_000);
    utimesSync(orphan, longAgo, longAgo);
    await desk.cache.evict();
    expect(existsSync(orphan)).toBe(false);
    expect(there(desk, 1)).toEqual([0]);
  });

  test("that races writers and readers leaves each result whole or a miss", async () => {
    await using desk = new CacheDesk({ cacheInUseMs: 0 });
    for (let round = 0; round < 20; round++) {
      desk.clock.advance(2 * 3_600_000);
      const work = Array.from({ length: 5 }, (_, n) => store(desk, n, 6_000 + n));
      await Promise.all([...work, desk.cache.evict(12_000), desk.cache.evict(12_000)]);
      for (const n of there(desk, 5)) {
        const [[digest] = [""]] = [...(desk.view(main).peek(keyOf(n))?.blobs ?? [])];
        expect(digest).toBe(digestOf(noise(6_000 + n, n + 1)));
        const blob = desk.view().open(digest);
        if (typeof blob === "string") throw new Error(`A blob of a result that was found is ${blob}.`);
        const content = Buffer.concat(await Array.fromAsync(desk.view().content(blob)));
        expect(digestOf(content)).toBe(digest);
      }
    }
  });
});
