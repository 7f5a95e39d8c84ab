import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@sluice/core";
import { DiskMeter } from "./disk-use.ts";

test("the database with its log, all blobs, and what is free", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-disk-"));
  const blobsFolder = join(folder, "blobs");
  const databaseFile = join(folder, "state.db");
  let now = 1_000;
  const clock = { ...systemClock, now: () => now };
  const logs: string[] = [];
  const meter = new DiskMeter({ databaseFile, blobsFolder, clock, log: (_level, message) => void logs.push(message) });
  writeFileSync(databaseFile, "x".repeat(10));
  // There is no folder of blobs as long as there are none.
  expect(await meter.read()).toMatchObject({ databaseBytes: 10, blobBytes: 0 });
  writeFileSync(`${databaseFile}-wal`, "x".repeat(7));
  for (const prefix of ["aa", "bb"]) {
    mkdirSync(join(blobsFolder, prefix), { recursive: true });
    writeFileSync(join(blobsFolder, prefix, "rest"), "x".repeat(100));
  }
  const known = await meter.read();
  expect(known).toMatchObject({ databaseBytes: 17, blobBytes: 0 });
  expect(known?.freeBytes).toBeGreaterThan(0);
  now += 600_000;
  // The old figure is answered while the new one is taken.
  let blobBytes = (await meter.read())?.blobBytes;
  while (blobBytes === 0) blobBytes = (await meter.read())?.blobBytes;
  expect(blobBytes).toBe(200);
  expect(logs).toEqual([]);
  rmSync(folder, { recursive: true, force: true });
});
