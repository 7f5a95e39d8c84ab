import { afterAll, describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobs } from "./blobs.ts";
import { refusal } from "./run-store.fixture.suite.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-blobs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const fresh = () => {
  const folder = join(root, String(count++));
  return { folder, blobs: openBlobs({ folder }) };
};
const bytes = (text: string) => new TextEncoder().encode(text);
const hashOf = (data: Uint8Array) => createHash("sha256").update(data).digest("hex");
const pathOf = (folder: string, hash: string) => join(folder, hash.slice(0, 2), hash.slice(2));
const inFuture = () => Date.now() + 1_000_000;
const none = async () => [];

describe("blobs", () => {
  test("are files named by their content, whole and private", async () => {
    const { folder, blobs } = fresh();
    const data = crypto.getRandomValues(new Uint8Array(60_000));
    const { hash } = await blobs.put(data);
    expect(hash).toBe(hashOf(data));
    expect(await blobs.get(hash)).toEqual(data);
    expect([await blobs.has(hash), await blobs.isIntact(hash)]).toEqual([true, true]);
    expect(statSync(pathOf(folder, hash)).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, "parts"))).toEqual([]);
    expect(await Array.fromAsync(blobs.list())).toEqual([hash]);
  });

  test("are kept once, however often and at the same time they are put", async () => {
    const { folder, blobs } = fresh();
    const puts = await Promise.all(Array.from({ length: 20 }, () => blobs.put(bytes("same"))));
    expect(new Set(puts.map(({ hash }) => hash)).size).toBe(1);
    const path = pathOf(folder, puts[0]!.hash);
    const { ino } = statSync(path);
    await blobs.put(bytes("same"));
    expect(statSync(path).ino).toBe(ino);
  });

  test("that are not there are absent, whatever the name", async () => {
    const { blobs } = fresh();
    for (const name of ["ab".repeat(32), "", "../../etc/passwd", "AB".repeat(32), `${"a".repeat(64)}/..`]) {
      expect(await blobs.get(name)).toBeUndefined();
      expect(await blobs.has(name)).toBe(false);
    }
    expect(await Array.fromAsync(blobs.list())).toEqual([]);
  });

  test("that cannot be written leave nothing half done, and can be put again", async () => {
    const { folder, blobs } = fresh();
    mkdirSync(folder);
    const hash = hashOf(bytes("x"));
    writeFileSync(join(folder, hash.slice(0, 2)), "a file where the folder should be");
    expect(await refusal(blobs.put(bytes("x")))).toBe("store_failed");
    rmSync(join(folder, hash.slice(0, 2)));
    const { release } = await blobs.put(bytes("x"));
    release();
    expect(await blobs.collect({ inUse: none, olderThanMs: 0, now: inFuture() })).toEqual({ deleted: 1, bytes: 1 });
  });
});

