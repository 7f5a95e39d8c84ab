import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entryOf, ShippedFile } from "./log-shipping.ts";

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-ship-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const recordsOf = (file: ShippedFile, last = false): string[] =>
  [...file.batches(last)].flatMap(({ records }) => records);

describe("a file of log lines", () => {
  test("is read as it grows, whole lines only, and past its rotation", () => {
    const path = join(folder, "app.log");
    writeFileSync(path, "one\ntwo\nthr");
    const file = new ShippedFile(path, { joinsLines: false });
    expect(recordsOf(file)).toEqual(["one", "two"]);
    appendFileSync(path, "ee\n");
    expect(file.followRotation()).toBe(false);
    expect(recordsOf(file)).toEqual(["three"]);
    renameSync(path, `${path}.1`);
    appendFileSync(`${path}.1`, "late\n");
    expect(file.followRotation()).toBe(false);
    writeFileSync(path, "new\n");
    expect(recordsOf(file, true)).toEqual(["late"]);
    expect(file.followRotation()).toBe(true);
    expect(recordsOf(file)).toEqual(["new"]);
    writeFileSync(path, "");
    expect(file.followRotation()).toBe(true);
    file.close();
  });

  test("has records of several lines where one goes on with a space", () => {
    const path = join(folder, "trace.log");
    writeFileSync(path, "Error: x\n    at a\n    at b\nnext\n");
    const file = new ShippedFile(path, { joinsLines: true });
    expect(recordsOf(file)).toEqual(["Error: x\n    at a\n    at b"]);
    appendFileSync(path, "  more");
    expect(recordsOf(file, true)).toEqual(["next\n  more"]);
    file.close();
  });

  test("is cut at the same places with the same keys whenever it is read", () => {
    const path = join(folder, "large.log");
    writeFileSync(path, Array.from({ length: 30_000 }, (_, n) => `line ${n} ${"x".repeat(60)}\r\n`).join(""));
    const keys = () => {
      const file = new ShippedFile(path, { joinsLines: false });
      const found = [...file.batches(true)];
      file.close();
      expect(found.flatMap(({ records }) => records)).toHaveLength(30_000);
      expect(found.every(({ records }) => records.length <= 5_000)).toBe(true);
      return found.map(({ key }) => key);
    };
    expect(new Set(keys()).size).toBeGreaterThan(3);
    expect(keys()).toEqual(keys());
  });
});

test("records that are JSON objects are sent as such", () => {
  expect(["text", '{"a":1}', "{no", "[1]"].map(entryOf)).toEqual(["text", { a: 1 }, "{no", "[1]"]);
});
