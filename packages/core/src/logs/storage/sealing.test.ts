import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import fc from "fast-check";
import type { LogEntry } from "../entry.ts";
import { LogDatabase } from "./database.ts";
import { chunksIn, daysIn } from "./day.ts";
import { anyEntry, batchOf, dayMs, entry, noonMs, plain } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { dayFile, headFile } from "./head.ts";
import { byTime, daysOfHead, headBatches, sealHead } from "./sealing.ts";

describe("sealing", () => {
  test("keeps every entry with its number, however batches and sealings fall", () => {
    const batches = fc.array(fc.tuple(fc.array(anyEntry, { maxLength: 8 }), fc.boolean()), { maxLength: 6 });
    fc.assert(
      fc.property(batches, (given) => {
        using folder = new LogFolder();
        const files = folder.open({ chunkBytesMax: 150 });
        const sent: LogEntry[] = [];
        for (const [entries, seals] of given) {
          files.append([batchOf(entries)], noonMs);
          sent.push(...entries);
          if (seals) files.seal(noonMs);
        }
        files.close();
        const read = folder.all();
        expect(read.map(plain)).toEqual(sent.map(plain));
        expect(read.map(({ seq }) => seq)).toEqual(sent.map((_, index) => index + 1));
      }),
      { numRuns: 25 },
    );
  });

  test("puts each entry into the file of its day, a year of them as well", () => {
    using folder = new LogFolder();
    const files = folder.open();
    const year = Array.from({ length: 365 }, (_, n) => entry({ timeMs: noonMs - n * dayMs, line: `day ${n}` }));
    files.append([batchOf(year)], noonMs);
    expect(files.seal(noonMs)).toMatchObject({ chunks: 365, entries: 365, damaged: [] });
    files.close();
    expect(daysIn(folder.path)).toHaveLength(365);
    const oneDay = { fromMs: noonMs - 100 * dayMs - 1, toMs: noonMs - 100 * dayMs + 1 };
    expect(folder.all(oneDay).map(({ line }) => line)).toEqual(["day 100"]);
  }, 60_000);

  test("gives a large stream chunks of its own and puts small ones together", () => {
    using folder = new LogFolder();
    const files = folder.open({ chunkBytesMax: 2_000 });
    const large = Array.from({ length: 100 }, (_, n) =>
      entry({ labels: { service: "large" }, line: `line ${n} ${"x".repeat(60)}` }),
    );
    const small = Array.from({ length: 20 }, (_, n) => entry({ labels: { service: `small-${n}` }, line: "x" }));
    files.append([batchOf([...small, ...large])], noonMs);
    files.seal(noonMs);
    files.close();
    const db = new LogDatabase(dayFile(folder.path, "2026-03-04"), "read");
    const chunks = chunksIn(db, { tenant: "default", fromMs: 0, toMs: noonMs * 2, sealed: 200 });
    db.close();
    const withLarge = chunks.filter(({ streams }) => streams.some(({ service }) => service === "large"));
    expect(withLarge.every(({ streams }) => streams.length === 1)).toBe(true);
    expect(chunks.length - withLarge.length).toBe(1);
  });

  test("tells of a damaged batch, leaves it out and goes on", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append([batchOf([entry({ line: "first" })])], noonMs);
    files.append([batchOf([entry({ line: "second" })])], noonMs);
    files.append([batchOf([entry({ line: "third" })])], noonMs);
    const db = new Database(headFile(folder.path));
    db.run("UPDATE batches SET body = zeroblob(20) WHERE last_seq = 2");
    db.close();
    expect(files.seal(noonMs)).toMatchObject({
      entries: 2,
      damaged: [{ file: "head", id: 2, why: "the checksum is wrong" }],
    });
    files.close();
    expect(folder.all().map(({ line }) => line)).toEqual(["first", "third"]);
    const kept = new Database(headFile(folder.path));
    expect(kept.query("SELECT last_seq FROM damaged").all()).toEqual([{ last_seq: 2 }]);
    kept.close();
  });

  test("reads the head of one tenant, and knows the days in it", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append([batchOf([entry()]), batchOf([entry({ timeMs: noonMs - dayMs })], { tenant: "acme" })], noonMs);
    const db = new LogDatabase(headFile(folder.path), "read");
    expect(daysOfHead(db, { above: 0, to: 2 })).toEqual(["2026-03-03", "2026-03-04"]);
    expect(daysOfHead(db, { above: 1, to: 2 })).toEqual(["2026-03-03"]);
    const read = [...headBatches(db, { above: 0, to: 9, tenant: "acme", damaged: () => undefined })];
    expect(read.map(({ tenant, entries }) => [tenant, entries.map(({ seq }) => seq)])).toEqual([["acme", [2]]]);
    expect(
      sealHead({ folder: folder.path, head: db, from: 0, to: 2, chunkBytesMax: 99, oldestDay: "2026-03-04" }).entries,
    ).toBe(1);
    db.close();
    files.close();
  });
});

test("entries stand as they happened, those of one moment as they came", () => {
  const at = (timeMs: number, subNs: number, seq: number) => ({ ...entry({ timeMs, subNs }), seq, level: 0 });
  const sorted = [at(2, 0, 1), at(1, 5, 3), at(1, 5, 2), at(1, 4, 4)].toSorted(byTime);
  expect(sorted.map(({ seq }) => seq)).toEqual([4, 2, 3, 1]);
});
