// What tasks leave, put back right or not at all.
import { afterEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { sha256 } from "../hash/fingerprint.ts";
import { machineGit } from "../machine/git.ts";
import { MemoryCache } from "../memory-cache.suite.ts";
import type { OutputEntry } from "../ports.ts";
import { BuildRecords } from "../records/records.ts";
import { Rig, testFiles } from "../rig.suite.ts";
import { badPattern, digestOfOutputs, manifestProblem, Outputs } from "./outputs.ts";

const rigs: Rig[] = [];
afterEach(() => {
  for (const rig of rigs.splice(0)) rig.dispose();
});

const place = { id: "t", folder: "" };
const file = (path: string, content: string, mode = 0o644): OutputEntry => ({
  path,
  type: "file",
  digest: sha256(content),
  size: content.length,
  mode,
});

class Ground {
  readonly rig = new Rig({});
  readonly cache = new MemoryCache();
  records = new BuildRecords(join(this.rig.state, "builds.db"));

  constructor() {
    rigs.push(this.rig);
  }

  get root(): string {
    return this.rig.root;
  }

  /** As the next process sees it. */
  outputs(): Outputs {
    this.records.close();
    this.records = new BuildRecords(join(this.rig.state, "builds.db"));
    return new Outputs({
      files: testFiles,
      git: machineGit(process.env),
      cache: this.cache,
      records: this.records,
      root: this.root,
    });
  }

  async put(...contents: readonly string[]): Promise<void> {
    for (const content of contents) await this.cache.put({ bytes: Buffer.from(content) });
  }
}

describe("what a task has left", () => {
  test("is in place until somebody touches it", async () => {
    const ground = new Ground();
    await ground.put("1", "2");
    const entries = [file("dist/a", "1"), file("dist/b", "2")];
    expect(await ground.outputs().restore(place, { key: "k", log: "l", entries })).toBe(true);
    expect(ground.outputs().inPlace(place, "k")?.outputs).toBe(digestOfOutputs(entries));
    expect(ground.outputs().inPlace(place, "other")).toBeUndefined();
    writeFileSync(join(ground.root, "dist/a"), "x");
    expect(ground.outputs().inPlace(place, "k")).toBeUndefined();
    ground.cache.fetched.length = 0;
    expect(await ground.outputs().restore(place, { key: "k", log: "l", entries })).toBe(true);
    expect(ground.cache.fetched).toEqual([sha256("1")]);
    expect(readFileSync(join(ground.root, "dist/a"), "utf8")).toBe("1");
  });

  test("of which a part is lost or spoilt is not in place, and is not said to be", async () => {
    const ground = new Ground();
    await ground.put("1");
    const entries = [file("dist/a", "1"), file("dist/b", "lost")];
    expect(await ground.outputs().restore(place, { key: "k", log: "l", entries })).toBe(false);
    expect(ground.outputs().inPlace(place, "k")).toBeUndefined();
    ground.cache.blobs.set(sha256("lost"), Buffer.from("spoilt"));
    expect(await ground.outputs().restore(place, { key: "k", log: "l", entries })).toBe(false);
    await ground.outputs().clear(place);
    expect(existsSync(join(ground.root, "dist"))).toBe(false);
  });

  test("is not in place for who comes after a kill in the middle of putting it there, and is put right", async () => {
    const ground = new Ground();
    await ground.put("1", "2", "3");
    await ground
      .outputs()
      .restore(place, { key: "k1", log: "l", entries: [file("dist/a", "3"), file("dist/gone", "3")] });
    const reached = Promise.withResolvers<void>();
    const fetch = ground.cache.fetch.bind(ground.cache);
    // The second file is never written: as far as the disk can tell, the process ended there.
    ground.cache.fetch = (digest, into) => {
      if (digest !== sha256("2")) return fetch(digest, into);
      reached.resolve();
      return new Promise(() => undefined);
    };
    const entries = [file("dist/a", "1"), file("dist/b", "2")];
    void ground.outputs().restore(place, { key: "k2", log: "l", entries });
    await reached.promise;
    expect(readFileSync(join(ground.root, "dist/a"), "utf8")).toBe("1");
    expect([ground.outputs().inPlace(place, "k1"), ground.outputs().inPlace(place, "k2")]).toEqual([
      undefined,
      undefined,
    ]);
    ground.cache.fetch = fetch;
    expect(await ground.outputs().restore(place, { key: "k2", log: "l", entries })).toBe(true);
    expect(readdirSync(join(ground.root, "dist")).toSorted()).toEqual(["a", "b"]);
    expect(ground.outputs().inPlace(place, "k2")?.key).toBe("k2");
  });

  test("replaces what was left before, and nothing that it did not leave", async () => {
    const ground = new Ground();
    await ground.put("1", "2");
    await ground
      .outputs()
      .restore(place, { key: "k1", log: "l", entries: [file("dist/old/a", "1"), file("dist/b", "2")] });
    writeFileSync(join(ground.root, "dist/mine"), "mine");
    await ground.outputs().restore(place, { key: "k2", log: "l", entries: [file("dist/b", "1")] });
    expect(readdirSync(join(ground.root, "dist")).toSorted()).toEqual(["b", "mine"]);
  });

  test("is never written or removed through a link", async () => {
    const ground = new Ground();
    await ground.put("1");
    const outside = join(ground.rig.state, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "a"), "theirs");
    await ground.outputs().restore(place, { key: "k", log: "l", entries: [file("dist/a", "1")] });
    rmSync(join(ground.root, "dist"), { recursive: true });
    symlinkSync(outside, join(ground.root, "dist"));
    await ground.outputs().clear(place);
    expect(readFileSync(join(outside, "a"), "utf8")).toBe("theirs");
    expect(await ground.outputs().restore(place, { key: "k", log: "l", entries: [file("dist/a", "1")] })).toBe(true);
    expect(readFileSync(join(outside, "a"), "utf8")).toBe("theirs");
    expect(lstatSync(join(ground.root, "dist")).isDirectory()).toBe(true);
  });

  test("does not take the place of a folder that holds something else", async () => {
    const ground = new Ground();
    await ground.put("1");
    ground.rig.write({ "dist/a/mine": "mine" });
    expect(await ground.outputs().restore(place, { key: "k", log: "l", entries: [file("dist/a", "1")] })).toBe(false);
    expect(readFileSync(join(ground.root, "dist/a/mine"), "utf8")).toBe("mine");
  });

  test("is collected with links, programs and empty folders, without what is excluded", async () => {
    const ground = new Ground();
    ground.rig.write({ "dist/a": "1", "dist/cache/x": "2", "node_modules/y": "3" });
    mkdirSync(join(ground.root, "dist/empty"));
    symlinkSync("a", join(ground.root, "dist/l"));
    const entries = await ground.outputs().keep("", ["dist/**", "!dist/cache/**"]);
    expect(entries.map(({ path, type }) => `${type} ${path}`)).toEqual([
      "file dist/a",
      "dir dist/empty",
      "link dist/l",
    ]);
    expect(
      ground
        .outputs()
        .collect("", ["**"])
        .map(({ path }) => path),
    ).not.toContain("node_modules/y");
  });
});

