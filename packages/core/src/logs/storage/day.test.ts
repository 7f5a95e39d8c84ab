import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { encodeChunk } from "./chunk.ts";
import { LogDatabase } from "./database.ts";
import {
  bodyOf,
  chunksIn,
  countsOf,
  daysIn,
  dropUnsealed,
  putChunks,
  removeDay,
  replaceChunks,
  streamsIn,
} from "./day.ts";
import { entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { dayFile } from "./head.ts";

const day = "2026-03-04";
const chunk = (seq: number, line: string) =>
  encodeChunk("default", [{ ...entry({ line, timeMs: noonMs + seq }), seq, level: 3 }]);
const everything = { tenant: "default", fromMs: 0, toMs: noonMs * 2 };

function idsIn(folder: LogFolder, sealed: number): number[] {
  const db = new LogDatabase(dayFile(folder.path, day), "read");
  try {
    return chunksIn(db, { ...everything, sealed }).map(({ maxSeq }) => maxSeq);
  } finally {
    db.close();
  }
}

describe("the file of a day", () => {
  test("shows chunks of sealings that have ended, the latest first", () => {
    using folder = new LogFolder();
    const put = (sealed: number, to: number): void =>
      putChunks({ folder: folder.path, day, sealed, to, chunks: [chunk(to, "x")] });
    put(0, 1);
    put(1, 2);
    expect(idsIn(folder, 2)).toEqual([2, 1]);
    expect(idsIn(folder, 1)).toEqual([1]);
    expect(idsIn(folder, 0)).toEqual([]);
  });

  test("loses what a sealing has left that came to nothing, when it is taken back and when another takes its place", () => {
    using folder = new LogFolder();
    const { path } = folder;
    putChunks({ folder: path, day, sealed: 0, to: 1, chunks: [chunk(1, "kept")] });
    putChunks({ folder: path, day, sealed: 1, to: 2, chunks: [chunk(2, "left over")] });
    dropUnsealed({ folder: path, day, sealed: 1 });
    expect(idsIn(folder, 9)).toEqual([1]);
    putChunks({ folder: path, day, sealed: 1, to: 2, chunks: [chunk(2, "left over")] });
    putChunks({ folder: path, day, sealed: 1, to: 3, chunks: [chunk(3, "instead")] });
    expect(idsIn(folder, 9)).toEqual([3, 1]);
    dropUnsealed({ folder: path, day: "1999-01-01", sealed: 0 });
    expect(existsSync(dayFile(path, "1999-01-01"))).toBe(false);
  });

  test("gives what is asked of a chunk by itself", () => {
    using folder = new LogFolder();
    const made = chunk(1, "x");
    putChunks({ folder: folder.path, day, sealed: 0, to: 1, chunks: [made] });
    const db = new LogDatabase(dayFile(folder.path, day), "read");
    const [row] = chunksIn(db, { ...everything, sealed: 1 });
    expect(row).toMatchObject({ ...made.head, id: 1 });
    expect(bodyOf(db, 1)).toMatchObject({ sum: made.sum });
    expect(Array.from(countsOf(db, 1) ?? [])).toEqual(Array.from(made.counts));
    expect([bodyOf(db, 7), countsOf(db, 7)]).toEqual([undefined, undefined]);
    expect(streamsIn(db, { tenant: "default", sealed: 1 })).toEqual([{ service: "api" }]);
    expect(chunksIn(db, { ...everything, tenant: "acme", sealed: 1 })).toEqual([]);
    expect(chunksIn(db, { ...everything, fromMs: noonMs + 2, sealed: 1 })).toEqual([]);
    expect(chunksIn(db, { ...everything, toMs: noonMs + 1, sealed: 1 })).toEqual([]);
    db.close();
  });

  test("has chunks exchanged in one commit", () => {
    using folder = new LogFolder();
    const { path } = folder;
    putChunks({ folder: path, day, sealed: 0, to: 1, chunks: [chunk(1, "a"), chunk(2, "b"), chunk(3, "c")] });
    replaceChunks({
      folder: path,
      day,
      replaced: [
        { id: 1, by: undefined },
        { id: 2, by: chunk(8, "d") },
        { id: 99, by: undefined },
      ],
    });
    expect(idsIn(folder, 1)).toEqual([8, 3]);
  });

  test("is listed with its bytes, and can be removed", () => {
    using folder = new LogFolder();
    const { path } = folder;
    putChunks({ folder: path, day, sealed: 0, to: 1, chunks: [chunk(1, "a")] });
    putChunks({ folder: path, day: "2025-01-01", sealed: 0, to: 1, chunks: [chunk(1, "a")] });
    expect(daysIn(path).map((each) => each.day)).toEqual(["2025-01-01", day]);
    expect(daysIn(path)[0]?.bytes).toBeGreaterThan(4_096);
    removeDay(path, "2025-01-01");
    expect(daysIn(path).map((each) => each.day)).toEqual([day]);
  });
});
