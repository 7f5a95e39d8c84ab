// Each thing that the doctor looks at on the machine is found wanting when it is.
import { afterAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clockCheck, fileLimits, portCheck, rightsCheck, sqliteCheck } from "./compose-doctor-machine.ts";

const work = mkdtempSync(join(tmpdir(), "sluice-doctor-"));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const clockAt = (now: number) => ({ now: () => now, after: () => () => undefined });
const now = Date.UTC(2026, 5, 1);

describe("SQLite", () => {
  test.each([
    ["3.51.3", "ok"],
    ["3.51.4", "ok"],
    ["3.52.0", "ok"],
    ["4.0.0", "ok"],
    ["3.51.2", "failed"],
    ["3.50.9", "failed"],
    ["2.99.99", "failed"],
  ])("%s is %s where 3.51.3 is needed", (version, state) => {
    expect(sqliteCheck(version, [3, 51, 3])).toMatchObject({ name: "sqlite", state });
  });
});

describe("the limit of open files", () => {
  const limits = (hard: string): string => {
    const path = join(work, `limits-${hard}`);
    writeFileSync(
      path,
      `Limit  Soft Limit  Hard Limit  Units\nMax open files            1024                 ${hard}   files\n`,
    );
    return path;
  };

  test.each([
    ["1024", "warning"],
    ["4095", "warning"],
    ["4096", "ok"],
    ["unlimited", "ok"],
  ])("%s is %s", (hard, state) => {
    expect(fileLimits(limits(hard))).toEqual([expect.objectContaining({ name: "files", state })]);
  });

  test("is not told where the system does not tell it", () => {
    expect(fileLimits(join(work, "nothing"))).toEqual([]);
  });
});

describe("the clock", () => {
  test("is believed when nothing speaks against it", () => {
    expect(clockCheck({ clock: clockAt(now), data: undefined, newestAt: now - 1 })).toMatchObject({ state: "ok" });
    expect(clockCheck({ clock: { ...clockAt(0), now: Date.now }, data: work, newestAt: undefined })).toMatchObject({
      name: "clock",
      state: "ok",
    });
  });

  test("is wrong before there was this product, and before what was written", () => {
    expect(clockCheck({ clock: clockAt(0), data: undefined, newestAt: undefined })).toMatchObject({ state: "failed" });
    const behind = clockCheck({ clock: clockAt(now), data: undefined, newestAt: now + 61_000 });
    expect(behind).toMatchObject({ state: "failed", message: expect.stringContaining("2026-06-01T00:01:01.000Z") });
  });

  test("is another one than that of the disk", () => {
    expect(clockCheck({ clock: clockAt(Date.now() + 10_000), data: work, newestAt: undefined })).toMatchObject({
      state: "warning",
      message: expect.stringMatching(/dated -\d+ ms from the clock/),
    });
  });
});

describe("a port", () => {
  test("that is taken fails, one that is free is well", async () => {
    const taken = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("") });
    const address = { host: "127.0.0.1", port: taken.port ?? 0 };
    expect(await portCheck(address)).toMatchObject({ name: "port", state: "failed", hint: expect.any(String) });
    await taken.stop(true);
    expect(await portCheck(address)).toMatchObject({ name: "port", state: "ok" });
  });

  test("of an address that is not this machine's fails", async () => {
    expect(await portCheck({ host: "192.0.2.1", port: 0 })).toMatchObject({ state: "failed" });
  });
});

describe("the rights of a data folder", () => {
  test("are its owner's alone", () => {
    const folder = join(work, "data");
    mkdirSync(folder, { mode: 0o700 });
    expect(rightsCheck(folder)).toMatchObject({ state: "ok" });
    chmodSync(folder, 0o750);
    expect(rightsCheck(folder)).toMatchObject({ state: "warning", hint: `chmod 700 ${folder}` });
  });

  test("are no matter where it is a file", () => {
    const file = join(work, "file");
    writeFileSync(file, "");
    expect(rightsCheck(file)).toMatchObject({ state: "failed" });
  });

  test.skipIf(process.getuid?.() === 0)("or belongs to somebody else", () => {
    expect(rightsCheck("/etc")).toMatchObject({ state: "warning", message: expect.stringContaining("another user") });
  });
});
