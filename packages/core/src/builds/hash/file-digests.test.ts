// Digests of files that are remembered as long as they may be.
import { describe, expect, test } from "bun:test";
import type { Files, FileStat } from "../ports.ts";
import { testFiles } from "../rig.suite.ts";
import { digestOfFiles, FileDigests } from "./file-digests.ts";
import type { KnownFile } from "./file-digests.ts";
import { sha256 } from "./fingerprint.ts";

class Disk {
  stat: FileStat = { kind: "file", size: 1, mode: 0o644, ino: 1, mtimeMs: 1_000, ctimeMs: 1_000 };
  content = "a";
  now = 10_000;
  readonly known = new Map<string, KnownFile>();

  digests(): FileDigests {
    const files: Files = {
      ...testFiles,
      stat: () => this.stat,
      digest: () => sha256(this.content),
      readLink: () => this.content,
    };
    const memory = {
      all: () => new Map(this.known),
      put: (more: ReadonlyMap<string, KnownFile>) => {
        for (const [key, value] of more) this.known.set(key, value);
      },
    };
    return new FileDigests({ files, memory, root: "/w", now: () => this.now });
  }
}

describe("the digest of a file", () => {
  test("is taken once, and remembered by the next build", () => {
    const disk = new Disk();
    const first = disk.digests();
    expect(first.of("x")).toBe(sha256("a"));
    first.save();
    const second = disk.digests();
    expect(second.of("x")).toBe(sha256("a"));
    expect([first.read, second.read]).toEqual([1, 0]);
  });

  test.each([
    ["size", { size: 2 }],
    ["the time it was written", { mtimeMs: 1_000.5 }],
    ["the time it was changed, though it was set back to when it was written", { ctimeMs: 1_001 }],
    ["the file itself", { ino: 2 }],
  ])("is taken again where %s is another", (_what, change) => {
    const disk = new Disk();
    const first = disk.digests();
    first.of("x");
    first.save();
    disk.stat = { ...disk.stat, ...change };
    disk.content = "b";
    expect(disk.digests().of("x")).toBe(sha256("b"));
  });

  test("is not remembered of one that was written just before: a further write could leave no trace", () => {
    const disk = new Disk();
    disk.stat = { ...disk.stat, mtimeMs: 9_990, ctimeMs: 9_990 };
    const first = disk.digests();
    first.of("x");
    first.save();
    disk.content = "b";
    expect(disk.digests().of("x")).toBe(sha256("b"));
  });

  test("tells programs from other files, and links by where they lead", () => {
    const disk = new Disk();
    const plain = disk.digests().of("x");
    disk.stat = { ...disk.stat, mode: 0o755 };
    expect(disk.digests().of("x")).not.toBe(plain);
    disk.stat = { ...disk.stat, kind: "link" };
    const link = disk.digests().of("x");
    disk.content = "elsewhere";
    expect(disk.digests().of("x")).not.toBe(link);
    disk.stat = { ...disk.stat, kind: "dir" };
    expect(disk.digests().of("x")).toBeUndefined();
  });
});

test("files have another digest under another name", () => {
  expect(digestOfFiles([["a", "1"]])).not.toBe(digestOfFiles([["b", "1"]]));
});
