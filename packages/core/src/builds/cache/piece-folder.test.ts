import { describe, expect, test } from "bun:test";
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bytesOf, digestOf } from "./cache.fixture.suite.ts";
import { PieceFolder } from "./piece-folder.ts";

describe("a folder of pieces", () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-pieces-"));
  const files = new PieceFolder({ folder, boot: "b1", newId: () => crypto.randomUUID() });
  const hash = digestOf("text");

  test("has a file whole or not at all, readable by its owner only", () => {
    const part = files.part(bytesOf("text"));
    expect(files.stampOf(hash)).toBeUndefined();
    const stamp = files.place(part, hash);
    expect(existsSync(part)).toBe(false);
    expect(files.stampOf(hash)).toBe(stamp);
    expect(Buffer.from(files.read(hash)).toString()).toBe("text");
    expect(statSync(files.fileOf(hash)).mode & 0o777).toBe(0o600);
    expect([...files.list()].map((each) => each.hash)).toEqual([hash]);
  });

  test("sees that a file was written to, though its length and times are what they were", () => {
    const stamp = files.stampOf(hash);
    const { atime, mtime } = statSync(files.fileOf(hash));
    appendFileSync(files.fileOf(hash), "");
    utimesSync(files.fileOf(hash), atime, mtime);
    expect(files.stampOf(hash)).not.toBe(stamp);
    expect(new PieceFolder({ folder, boot: "b2", newId: () => "x" }).stampOf(hash)).not.toBe(files.stampOf(hash));
  });

  test("keeps what was put aside for a while, and removes what writers left", () => {
    files.quarantine(hash);
    files.quarantine(hash);
    expect([files.quarantined(), [...files.list()]]).toEqual([[hash], []]);
    const part = files.part(bytesOf("left"));
    const soon = Date.now() + 60_000;
    files.sweep({ partsBefore: 0, quarantineBefore: 0 });
    expect(existsSync(part)).toBe(true);
    files.sweep({ partsBefore: soon, quarantineBefore: soon });
    expect([existsSync(part), files.quarantined()]).toEqual([false, []]);
    rmSync(folder, { recursive: true });
  });
});