describe("collecting blobs", () => {
  test("deletes what is old, named by nobody and held by nobody", async () => {
    const { folder, blobs } = fresh();
    const [held, named, young, loose] = await Promise.all(
      ["held", "named", "young", "loose"].map((text) => blobs.put(bytes(text))),
    );
    for (const put of [named, young, loose]) put?.release();
    const soon = inFuture() / 1_000 + 10;
    utimesSync(pathOf(folder, young!.hash), soon, soon);
    const asked: string[] = [];
    const inUse = async (hashes: readonly string[]) => {
      asked.push(...hashes);
      return hashes.filter((hash) => hash === named!.hash);
    };
    expect(await blobs.collect({ inUse, olderThanMs: 0, now: inFuture() })).toEqual({ deleted: 1, bytes: 5 });
    expect(asked.toSorted()).toEqual([named!.hash, loose!.hash].toSorted());
    const left = await Array.fromAsync(blobs.list());
    expect(left.toSorted()).toEqual([held!.hash, named!.hash, young!.hash].toSorted());
    held!.release();
    held!.release();
    expect(await blobs.collect({ inUse, olderThanMs: 0, now: inFuture() })).toMatchObject({ deleted: 1 });
  });

  test("never takes a blob that is put again meanwhile", async () => {
    const { blobs } = fresh();
    const first = await blobs.put(bytes("again"));
    first.release();
    const rows = new Set<string>();
    const inUse = async (hashes: readonly string[]) => {
      // The row that names it is written after the question was answered, and the blob is let go.
      const again = await blobs.put(bytes("again"));
      const answer = hashes.filter((hash) => rows.has(hash));
      rows.add(first.hash);
      again.release();
      return answer;
    };
    expect(await blobs.collect({ inUse, olderThanMs: 0, now: inFuture() })).toEqual({ deleted: 0, bytes: 0 });
    expect(await blobs.isIntact(first.hash)).toBe(true);
  });

  test("and putting the same bytes at any moment leaves the blob there", async () => {
    const { blobs } = fresh();
    for (let round = 0; round < 50; round++) {
      const put = await blobs.put(bytes("busy"));
      put.release();
      const [held] = await Promise.all([
        (async () => {
          for (let i = 0; i < round % 7; i++) await Promise.resolve();
          return blobs.put(bytes("busy"));
        })(),
        blobs.collect({ inUse: none, olderThanMs: 0, now: inFuture() }),
      ]);
      expect(await blobs.has(held.hash)).toBe(true);
      held.release();
    }
  });

  test("and putting the same bytes while they are being deleted writes them anew", async () => {
    const { blobs } = fresh();
    for (let round = 0; round < 200; round++) {
      (await blobs.put(bytes("busy"))).release();
      const again = Promise.withResolvers<Awaited<ReturnType<typeof blobs.put>>>();
      // Its hash takes longer than the answer: nobody holds the blob when it is decided that nobody needs it.
      const inUse = async () => {
        again.resolve(blobs.put(bytes("busy")));
        return [];
      };
      await blobs.collect({ inUse, olderThanMs: 0, now: inFuture() });
      const { hash, release } = await again.promise;
      expect(await blobs.has(hash)).toBe(true);
      release();
    }
  });

  test("also removes what a put left behind when its process died", async () => {
    const { folder, blobs } = fresh();
    (await blobs.put(bytes("x"))).release();
    const left = join(folder, "parts", "left-over");
    writeFileSync(left, "half");
    await blobs.collect({ inUse: async (hashes) => hashes, olderThanMs: 0, now: Date.now() });
    expect(existsSync(left)).toBe(true);
    await blobs.collect({ inUse: async (hashes) => hashes, olderThanMs: 0, now: Date.now() + 4_000_000 });
    expect(existsSync(left)).toBe(false);
  });
});

describe("a blob that comes piece by piece", () => {
  async function* pieces(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
    for (const text of texts) yield bytes(text);
  }
  const parts = (folder: string) => readdirSync(join(folder, "parts"));

  test("is there when all of it is and it is what its name says, and leaves nothing otherwise", async () => {
    const { folder, blobs } = fresh();
    const hash = hashOf(bytes("one two"));
    const take = (texts: readonly string[], bytesMax = 100) =>
      blobs.receive({ hash, pieces: pieces(...texts), bytesMax });
    expect(await take(["one ", "tw"])).toEqual({ outcome: "other_content" });
    expect(await take(["one ", "two"], 6)).toEqual({ outcome: "too_long" });
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes("one ");
      throw new Error("the line broke");
    }
    expect(await refusal(blobs.receive({ hash, pieces: broken(), bytesMax: 9 }))).toBe("store_failed");
    expect([await blobs.has(hash), parts(folder)]).toEqual([false, []]);
    expect(await take(["one ", "", "two"])).toMatchObject({ outcome: "kept", bytes: 7 });
    expect([await blobs.isIntact(hash), parts(folder)]).toEqual([true, []]);
    expect(statSync(pathOf(folder, hash)).mode & 0o777).toBe(0o600);
    const elsewhere = blobs.receive({ hash: "../../x", pieces: pieces("x"), bytesMax: 9 });
    expect(await elsewhere).toEqual({ outcome: "other_content" });
  });

  test("is not collected until it is let go, and mends one that was changed", async () => {
    const { folder, blobs } = fresh();
    const hash = hashOf(bytes("again"));
    const first = await blobs.receive({ hash, pieces: pieces("again"), bytesMax: 9 });
    const collect = () => blobs.collect({ inUse: none, olderThanMs: 0, now: inFuture() });
    expect(await collect()).toEqual({ deleted: 0, bytes: 0 });
    writeFileSync(pathOf(folder, hash), "changed");
    const second = await blobs.receive({ hash, pieces: pieces("ag", "ain"), bytesMax: 9 });
    expect(await blobs.isIntact(hash)).toBe(true);
    for (const taken of [first, second]) if (taken.outcome === "kept") taken.release();
    expect(await collect()).toEqual({ deleted: 1, bytes: 5 });
  });

  test("is swept away half written by whoever locks the folder next", async () => {
    const { folder, blobs } = fresh();
    await blobs.discardParts();
    (await blobs.put(bytes("x"))).release();
    writeFileSync(join(folder, "parts", "half"), "half");
    await openBlobs({ folder }).discardParts();
    expect(parts(folder)).toEqual([]);
    expect(await Array.fromAsync(blobs.list())).toEqual([hashOf(bytes("x"))]);
  });
});

