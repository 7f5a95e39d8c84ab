// What is taken for a backup: one that is whole in every byte and whose database could be opened as a data folder's.
import { Database } from "bun:sqlite";
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@sluice/core";
import { openBlobs, openSqliteStore } from "@sluice/core/store/sqlite";
import { backupNames, streamBackup } from "./compose-backup.ts";
import { restoreBackup } from "./compose-restore.ts";
import { writeTar } from "./compose-tar.ts";
import type { TarFile } from "./compose-tar.ts";
import { stageBackup } from "./compose-unpack.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-unpack-"));
const source = join(work, "source");
const large = new Uint8Array(100_000).fill(7);
let archive: Uint8Array;
let folders = 0;

beforeAll(async () => {
  mkdirSync(source);
  const fail = (error: Error): never => {
    throw error;
  };
  const store = await openSqliteStore({ file: join(source, "state.db"), onFatal: fail });
  const blobs = openBlobs({ folder: join(source, "blobs") });
  await blobs.put(large);
  const now = systemClock.now();
  for (let n = 0; n < 300; n++) {
    await store.createRun({
      by: { kind: "user", id: "ada" },
      run: {
        id: `run-${n}`,
        workflow: "order",
        version: "v1",
        input: new Uint8Array(200),
        priority: 0,
        tags: [],
        createdAt: now,
        dueAt: now,
      },
      now,
    });
  }
  const stream = await streamBackup({
    store,
    blobs,
    folder: source,
    clock: systemClock,
    version: "0.0.0-test",
    newId: () => crypto.randomUUID(),
    holdBlobs: () => () => undefined,
  });
  archive = new Uint8Array(await new Response(stream).arrayBuffer());
  await store.close();
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

function fresh(): string {
  const data = join(work, `data-${folders++}`);
  mkdirSync(data);
  return data;
}

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_000) yield bytes.subarray(at, at + 10_000);
}

/** The refusal's text; what was gathered is gone. */
async function refusal(bytes: Uint8Array): Promise<string> {
  const data = fresh();
  try {
    await stageBackup({ archive: inPieces(bytes), data, now: systemClock.now() });
  } catch (error) {
    expect(error).toMatchObject({ code: "invalid_config", hint: expect.any(String) });
    expect(readdirSync(data)).toEqual([]);
    return (error as Error).message;
  }
  throw new Error("it was taken");
}

/** An archive of these files, with the sum of what it holds. */
async function packed(files: Readonly<Record<string, Uint8Array | string>>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  const fileOf = (name: string, content: Uint8Array | string): TarFile => {
    const bytes = Buffer.from(content as string);
    return { name, bytes: bytes.length, content: inPieces(bytes) };
  };
  const all = async function* (): AsyncGenerator<TarFile> {
    for (const [name, content] of Object.entries(files)) yield fileOf(name, content);
    if (!(backupNames.sum in files))
      yield fileOf(backupNames.sum, createHash("sha256").update(Buffer.concat(parts)).digest("hex"));
  };
  for await (const part of writeTar(all())) parts.push(part);
  return Buffer.concat(parts);
}

const about = JSON.stringify({ format: 1, createdAt: 1 });

/** A database as the first version of the schema had it. */
function ofVersion1(): Uint8Array {
  const file = join(work, `version-1-${folders++}.db`);
  const db = new Database(file);
  db.run(readFileSync(join(import.meta.dir, "../../core/src/store/sqlite/migrations/0001-runs.sql"), "utf8"));
  db.run("PRAGMA application_id = 0x536c7569");
  db.run("PRAGMA user_version = 1");
  db.close();
  return readFileSync(file);
}

/** The archive with a file under another name of the same length, and the sum of its header put right. */
function withName(from: Uint8Array, before: string, after: string): Uint8Array {
  const renamed = Buffer.from(from);
  const at = renamed.indexOf(`${before}\0`);
  renamed.write(after, at);
  const header = renamed.subarray(at, at + 512);
  header.write("        ", 148);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return renamed;
}

/** The backup's database after a change. */
function changed(sql: string): Uint8Array {
  const file = join(work, `changed-${folders++}.db`);
  writeFileSync(file, readFileSync(join(source, "state.db")));
  const db = new Database(file);
  db.run("PRAGMA journal_mode = DELETE");
  db.run(sql);
  db.close();
  return readFileSync(file);
}

describe("a backup", () => {
  test("that is whole is taken, and takes the place of what there is when it is committed", async () => {
    const data = fresh();
    writeFileSync(join(data, "state.db"), "what was there");
    const staged = await stageBackup({ archive: inPieces(archive), data, now: systemClock.now() });
    expect(staged).toMatchObject({ runs: 300, blobs: 1, createdAt: expect.any(Number) });
    expect(readFileSync(join(data, "state.db"), "utf8")).toBe("what was there");
    staged.replacement.discard();
    expect(readdirSync(data)).toEqual(["state.db"]);
    writeFileSync(join(work, "whole.tar"), archive);
    const restored = await restoreBackup({ file: join(work, "whole.tar"), data, now: systemClock.now() });
    expect(restored).toMatchObject({ runs: 300, blobs: 1 });
    expect(readFileSync(join(restored.before ?? "", "state.db"), "utf8")).toBe("what was there");
    const kept = openBlobs({ folder: join(data, "blobs") });
    const { hash } = await openBlobs({ folder: join(source, "blobs") }).put(large);
    expect(await kept.get(hash)).toEqual(large);
  });

  test("is read by tar", async () => {
    writeFileSync(join(work, "whole.tar"), archive);
    const listed = Bun.spawnSync(["tar", "tf", join(work, "whole.tar")]).stdout.toString();
    expect(listed).toMatch(/^sluice-backup\.json\nstate\.db\nblobs\/[0-9a-f]{64}\nsha256\n$/);
  });
});

