import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bytesOf, CacheDesk, digestOf, main, noise, pr } from "./cache.fixture.suite.ts";

const long = 10 * 1024 * 1024;

async function contentOf(desk: CacheDesk, digest: string): Promise<string> {
  const into = join(desk.folder, "copy");
  expect(await desk.restore(digest, into)).toBe("ok");
  return digestOf(desk.read(into));
}

describe("a blob", () => {
  test.each([
    ["empty", new Uint8Array(0), 0],
    ["short", bytesOf("a"), 1],
    ["packed", bytesOf("words ".repeat(10_000)), 1],
    ["not worth packing", noise(100_000), 1],
    ["long", noise(long, 5), 8],
    ["long and packed", bytesOf("words and more of them ".repeat(500_000)), 3],
  ])("that is %s is what it was, and so is the file made of it", async (_what, bytes, files) => {
    await using desk = new CacheDesk();
    const { digest, size } = await desk.view().put({ bytes });
    expect([digest, size]).toEqual([digestOf(bytes), bytes.length]);
    expect(desk.files.length).toBeGreaterThanOrEqual(Math.min(1, files));
    expect(desk.files.length).toBeLessThanOrEqual(files + 6);
    expect(await contentOf(desk, digest)).toBe(digest);
    await desk.reopen();
    expect(await contentOf(desk, digest)).toBe(digest);
  });

  test("is packed where that pays", async () => {
    await using desk = new CacheDesk();
    await desk.view().put({ bytes: bytesOf("words ".repeat(10_000)) });
    expect(desk.cache.stats().bytes).toBeLessThan(1_000);
  });

  test("may come from a file, or piece by piece, and takes no more memory for that", async () => {
    await using desk = new CacheDesk();
    const path = join(desk.folder, "file");
    writeFileSync(path, noise(long, 3));
    const fromFile = await desk.view().put({ path });
    const pieces = async function* (): AsyncGenerator<Uint8Array> {
      const bytes = noise(long, 3);
      for (let at = 0; at < long; at += 60_000) yield bytes.subarray(at, at + 60_000);
    };
    const before = desk.files.length;
    expect(await desk.view(pr).put({ pieces: pieces() })).toEqual(fromFile);
    expect(desk.files).toHaveLength(before);
    writeFileSync(join(desk.folder, "small"), "small");
    symlinkSync("small", join(desk.folder, "link"));
    expect((await desk.view().put({ path: join(desk.folder, "link") })).digest).toBe(digestOf("small"));
  });

  test("shares its pieces with the next version of it", async () => {
    await using desk = new CacheDesk();
    const bytes = noise(long, 5);
    await desk.view().put({ bytes });
    const { bytes: before } = desk.cache.stats();
    await desk
      .view()
      .put({ bytes: Buffer.concat([bytes.subarray(0, long / 2), bytesOf("an edit"), bytes.subarray(long / 2)]) });
    expect(desk.cache.stats().bytes - before).toBeLessThan(long / 2);
  });

  test("that is too long, or whose source fails, leaves nothing that can be found", async () => {
    await using desk = new CacheDesk({ cacheBlobBytesMax: 1_000 });
    expect(
      await desk
        .view()
        .put({ bytes: noise(1_001) })
        .catch(String),
    ).toMatch(/longer than 1000 bytes/);
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield bytesOf("half");
      throw new Error("hung up");
    };
    expect(await desk.view().put({ pieces: failing() }).catch(String)).toMatch(/hung up/);
    expect(desk.view().open(digestOf("half"))).toBe("missing");
    expect(desk.cache.stats()).toMatchObject({ blobs: 0, pieces: 0 });
  });

  test("after any corruption of its files is right, or missing, or corrupt, and never wrong", async () => {
    await using desk = new CacheDesk();
    const contents = [bytesOf("short"), bytesOf("words ".repeat(3_000)), noise(9_000), noise(long, 4)];
    for (let round = 0; round < 24; round++) {
      const digests: string[] = [];
      for (const bytes of contents) digests.push((await desk.view().put({ bytes })).digest);
      const victim = desk.files[(round * 7) % desk.files.length] ?? "";
      const { size } = statSync(victim);
      if (round % 3 === 0) truncateSync(victim, Math.floor(size / 2));
      else if (round % 3 === 1) writeFileSync(victim, noise(size, round + 100));
      else await Bun.file(victim).delete();
      let wrong = 0;
      for (const digest of digests) {
        const into = join(desk.folder, `out-${round}`);
        const outcome = await desk.restore(digest, into);
        if (outcome === "ok") expect(digestOf(desk.read(into))).toBe(digest);
        else {
          wrong++;
          expect(existsSync(into)).toBe(false);
          expect(desk.view().open(digest)).toBe("missing");
        }
        if (existsSync(into)) await Bun.file(into).delete();
      }
      expect(wrong).toBe(1);
    }
    expect(readdirSync(desk.folder).filter((name) => name.endsWith(".part"))).toEqual([]);
  });

  test("that nobody may keep is measured only", async () => {
    await using desk = new CacheDesk();
    expect(await desk.view({ own: undefined, reads: ["main"] }).measure({ bytes: bytesOf("x") })).toEqual({
      digest: digestOf("x"),
      size: 1,
    });
    expect(desk.view(main).open(digestOf("x"))).toBe("missing");
    expect(desk.files).toEqual([]);
  });
});

test("more at once than may be wait for their turn, and all are kept", async () => {
  await using desk = new CacheDesk({ cacheUploadsMax: 2 });
  let [open, most] = [0, 0];
  const texts = Array.from({ length: 9 }, (_, n) => `text ${n}`);
  const kept = await Promise.all(
    texts.map((text) => {
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        most = Math.max(most, ++open);
        yield await Promise.resolve(bytesOf(text));
        open--;
        if (text === "text 3") throw new Error("hung up");
      };
      return desk
        .view()
        .put({ pieces: pieces() })
        .then(
          ({ digest }) => digest,
          () => "failed",
        );
    }),
  );
  expect(most).toBe(2);
  expect(kept).toEqual(texts.map((text) => (text === "text 3" ? "failed" : digestOf(text))));
});