describe("a blob whose bytes changed on the disk", () => {
  const damage = (folder: string, hash: string, text: string): void => {
    const path = pathOf(folder, hash);
    writeFileSync(path, text);
    // Another time than the one before, however soon after it this is.
    utimesSync(path, 1_000, 1_000);
  };
  const watched = () => {
    const folder = join(root, String(count++));
    const damaged: string[] = [];
    return { folder, damaged, blobs: openBlobs({ folder, onDamaged: (hash) => damaged.push(hash) }) };
  };
  const put = async (blobs: ReturnType<typeof openBlobs>, text: string): Promise<string> => {
    const { hash, release } = await blobs.put(bytes(text));
    release();
    return hash;
  };

  test("is not there when it is read or looked for, is told of once, and is put aside", async () => {
    for (const how of ["get", "find"] as const) {
      const { folder, damaged, blobs } = watched();
      const hash = await put(blobs, "as it was");
      damage(folder, hash, "as it !as");
      expect([await blobs[how](hash), await blobs[how](hash)]).toEqual([undefined, undefined]);
      expect([await blobs.has(hash), damaged]).toEqual([false, [hash]]);
      expect(readFileSync(join(folder, "damaged", hash), "utf8")).toBe("as it !as");
      expect(await Array.fromAsync(blobs.list())).toEqual([]);
      expect(await put(blobs, "as it was")).toBe(hash);
      expect(new TextDecoder().decode(await blobs.get(hash))).toBe("as it was");
    }
  });

  test("is noticed by whoever opens the folder anew, also where size and times are as they were", async () => {
    const { folder, blobs } = watched();
    const long = "x".repeat(5_000_000);
    const hashes = [await put(blobs, "short"), await put(blobs, long)];
    const again = openBlobs({ folder });
    for (const hash of hashes) expect(await again.find(hash)).toMatchObject({ file: pathOf(folder, hash) });
    for (const hash of hashes) {
      const { size, atime, mtime } = statSync(pathOf(folder, hash));
      writeFileSync(pathOf(folder, hash), "y".repeat(size));
      utimesSync(pathOf(folder, hash), atime, mtime);
      expect(await openBlobs({ folder }).find(hash)).toBeUndefined();
    }
  });

  test("is found by many at once, and not written again where it is as it was", async () => {
    const { folder, blobs } = watched();
    const hash = await put(blobs, "kept");
    const again = openBlobs({ folder });
    const found = await Promise.all(Array.from({ length: 20 }, () => again.find(hash)));
    expect(new Set(found.map((each) => each?.bytes))).toEqual(new Set([4]));
    const { ino } = statSync(pathOf(folder, hash));
    await put(again, "kept");
    expect(statSync(pathOf(folder, hash)).ino).toBe(ino);
  });

  test("is mended by whoever puts it again, and is left in its place while somebody does", async () => {
    const { folder, damaged, blobs } = watched();
    const hash = await put(blobs, "mended");
    damage(folder, hash, "broken");
    const { release } = await blobs.put(bytes("mended"));
    expect([await blobs.isIntact(hash), damaged]).toEqual([true, []]);
    damage(folder, hash, "broken");
    expect([await blobs.get(hash), await blobs.has(hash), damaged]).toEqual([undefined, true, []]);
    release();
    expect([await blobs.get(hash), await blobs.has(hash), damaged]).toEqual([undefined, false, [hash]]);
  });

  test("puts and reads of it at any moment leave it whole", async () => {
    const { folder, blobs } = watched();
    const hash = await put(blobs, "busy");
    for (let round = 0; round < 50; round++) {
      damage(folder, hash, `busy ${round}`);
      const [held] = await Promise.all([
        (async () => {
          for (let i = 0; i < round % 7; i++) await Promise.resolve();
          return blobs.put(bytes("busy"));
        })(),
        blobs.find(hash),
        blobs.get(hash),
      ]);
      expect(await blobs.isIntact(hash)).toBe(true);
      held.release();
    }
  });

  test("is kept aside for a week", async () => {
    const { folder, blobs } = watched();
    const hash = await put(blobs, "old");
    damage(folder, hash, "odd");
    await blobs.get(hash);
    const aside = join(folder, "damaged", hash);
    const collect = (days: number) =>
      blobs.collect({ inUse: none, olderThanMs: 0, now: Date.now() + days * 86_400_000 });
    await collect(6);
    expect(existsSync(aside)).toBe(true);
    await collect(8);
    expect(existsSync(aside)).toBe(false);
  });
});
