import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { daysIn } from "../storage/day.ts";
import { batchOf, dayMs, entry, noonMs } from "../storage/entries.fixture.suite.ts";
import type { LogFiles } from "../storage/log-files.ts";
import type { StorageStep } from "../storage/steps.ts";
import { ArchiveRig } from "./archive.fixture.suite.ts";
import { decodeManifest } from "./manifest.ts";
import type { ArchiveTarget } from "./target.ts";

class Crash extends Error {}

const oldMs = noonMs - 40 * dayMs;
const oldDay = "2026-01-23";

function send(files: LogFiles, ...lines: readonly string[]): void {
  const timeMs = (line: string): number => (line.startsWith("new") ? noonMs : oldMs);
  files.append(
    [batchOf(lines.map((line) => entry({ line, timeMs: timeMs(line), labels: { service: line } })))],
    noonMs,
  );
}

/**
 * One whole life of an archive: written, added to, written again without what was deleted, brought back, written once more. Tells
 * lines as soon as they were acknowledged.
 */
async function live(
  rig: ArchiveRig,
  files: LogFiles,
  p: { readonly step: (step: StorageStep) => void; readonly told: (...lines: readonly string[]) => void },
): Promise<void> {
  const archive = rig.archive(files, p);
  send(files, "old1", "old2", "new1");
  p.told("old1", "old2", "new1");
  files.seal(noonMs);
  await archive.archive();
  send(files, "old3", "gone1");
  p.told("old3");
  files.seal(noonMs);
  await archive.archive();
  files.bury({ tenant: "default", query: "gone1", fromMs: 0, toMs: noonMs * 2, nowMs: noonMs });
  for (const tombstone of files.buried) {
    files.rewrite(tombstone);
    await archive.rewrite(tombstone);
    files.rewritten(tombstone.id, noonMs);
  }
  await archive.restore(oldDay);
  send(files, "old4");
  p.told("old4");
  files.seal(noonMs);
  await archive.archive({ beforeDay: "2026-02-01" });
  rig.clock.advance(120_000);
  await archive.round();
}

async function stepsOf(): Promise<StorageStep[]> {
  using rig = new ArchiveRig();
  const seen: StorageStep[] = [];
  const step = (each: StorageStep): void => void seen.push(each);
  const files = rig.folder.open({ step });
  await live(rig, files, { step, told: () => undefined });
  files.close();
  return seen;
}

// Each step is a test of its own: they have to be known before.
const steps = await stepsOf();

describe("a crash at any step of archiving", () => {
  test("comes between all there are", () => {
    const own: readonly StorageStep[] = ["batch", "batch put", "batch verified", "manifest", "manifest put"];
    const more: readonly StorageStep[] = [
      "catalog",
      "catalogued",
      "drop",
      "dropped",
      "bring back",
      "brought back",
      "sweep",
      "swept",
    ];
    for (const each of [...own, ...more]) expect(steps).toContain(each);
  });

  test.each(steps.map((step, index) => [index, step] as const))("%i (%s) loses and doubles nothing", async (stop) => {
    using rig = new ArchiveRig();
    let taken = 0;
    const acknowledged: string[] = [];
    const step = (): void => {
      if (taken++ === stop) throw new Crash();
    };
    let files: LogFiles | undefined;
    try {
      files = rig.folder.open({ step });
      await live(rig, files, { step, told: (...lines) => void acknowledged.push(...lines) });
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
    }
    files?.close();
    const again = rig.folder.open();
    const before = rig.lines();
    // What was found is found once, however it stands, and whatever is taken up again.
    expect([...before.values()].filter((count) => count !== 1)).toEqual([]);
    expect(acknowledged.filter((line) => !before.has(line))).toEqual([]);
    for (const tombstone of again.buried) {
      again.rewrite(tombstone);
      await rig.archive(again).rewrite(tombstone);
    }
    again.seal(noonMs);
    await rig.archive(again).archive({ beforeDay: "2026-02-01" });
    rig.clock.advance(120_000);
    await rig.archive(again).round();
    const after = rig.lines();
    before.delete("gone1");
    after.delete("gone1");
    expect(after).toEqual(before);
    expect((await rig.archive(again).verify()).faults).toEqual([]);
    again.close();
  });
});

