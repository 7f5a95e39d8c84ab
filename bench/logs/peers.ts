// What others do with the same lines: a packed file and grep, SQLite with its full-text index, DuckDB with columns.

import { Database } from "bun:sqlite";
import { spawnSync } from "node:child_process";
import { rmSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PeerFolder } from "../peer-folder.ts";
import { corpus } from "./corpus.ts";
import { expectCount, timedMs } from "./figures.ts";
import type { Asked, Figures } from "./figures.ts";
import type { Scale } from "./options.ts";

export interface PeerRound {
  readonly folder: string;
  /** All lines as JSON, one a line. */
  readonly file: string;
  readonly seed: number;
  readonly asked: Asked;
  readonly scale: Scale;
}

const INSERTS_PER_COMMIT = 2_000;
const peers = { "@duckdb/node-api": "1.5.6-r.1" };

/** The packed file, and grep behind it. */
export async function measureFiles({ file, folder, asked, scale }: PeerRound): Promise<Figures> {
  const packed = join(folder, "lines.zst");
  const startedMs = performance.now();
  writeFileSync(packed, Bun.zstdCompressSync(await Bun.file(file).bytes(), { level: 3 }));
  const seconds = (performance.now() - startedMs) / 1_000;
  const grep = async (needle: string): Promise<number> => {
    const text = Buffer.from(Bun.zstdDecompressSync(await Bun.file(packed).bytes()));
    const found = spawnSync("grep", ["-c", "-F", needle], { input: text, encoding: "utf8" });
    return Number(found.stdout);
  };
  expectCount("grep", await grep(asked.needle), 1);
  return {
    ingestMBs: asked.rawBytes / 1e6 / seconds,
    ingestLines: asked.lines / seconds,
    ratio: asked.rawBytes / statSync(packed).size,
    needleMs: await timedMs(scale.repeats, () => grep(asked.needle)),
    fragmentMs: await timedMs(scale.repeats, () => grep(asked.fragment)),
  };
}

/** Rows beside FTS5, committed as pushes come, synced. */
export async function measureFts5({ folder, seed, asked, scale }: PeerRound): Promise<Figures> {
  const file = join(folder, "fts5.db");
  const db = new Database(file);
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = FULL");
  db.run("CREATE TABLE lines (id INTEGER PRIMARY KEY, at INTEGER, service TEXT, level TEXT, line TEXT)");
  db.run("CREATE INDEX by_time ON lines (at)");
  db.run("CREATE INDEX by_service ON lines (service, at)");
  db.run("CREATE VIRTUAL TABLE words USING fts5(line, content='lines', content_rowid='id')");
  const [row, words] = [
    db.prepare("INSERT INTO lines (at, service, level, line) VALUES (?, ?, ?, ?)"),
    db.prepare("INSERT INTO words (rowid, line) VALUES (?, ?)"),
  ];
  const startedMs = performance.now();
  let id = 0;
  db.run("BEGIN");
  for (const { timeMs, service, level, json } of corpus({ seed, lines: asked.lines })) {
    row.run(timeMs, service, level, json);
    words.run(++id, json);
    if (id % INSERTS_PER_COMMIT === 0) {
      db.run("COMMIT");
      db.run("BEGIN");
    }
  }
  db.run("COMMIT");
  const seconds = (performance.now() - startedMs) / 1_000;
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  const all = (sql: string, ...values: string[]): unknown[] => db.query(sql).all(...values);
  const needle = "SELECT line FROM lines WHERE id IN (SELECT rowid FROM words WHERE words MATCH ?)";
  expectCount("FTS5", all(needle, asked.needle).length, 1);
  const { repeats } = scale;
  const byMinute = "SELECT at / 60000, level, count(*) FROM lines";
  const figures: Figures = {
    ingestMBs: asked.rawBytes / 1e6 / seconds,
    ingestLines: asked.lines / seconds,
    ratio: asked.rawBytes / statSync(file).size,
    needleMs: await timedMs(repeats, () => all(needle, asked.needle)),
    fragmentMs: await timedMs(1, () => all("SELECT line FROM lines WHERE line LIKE ?", `%${asked.fragment}%`)),
    histogramMs: await timedMs(1, () => all(`${byMinute} GROUP BY 1, 2`)),
    filteredMs: await timedMs(repeats, () => all(`${byMinute} WHERE service = ? GROUP BY 1, 2`, asked.service)),
    latestMs: await timedMs(repeats, () =>
      all("SELECT line FROM lines WHERE service = ? ORDER BY at DESC LIMIT 100", asked.service),
    ),
  };
  for (const statement of [row, words]) statement.finalize();
  db.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(file + suffix, { force: true });
  return figures;
}

interface DuckConnection {
  runAndReadAll(sql: string): Promise<{ getRows(): unknown[][] }>;
}
interface DuckDb {
  readonly DuckDBInstance: {
    create(file: string): Promise<{ connect(): Promise<DuckConnection>; closeSync(): void }>;
  };
}

/** A file load into typed columns on one thread; the raw line is not kept. */
export async function measureDuckDb({ folder, file, asked, scale }: PeerRound): Promise<Figures> {
  const place = join(import.meta.dir, "../.peers/logs");
  new PeerFolder({ folder: place, manifest: { private: true, dependencies: peers } }).install(() => undefined);
  const { DuckDBInstance } = createRequire(join(place, "package.json"))("@duckdb/node-api") as DuckDb;
  const stored = join(folder, "lines.duckdb");
  const instance = await DuckDBInstance.create(stored);
  const connection = await instance.connect();
  const rows = async (sql: string): Promise<unknown[][]> => (await connection.runAndReadAll(sql)).getRows();
  await rows("SET threads = 1");
  const startedMs = performance.now();
  await rows(`CREATE TABLE lines AS SELECT * FROM read_json_auto('${file}', format = 'newline_delimited')`);
  await rows("CHECKPOINT");
  const seconds = (performance.now() - startedMs) / 1_000;
  const anywhere = (text: string): string =>
    `SELECT * FROM lines WHERE contains(msg, '${text}') OR contains(trace_id, '${text}') OR contains(host, '${text}')`;
  expectCount("DuckDB", (await rows(anywhere(asked.needle))).length, 1);
  const byMinute = "SELECT date_trunc('minute', ts), level, count(*) FROM lines";
  const { repeats } = scale;
  const figures: Figures = {
    ingestMBs: asked.rawBytes / 1e6 / seconds,
    ingestLines: asked.lines / seconds,
    ratio: asked.rawBytes / statSync(stored).size,
    needleMs: await timedMs(repeats, () => rows(anywhere(asked.needle))),
    fragmentMs: await timedMs(repeats, () => rows(anywhere(asked.fragment))),
    histogramMs: await timedMs(repeats, () => rows(`${byMinute} GROUP BY ALL`)),
    filteredMs: await timedMs(repeats, () => rows(`${byMinute} WHERE service = '${asked.service}' GROUP BY ALL`)),
    latestMs: await timedMs(repeats, () =>
      rows(`SELECT * FROM lines WHERE service = '${asked.service}' ORDER BY ts DESC LIMIT 100`),
    ),
  };
  instance.closeSync();
  return figures;
}
