// The cache as a whole: what it tells, several that share a folder, and processes that are killed between any two writes.
import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SimulatedClock } from "../../testing/index.ts";
import { CacheDesk, digestOf, key, main, pr } from "./cache.fixture.suite.ts";
import { Cache, cacheFailure } from "./cache.ts";
import { openChild, results } from "./killed-child.suite.ts";
import { cacheLimits } from "./limits.ts";
import { hmacSigner } from "./signing.ts";

describe("a cache", () => {
  test("tells what it has, and what is and was under a key, to whom it concerns", async () => {
    await using desk = new CacheDesk();
    await desk.store("mine", { scope: pr });
    await desk.store("main's");
    desk.view().find(key);
    desk.view(pr).remove(key);
    expect(desk.cache.stats()).toMatchObject({
      entries: 1,
      blobs: 2,
      pieces: 2,
      bytes: 10,
      quarantined: 0,
      spaces: { test: { hits: 1, misses: 0 } },
    });
    expect(desk.cache.why(key, ["main"])).toMatchObject({
      entries: [{ scope: "main", hits: 1, bytes: 6, state: "good" }],
      gone: [],
    });
    expect(desk.cache.why(key, undefined).gone).toMatchObject([{ scope: "pr-1", why: "removed" }]);
  });

  test("has what another process has put into its folder", async () => {
    await using desk = new CacheDesk();
    const other = openChild(desk.folder);
    await desk.store("out");
    expect(other.view({ by: "x", scope: main, space: "test" }).find(key)?.body).toBe("out");
    await other.close();
  });

  test("says what is wrong with a folder that cannot be used", () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-cache-"));
    writeFileSync(join(folder, "index.db"), "this is no database, however long it is ".repeat(100));
    const parts = {
      folder,
      clock: new SimulatedClock(),
      newId: () => "x",
      boot: "b",
      limits: cacheLimits,
      failed: () => undefined,
    };
    expect(() => Cache.open({ ...parts, signer: hmacSigner(new Uint8Array(16)) })).toThrow(
      "could not be read or written",
    );
    rmSync(folder, { recursive: true });
    expect(cacheFailure(Object.assign(new Error("x"), { code: "ENOSPC" })).code).toBe("disk_full");
  });

  test("for programs that come and go is tidied at most once an hour", async () => {
    await using desk = new CacheDesk({ cacheKeptMs: 60_000 });
    await desk.store("out");
    await desk.cache.tidy();
    desk.clock.advance(30 * 60_000);
    await desk.cache.tidy();
    expect(desk.view().peek(key)).toBeDefined();
    desk.clock.advance(31 * 60_000);
    await desk.cache.tidy();
    expect(desk.view().peek(key)).toBeUndefined();
  });
});

describe("a process that is killed", () => {
  test("at any step leaves a cache in which each result is whole or not there", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sluice-killed-"));
    let [steps, whole] = [0, 0];
    for (let stop = 0; ; stop++) {
      const each = join(folder, String(stop));
      const child = Bun.spawn([process.execPath, join(import.meta.dir, "killed-child.suite.ts"), each, String(stop)], {
        stdout: "pipe",
      });
      const said = await new Response(child.stdout).text();
      await child.exited;
      const acknowledged = new Set(said.split("\n"));
      const cache = openChild(each);
      const view = cache.view({ by: "x", scope: main, space: "test" });
      for (const { key: of, files } of results) {
        const found = view.find(of);
        if (acknowledged.has(of)) expect(found).toBeDefined();
        if (found === undefined) continue;
        whole++;
        for (const text of files) {
          const into = join(each, "copy");
          const blob = view.open(digestOf(text));
          if (typeof blob === "string") throw new Error(`A blob of a result that was found is ${blob}.`);
          expect(await view.restore(blob, into)).toBe("ok");
          expect(digestOf(new Uint8Array(await Bun.file(into).arrayBuffer()))).toBe(digestOf(text));
        }
      }
      // Whatever was left, the same work can be done again, and tidied.
      for (const { key: of, files } of results) {
        const kept = await Promise.all(files.map((text) => view.put({ bytes: Buffer.from(text) })));
        expect(["stored", "kept-first"]).toContain(
          view.commit({ key: of, body: of, digests: kept.map(({ digest }) => digest) }),
        );
      }
      await cache.evict();
      await cache.close();
      steps = stop;
      if (child.exitCode === 0) break;
    }
    expect(steps).toBeGreaterThan(8);
    expect(whole).toBeGreaterThan(0);
    rmSync(folder, { recursive: true });
  }, 120_000);
});