test("whatever is lost or spoilt of a cache, what is in place afterwards is right, or it is said that it is not", async () => {
  const contents = ["0", "11", "222", "3333"];
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          files: fc.subarray(contents),
          hurt: fc.array(fc.tuple(fc.nat(3), fc.boolean()), { maxLength: 2 }),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      async (rounds) => {
        const ground = new Ground();
        for (const [round, { files, hurt }] of rounds.entries()) {
          await ground.put(...contents);
          for (const [at, isLost] of hurt) {
            const digest = sha256(contents[at] ?? "");
            if (isLost) ground.cache.blobs.delete(digest);
            else ground.cache.blobs.set(digest, Buffer.from("spoilt"));
          }
          const entries = files.map((content) => file(`dist/${content}`, content));
          const isWhole = await ground.outputs().restore(place, { key: `k${round}`, log: "l", entries });
          const isSaid = ground.outputs().inPlace(place, `k${round}`) !== undefined;
          expect(isSaid).toBe(isWhole);
          if (!isWhole) continue;
          const there = existsSync(join(ground.root, "dist")) ? readdirSync(join(ground.root, "dist")).toSorted() : [];
          expect(there).toEqual([...files].toSorted());
          for (const content of files) expect(readFileSync(join(ground.root, "dist", content), "utf8")).toBe(content);
        }
      },
    ),
    { numRuns: 30 },
  );
});

const refused: readonly [string, readonly OutputEntry[]][] = [
  ["climbs out", [file("../a", "1")]],
  ["is absolute", [file("/etc/a", "1")]],
  ["lies behind a link", [{ path: "dist/l", type: "link", target: "/etc" }, file("dist/l/passwd", "1")]],
  ["is there twice", [file("a", "1"), file("a", "2")]],
  ["has a detour", [file("dist/./a", "1")]],
];
test.each(refused)("a manifest in which something %s is refused", async (_what, entries) => {
  const ground = new Ground();
  expect(manifestProblem(entries)).toBeString();
  expect(await ground.outputs().restore(place, { key: "k", log: "l", entries })).toBe(false);
  expect(readdirSync(ground.root)).toEqual([]);
});

test("a pattern that leads out of the package is known", () => {
  expect([badPattern(["dist/**", "../b/**"]), badPattern(["!/x"]), badPattern(["dist/**"])]).toEqual([
    "../b/**",
    "!/x",
    undefined,
  ]);
});

test("of modes only what makes a program counts", () => {
  expect(digestOfOutputs([file("a", "1", 0o644)])).toBe(digestOfOutputs([file("a", "1", 0o664)]));
  expect(digestOfOutputs([file("a", "1", 0o644)])).not.toBe(digestOfOutputs([file("a", "1", 0o755)]));
});
