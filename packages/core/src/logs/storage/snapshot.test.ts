import { describe, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { batchOf, dayMs, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import { dayFile } from "./head.ts";
import { Snapshot } from "./snapshot.ts";

const whole = { tenant: "default", fromMs: -Infinity, toMs: Infinity };

function linesIn(snapshot: Snapshot): number {
  let lines = 0;
  for (const part of snapshot.parts(whole)) lines += part.rows()?.count ?? 0;
  return lines;
}

describe("a snapshot", () => {
  test("shows what was there when it was opened, whatever is written and sealed meanwhile", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append([batchOf([entry(), entry()])], noonMs);
    files.seal(noonMs);
    files.append([batchOf([entry()])], noonMs);
    const before = Snapshot.open(folder.path, whole);
    files.append([batchOf([entry()])], noonMs);
    files.seal(noonMs);
    expect(linesIn(before)).toBe(3);
    expect(before.lastSeq).toBe(3);
    before.close();
    const after = Snapshot.open(folder.path, whole);
    expect(linesIn(after)).toBe(4);
    after.close();
    files.close();
  });

  test("does not count chunks whose sealing has not ended", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append([batchOf([entry(), entry()])], noonMs);
    const range = files.beginSeal();
    if (range === undefined) throw new Error("there was something to seal");
    const sealed = files.writeChunks(range, noonMs);
    const between = Snapshot.open(folder.path, whole);
    expect(linesIn(between)).toBe(2);
    between.close();
    files.endSeal(range.to, sealed.damaged);
    const after = Snapshot.open(folder.path, whole);
    expect(linesIn(after)).toBe(2);
    after.close();
    files.close();
  });

  test("keeps tenants apart, and looks only at what comes after a number", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append(
      [batchOf([entry({ line: "mine" })]), batchOf([entry({ line: "theirs" })], { tenant: "acme" })],
      noonMs,
    );
    expect(folder.all().map(({ line }) => line)).toEqual(["mine"]);
    files.seal(noonMs);
    expect(folder.all().map(({ line }) => line)).toEqual(["mine"]);
    expect(folder.all({ tenant: "acme" }).map(({ line }) => line)).toEqual(["theirs"]);
    files.append([batchOf([entry({ line: "later" })])], noonMs);
    const snapshot = Snapshot.open(folder.path, whole);
    const above = [...snapshot.parts(whole, 2)];
    expect(above).toHaveLength(1);
    expect(snapshot.streams("default")).toEqual([{ service: "api" }, { service: "api" }]);
    snapshot.close();
    files.close();
  });

  test("reads on past a chunk with one flipped bit, and says which it was", () => {
    using folder = new LogFolder();
    const files = folder.open({ chunkBytesMax: 100 });
    const entries = Array.from({ length: 10 }, (_, n) => entry({ line: `line ${n} `.repeat(8), timeMs: noonMs + n }));
    files.append([batchOf(entries)], noonMs);
    files.seal(noonMs);
    files.close();
    const db = new Database(dayFile(folder.path, "2026-03-04"));
    const { body } = db.query("SELECT body FROM chunks WHERE id = 4").get() as { body: Uint8Array };
    body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 4;
    db.query("UPDATE chunks SET body = ? WHERE id = 4").run(body);
    db.close();
    const snapshot = Snapshot.open(folder.path, whole);
    expect(linesIn(snapshot)).toBe(9);
    expect(snapshot.damage).toEqual([{ file: "2026-03-04", id: 4, why: "the checksum is wrong" }]);
    snapshot.close();
  });

  test("passes over a day's file that its first sealing is just making", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append([batchOf([entry({ line: "in the head" })])], noonMs);
    const made = new Database(dayFile(folder.path, "2026-03-04"));
    made.run("PRAGMA journal_mode = WAL");
    const snapshot = Snapshot.open(folder.path, { fromMs: 0, toMs: Infinity });
    expect(snapshot.damage).toEqual([]);
    snapshot.close();
    made.close();
    files.close();
  });

  test("reads on past a day's file that is no database", () => {
    using folder = new LogFolder();
    const files = folder.open();
    files.append([batchOf([entry(), entry({ timeMs: noonMs - dayMs })])], noonMs);
    files.seal(noonMs);
    files.close();
    writeFileSync(dayFile(folder.path, "2026-03-03"), "nonsense".repeat(1_000));
    const snapshot = Snapshot.open(folder.path, whole);
    expect(linesIn(snapshot)).toBe(1);
    expect(snapshot.damage).toMatchObject([{ file: "2026-03-03" }]);
    snapshot.close();
  });

  test("of a folder with a torn log of changes shows every commit before the tear", () => {
    using folder = new LogFolder();
    const files = folder.open();
    for (let n = 0; n < 5; n++) files.append([batchOf([entry({ line: String(n) })])], noonMs);
    // What a crash of the machine leaves: the log is cut inside of its last commit.
    const wal = `${folder.path}/head.db-wal`;
    const copy = readFileSync(wal);
    const main = readFileSync(`${folder.path}/head.db`);
    files.close();
    writeFileSync(`${folder.path}/head.db`, main);
    writeFileSync(wal, copy);
    truncateSync(wal, copy.length - 100);
    const again = folder.open();
    again.close();
    expect(folder.all().map(({ line }) => line)).toEqual(["0", "1", "2", "3"]);
  });
});
