// Blobs in scopes over real files: uploads that race each other and the collection, and what is let go of.
import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MemoryRunStore } from "@sluice/core/store/memory";
import { openBlobs } from "@sluice/core/store/sqlite";
import { CodeStore } from "../bundle-store.ts";
import { Collector } from "../compose-cleaning.ts";
import { ScopedBlobs } from "./scoped-blobs.ts";

const root = mkdtempSync(join(tmpdir(), "sluice-scoped-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const main = { own: "main", reads: ["main"] };
const pr = { own: "pr-1", reads: ["pr-1", "main"] };
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const digestOf = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  for (const character of text) yield new TextEncoder().encode(character);
}

class Desk {
  readonly store = new MemoryRunStore();
  readonly files;
  readonly blobs;
  readonly #collector;
  passedMs = 0;

  constructor(name: string) {
    this.files = openBlobs({ folder: join(root, name) });
    const clock = { now: () => Date.now() + this.passedMs, after: () => () => undefined };
    const limits = { blobBytesMax: 1_000, blobUploadsMax: 100 };
    this.blobs = new ScopedBlobs({ store: this.store.blobScopes, files: this.files, clock, limits });
    this.#collector = new Collector({
      store: this.store,
      blobScopes: this.store.blobScopes,
      blobs: this.files,
      code: new CodeStore(join(root, `${name} code`), this.files),
      clock,
      log: () => undefined,
      current: () => "",
      blobKeptMs: 10 * dayMs,
    });
  }

  put(text: string, scope = main) {
    return this.blobs.store({ by: "tkn_1", scope, hash: digestOf(text), pieces: pieces(text) });
  }

  collect(): Promise<void> {
    return this.#collector.collect();
  }
}

describe("uploads", () => {
  test("of one blob that race are all answered, and keep it once for each scope", async () => {
    const desk = new Desk("race");
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => desk.put("same", i % 2 === 0 ? main : pr)));
    expect(answers.every((answer) => answer.ok && answer.value.bytes === 4)).toBe(true);
    expect(answers.filter((answer) => answer.ok && answer.value.isNew)).toHaveLength(2);
    expect(await Array.fromAsync(desk.files.list())).toEqual([digestOf("same")]);
    expect(await desk.files.isIntact(digestOf("same"))).toBe(true);
  });

  test("that race the collection are never taken, whether the blob is new or about to go", async () => {
    const desk = new Desk("collect");
    for (let round = 0; round < 30; round++) {
      const text = `round ${round % 3}`;
      desk.passedMs += 20 * dayMs;
      const [stored] = await Promise.all([desk.put(text, round % 2 === 0 ? main : pr), desk.collect()]);
      expect(stored.ok).toBe(true);
      expect(await desk.blobs.missing(pr, [digestOf(text)])).toEqual([]);
      expect(await desk.files.isIntact(digestOf(text))).toBe(true);
    }
  });
});

describe("what nobody uses", () => {
  test("goes after its time, and neither what is read nor what is asked for nor what a build names", async () => {
    const desk = new Desk("unused");
    for (const text of ["read", "asked", "named", "idle"]) expect((await desk.put(text)).ok).toBe(true);
    await desk.store.builds.createBuild({
      by: { kind: "user", id: "ada" },
      build: {
        id: "b",
        target: "t",
        options: new Uint8Array([0x80]),
        on: { capabilities: [], labels: [] },
        createdAt: 1,
      },
      blobs: [digestOf("named")],
      queuedMax: 1,
    });
    desk.passedMs = 6 * dayMs;
    expect(await desk.blobs.find(main, digestOf("read"))).toMatchObject({ bytes: 4 });
    expect(await desk.blobs.missing(main, ["asked", "other"].map(digestOf))).toEqual([digestOf("other")]);
    desk.passedMs = 12 * dayMs;
    await desk.collect();
    const there = ["read", "asked", "named", "idle"].filter((text) => existsSync(desk.files.fileOf(digestOf(text))));
    expect(there).toEqual(["read", "asked", "named"]);
    expect(await desk.blobs.find(main, digestOf("idle"))).toBeUndefined();
    expect(await desk.blobs.find(main, digestOf("named"))).toMatchObject({ bytes: 5 });
    desk.passedMs = 40 * dayMs;
    await desk.collect();
    expect(await Array.fromAsync(desk.files.list())).toEqual([digestOf("named")]);
  });

  test("is noted once a day at most, and a row without its file is no blob", async () => {
    const desk = new Desk("noted");
    await desk.put("x");
    let writes = 0;
    const useBlobs = desk.store.blobScopes.useBlobs.bind(desk.store.blobScopes);
    desk.store.blobScopes.useBlobs = (p) => {
      writes++;
      return useBlobs(p);
    };
    for (const passedMs of [0, hourMs, 25 * hourMs, 26 * hourMs]) {
      desk.passedMs = passedMs;
      await desk.blobs.find(main, digestOf("x"));
    }
    expect(writes).toBe(1);
    rmSync(desk.files.fileOf(digestOf("x")));
    expect(await desk.blobs.find(main, digestOf("x"))).toBeUndefined();
  });
});
