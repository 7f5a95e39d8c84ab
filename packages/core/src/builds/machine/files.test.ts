// Files of this machine.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sha256 } from "../hash/fingerprint.ts";
import { machineFiles } from "./files.ts";

const files = machineFiles(() => crypto.randomUUID());
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-files-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("files", () => {
  test("appear whole, and nothing else is left beside them", () => {
    const place = join(folder, "whole");
    files.makeFolder(place);
    files.write(join(place, "a"), "text");
    files.write(join(place, "a"), "other");
    files.makeLink(join(place, "l"), "a");
    files.makeLink(join(place, "l"), "b");
    expect(files.readText(join(place, "a"))).toBe("other");
    expect(files.readLink(join(place, "l"))).toBe("b");
    expect(readdirSync(place).toSorted()).toEqual(["a", "l"]);
  });

  test("that are not there, or are something else, are undefined", () => {
    expect([
      files.readText(join(folder, "none")),
      files.stat(join(folder, "none")),
      files.digest(folder),
      files.readLink(folder),
      files.readText(folder),
    ]).toEqual(Array.from({ length: 5 }, () => undefined));
    expect(files.list(join(folder, "none"))).toEqual([]);
    expect(files.stat(join(folder, "none/deeper"))).toBeUndefined();
  });

  test("are told apart without following links", () => {
    files.write(join(folder, "real"), "");
    files.makeLink(join(folder, "link"), "real");
    expect([
      files.stat(folder)?.kind,
      files.stat(join(folder, "real"))?.kind,
      files.stat(join(folder, "link"))?.kind,
    ]).toEqual(["dir", "file", "link"]);
  });

  test("have the SHA-256 of their bytes, large ones too", () => {
    files.write(join(folder, "small"), "abc");
    expect(files.digest(join(folder, "small"))).toBe(sha256("abc"));
    const large = join(folder, "large");
    files.write(large, "x");
    truncateSync(large, 9_000_001);
    const bytes = new Uint8Array(9_000_001);
    bytes[0] = 120;
    expect(files.digest(large)).toBe(sha256(bytes));
  });

  test("are removed one by one, a folder only when nothing is in it", () => {
    files.makeFolder(join(folder, "full"));
    files.write(join(folder, "full/a"), "");
    files.remove(join(folder, "full"));
    expect(files.stat(join(folder, "full"))?.kind).toBe("dir");
    files.remove(join(folder, "full/a"));
    files.remove(join(folder, "full"));
    files.remove(join(folder, "full"));
    expect(files.stat(join(folder, "full"))).toBeUndefined();
  });

  test("keep the bits of their mode", () => {
    files.write(join(folder, "p"), "");
    files.setMode(join(folder, "p"), 0o751);
    expect(statSync(join(folder, "p")).mode & 0o777).toBe(0o751);
    expect(files.stat(join(folder, "p"))?.mode).toBe(0o751);
  });
});