describe("an archive", () => {
  test("takes whole days that are old enough, and is found beside what is not", async () => {
    using rig = new ArchiveRig();
    const files = rig.folder.open();
    send(files, "old1", "old2", "new1");
    files.seal(noonMs);
    const before = rig.folder.all();
    expect(await rig.archive(files).archive()).toEqual([{ day: oldDay, entries: 2, files: 1 }]);
    expect(daysIn(rig.folder.path).map(({ day }) => day)).toEqual(["2026-03-04"]);
    expect(rig.folder.all()).toEqual(before);
    expect(await rig.archive(files).archive()).toEqual([]);
    files.close();
  });

  test("has a manifest with what each file is checked with, and takes late entries as further files", async () => {
    using rig = new ArchiveRig();
    const files = rig.folder.open();
    for (const line of ["old1", "old2"]) {
      send(files, line);
      files.seal(noonMs);
      await rig.archive(files).archive();
    }
    const manifest = decodeManifest((await rig.target.get(`${oldDay}/manifest.json`)) ?? new Uint8Array());
    expect(manifest).toMatchObject({ archiveDate: oldDay, totalBatches: 2, totalFiles: 2, totalLogs: 2 });
    expect(Object.keys(manifest.checksums)).toEqual(["batch-0001.chunks", "batch-0002.chunks"]);
    expect([...rig.lines().values()]).toEqual([1, 1]);
    files.close();
  });

  test("of JSON is searched as well, and says what the entries said", async () => {
    using rig = new ArchiveRig();
    const files = rig.folder.open();
    const odd = entry({ timeMs: oldMs, subNs: 1_002, line: "a \u0000 line", fields: { n: 1.5, ok: true, "a.b": "x" } });
    files.append([batchOf([odd, entry({ timeMs: oldMs + 1 })]), batchOf([odd], { tenant: "other" })], noonMs);
    files.seal(noonMs);
    const before = rig.folder.all();
    const archive = rig.archive(files, { format: "json" });
    expect(await archive.archive()).toEqual([{ day: oldDay, entries: 3, files: 2 }]);
    expect(rig.folder.all()).toEqual(before);
    const bytes = await rig.target.get(`${oldDay}/batch-0001.json.gz`);
    const read = JSON.parse(new TextDecoder().decode(Bun.gunzipSync(bytes ?? new Uint8Array()))) as object;
    expect(read).toMatchObject({
      metadata: { archiveDate: oldDay, batch: 1, totalLogs: 2, compression: "gzip", version: 1 },
      logs: [{ time: "2026-01-23T12:00:00.000001002Z" }, {}],
    });
    expect((await archive.verify()).faults).toEqual([]);
    await archive.restore(oldDay);
    expect(rig.folder.all()).toEqual(before);
    files.close();
  });

  test("brings a day back, which then stays for a while", async () => {
    using rig = new ArchiveRig();
    const files = rig.folder.open();
    send(files, "old1", "old2");
    files.seal(noonMs);
    const archive = rig.archive(files);
    await archive.archive();
    expect(await archive.restore(oldDay)).toBe(2);
    expect(daysIn(rig.folder.path).map(({ day }) => day)).toEqual([oldDay]);
    expect(await archive.archive()).toEqual([]);
    expect([...rig.lines().values()]).toEqual([1, 1]);
    rig.clock.advance(8 * dayMs);
    expect(await archive.archive()).toMatchObject([{ entries: 2 }]);
    await archive.round();
    expect((await archive.verify()).faults).toEqual([]);
    expect(() => archive.restore("../x")).toThrow("no day");
    files.close();
  });

  test("that fails keeps what it has not got, whatever is to be kept no longer", async () => {
    using rig = new ArchiveRig();
    const keeping = { keepDays: 35, keepBytes: 1, archiveAfterDays: 30 };
    const files = rig.folder.open(keeping);
    send(files, "new1");
    files.append([batchOf([entry({ line: "old1", timeMs: noonMs - 31 * dayMs })])], noonMs);
    files.seal(noonMs);
    const broken: ArchiveTarget = {
      ...rig.target,
      put: () => Promise.reject(new Error("no route to host")),
    };
    await rig.archive(files, { ...keeping, target: broken }).round();
    expect(rig.said).toEqual(["logs could not be archived; they stay where they are"]);
    expect(files.retain(noonMs + 10 * dayMs)).toEqual([]);
    expect(rig.lines().size).toBe(2);
    // It goes on by itself, and then days end in the archive as well.
    const archive = rig.archive(files, keeping);
    await archive.round();
    expect((await archive.days()).map(({ day }) => day)).toEqual(["2026-02-01"]);
    rig.clock.advance(10 * dayMs);
    await archive.round();
    rig.clock.advance(120_000);
    await archive.round();
    expect(await rig.target.get("2026-02-01/manifest.json")).toBeUndefined();
    files.close();
  });

  test("whose file is not as it was written is not counted on", async () => {
    using rig = new ArchiveRig();
    const files = rig.folder.open();
    send(files, "old1");
    files.seal(noonMs);
    const { target } = rig;
    const lossy: ArchiveTarget = {
      put: (name, bytes) => target.put(name, bytes),
      get: async (name) => (await target.get(name))?.slice(1),
      range: (name, at) => target.range(name, at),
      remove: (name) => target.remove(name),
    };
    await rig.archive(files, { target: lossy }).round();
    expect(rig.said).toHaveLength(1);
    expect(daysIn(rig.folder.path)).toHaveLength(1);
    expect([...rig.lines().values()]).toEqual([1]);
    files.close();
  });

  test("with a flipped bit says which file, and the rest is found", async () => {
    using rig = new ArchiveRig();
    const files = rig.folder.open();
    for (const line of ["old1", "old2"]) {
      send(files, line);
      files.seal(noonMs);
      await rig.archive(files).archive();
    }
    const path = join(rig.folder.path, "archives", oldDay, "batch-0001.chunks");
    const bytes = readFileSync(path);
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    expect([...rig.lines().keys()]).toEqual(["old2"]);
    expect((await rig.archive(files).verify()).faults).toEqual([
      { file: `${oldDay}/batch-0001.chunks`, why: `the checksum of ${oldDay}/batch-0001.chunks is wrong` },
    ]);
    files.close();
  });
});
