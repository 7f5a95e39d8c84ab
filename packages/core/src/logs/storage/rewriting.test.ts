import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { batchOf, dayMs, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { dayFile } from "./head.ts";
import { rewriteDays } from "./rewriting.ts";

const whole = { fromMs: 0, toMs: noonMs * 2, nowMs: noonMs };

describe("what was deleted", () => {
  test("leaves the files: of its tenant, within its time, and nothing that came later", () => {
    using folder = new LogFolder();
    const files = folder.open();
    const lines = ["keep 1", "secret 1", "keep 2"];
    const sent = lines.map((line) => entry({ line }));
    files.append([batchOf([...sent, entry({ line: "secret old", timeMs: noonMs - 3 * dayMs })])], noonMs);
    files.append([batchOf([entry({ line: "secret of acme" })], { tenant: "acme" })], noonMs);
    const tombstone = files.bury({ tenant: "default", query: "secret", ...whole, fromMs: noonMs - dayMs });
    files.append([batchOf([entry({ line: "secret later" })])], noonMs);
    files.seal(noonMs);
    expect(files.buried).toEqual([tombstone]);
    expect(files.rewrite(tombstone)).toEqual({ entries: 1, chunks: 1, damaged: [] });
    expect(files.rewrite(tombstone)).toEqual({ entries: 0, chunks: 0, damaged: [] });
    files.rewritten(tombstone.id, noonMs);
    expect(files.buried).toEqual([]);
    files.unbury(noonMs);
    files.unbury(noonMs + 1);
    files.close();
    expect(folder.all().map(({ line }) => line)).toEqual(["keep 1", "keep 2", "secret old", "secret later"]);
    expect(folder.all({ tenant: "acme" })).toHaveLength(1);
  });

  test("takes a chunk with it that held nothing else", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append([batchOf([entry({ line: "secret" })])], noonMs);
    files.seal(noonMs);
    const tombstone = files.bury({ tenant: "default", query: "secret", ...whole });
    expect(files.rewrite(tombstone)).toEqual({ entries: 1, chunks: 1, damaged: [] });
    files.close();
    expect(folder.all()).toEqual([]);
  });

  test("stays masked where its chunk is damaged, which is said", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append([batchOf([entry({ line: "secret" })])], noonMs);
    files.seal(noonMs);
    const tombstone = files.bury({ tenant: "default", query: "secret", ...whole });
    const db = new Database(dayFile(folder.path, "2026-03-04"));
    db.run("UPDATE chunks SET body = zeroblob(9)");
    db.close();
    const { damaged, entries } = rewriteDays({ folder: folder.path, tombstone, sealed: 1 });
    expect([damaged, entries]).toEqual([[{ file: "2026-03-04", id: 1, why: "the checksum is wrong" }], 0]);
    files.close();
  });
});