describe("what is refused without a trace", () => {
  test("a backup that is cut off, wherever", async () => {
    const lengths = [0, 100, 512, 1_024, 5_000, archive.length - 2_048, archive.length - 1_024, archive.length - 1];
    for (const length of lengths) expect(await refusal(archive.subarray(0, length))).toContain("it ends too early");
  });

  test("a backup with one bit flipped, in any of its parts", async () => {
    const step = Math.floor(archive.length / 40);
    const spread = Array.from({ length: 40 }, (_, n) => n * step + (n % 7));
    const ends = [1, 512, 1_023, 1_025, 1_500, 2_000, 2_048].map((fromEnd) => archive.length - fromEnd);
    for (const at of [...spread, ...ends]) {
      const flipped = Uint8Array.from(archive);
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8));
      expect([at, await refusal(flipped)]).toEqual([at, expect.stringContaining("The backup cannot be")]);
    }
  }, 60_000);

  test("a backup with two databases", async () => {
    // The second one is named as long as the first: the headers alone tell them apart.
    const database = readFileSync(join(source, "state.db"));
    const renamed = await packed({
      [backupNames.about]: about,
      [backupNames.database]: database,
      "state.d2": database,
    });
    expect(await refusal(withName(renamed, "state.d2", backupNames.database))).toContain("it holds two databases");
  });

  test("a backup with more behind it", async () => {
    expect(await refusal(Buffer.concat([archive, Buffer.from("x")]))).toContain("it goes on after its end");
    expect(await refusal(Buffer.concat([archive, archive]))).toContain("it goes on after its end");
  });

  test("an archive without what a backup has, or with more", async () => {
    const database = readFileSync(join(source, "state.db"));
    const names = backupNames;
    expect(await refusal(await packed({ [names.about]: about }))).toContain("it holds no whole backup");
    expect(await refusal(await packed({ [names.database]: database }))).toContain("it holds no whole backup");
    expect(await refusal(await packed({ [names.about]: "{", [names.database]: database }))).toContain("is not JSON");
    expect(await refusal(await packed({ [names.about]: "null", [names.database]: database }))).toContain("has format");
    expect(await refusal(await packed({ [names.about]: about, "../keys/token": "mine" }))).toContain(
      "which no backup has",
    );
    for (const createdAt of [null, "x", 1e300]) {
      const undated = { [names.about]: JSON.stringify({ format: 1, createdAt }), [names.database]: database };
      expect(await refusal(await packed(undated))).toContain("does not say when it was made");
    }
    const otherBlob = { [names.about]: about, [names.database]: database, [`blobs/${"a".repeat(64)}`]: "b" };
    expect(await refusal(await packed(otherBlob))).toContain("is not what its name says");
    const withoutSum = await packed({ [names.about]: about, [names.database]: database, [names.sum]: "0".repeat(64) });
    expect(await refusal(withoutSum)).toContain("its sum is not that of its content");
    expect(existsSync(join(work, "keys"))).toBe(false);
  });

  test("a database of a newer version, of another program, empty, damaged, or with a value that is not there", async () => {
    const holding = async (database: Uint8Array | string): Promise<string> =>
      refusal(await packed({ [backupNames.about]: about, [backupNames.database]: database }));
    expect(await holding(changed("PRAGMA user_version = 1000"))).toContain("a newer version wrote it");
    expect(await holding(changed("PRAGMA application_id = 1"))).toContain("its database is damaged or not one of ours");
    expect(await holding("")).toContain("The database is empty");
    expect(await holding("no database")).toContain("its database is damaged or not one of ours");
    const lost = changed(`INSERT INTO blob_refs (hash, owner) VALUES ('${"c".repeat(64)}', 'run_x')`);
    expect(await holding(lost)).toContain(`The blob ${"c".repeat(64)} of run_x is not there`);
    const db = new Database(join(source, "state.db"));
    const page = db.query<{ rootpage: number }, []>(
      "SELECT rootpage FROM sqlite_schema WHERE name = 'runs_by_workflow'",
    );
    const root = page.get()?.rootpage ?? 0;
    db.close();
    const damaged = Uint8Array.from(readFileSync(join(source, "state.db"))).fill(
      0xff,
      (root - 1) * 4_096 + 20,
      root * 4_096,
    );
    expect(await holding(damaged)).toContain("The backup cannot be used");
    expect(await holding(ofVersion1()).catch(String)).toContain("it was taken");
  });
});
