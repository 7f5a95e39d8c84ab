// What is measured inside of a runtime, through its provider. Serves until a line comes in, then measures the rest, and prints each
// as a line of JSON.

import { once } from "node:events";
import process from "node:process";
import { loadRuntime } from "@sluice/runtime";
import type { RuntimeProvider } from "@sluice/runtime";
import type { Figures } from "./figures.ts";
import type { Scale } from "./options.ts";

const MB = 1_000_000;
const PIECE_BYTES = 16 * 1024 * 1024;
const ROWS_PER_TRANSACTION = 1_000;
const MS_PER_SECOND = 1_000;

/** Milliseconds of a body. */
async function timed(body: () => unknown): Promise<number> {
  const startedMs = performance.now();
  await body();
  return performance.now() - startedMs;
}

const perSecond = (count: number, ms: number): number => (count / ms) * MS_PER_SECOND;

async function sqliteFigures({ sqlite }: RuntimeProvider, folder: string, scale: Scale): Promise<Figures> {
  const database = sqlite.open(`${folder}/bench.db`);
  database.pragma("journal_mode = wal");
  database.pragma("synchronous = normal");
  database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, amount REAL NOT NULL)");
  const insert = database.prepare("INSERT INTO t (name, amount) VALUES (?, ?)");
  const writesMs = await timed(() => {
    for (let at = 0; at < scale.sqliteWrites; at++) insert.run(`name ${at}`, at / 2);
  });
  const transactionsMs = await timed(() => {
    for (let round = 0; round < scale.sqliteTransactions; round++)
      database.transaction(() => {
        for (let at = 0; at < ROWS_PER_TRANSACTION; at++) insert.run(`name ${at}`, at / 2);
      });
  });
  const select = database.prepare("SELECT id, name, amount FROM t WHERE id = ?");
  let found = 0;
  const readsMs = await timed(() => {
    for (let at = 0; at < scale.sqliteReads; at++) if (select.get((at % scale.sqliteWrites) + 1) !== undefined) found++;
  });
  database.close();
  if (found !== scale.sqliteReads) throw new Error(`Only ${found} of ${scale.sqliteReads} rows were read`);
  return {
    sqlite_ms: writesMs + transactionsMs + readsMs,
    sqlite_reads_per_second: perSecond(scale.sqliteReads, readsMs),
    sqlite_writes_per_second: perSecond(scale.sqliteWrites, writesMs),
    sqlite_transactions_per_second: perSecond(scale.sqliteTransactions, transactionsMs),
  };
}

async function spawnFigures({ process: processes }: RuntimeProvider, scale: Scale): Promise<Figures> {
  const ms = await timed(async () => {
    for (let round = 0; round < scale.spawns; round++)
      await processes.spawn("true", [], { stdout: "ignore", stderr: "ignore" }).exited;
  });
  return { spawn_ms: ms / scale.spawns };
}

async function hashFigures({ crypto }: RuntimeProvider, scale: Scale): Promise<Figures> {
  const piece = crypto.randomBytes(Math.min(PIECE_BYTES, scale.hashBytes));
  const rounds = Math.max(1, Math.round(scale.hashBytes / piece.length));
  const speed = async (body: () => unknown): Promise<number> => {
    body();
    const ms = await timed(() => {
      for (let round = 0; round < rounds; round++) body();
    });
    return perSecond((rounds * piece.length) / MB, ms);
  };
  return {
    hash_sha256_mb_per_second: await speed(() => crypto.sha256().update(piece).digest()),
    hash_fast_mb_per_second: await speed(() => crypto.fastHash(piece)),
    hash_content_mb_per_second: await speed(() => crypto.contentHash(piece)),
  };
}

/** The file lies in the system's cache for all: it was just written. */
async function readFigures({ fs, ffi, crypto }: RuntimeProvider, path: string): Promise<Figures> {
  const file = fs.openFile(path);
  const size = await file.sizeBytes();
  const plain: bigint[] = [];
  const plainMs = await timed(async () => {
    for (let start = 0; start < size; start += PIECE_BYTES)
      plain.push(crypto.fastHash(await file.bytes({ start, end: Math.min(size, start + PIECE_BYTES) })));
  });
  const figures: Figures = { read_plain_mb_per_second: perSecond(size / MB, plainMs) };
  if (ffi?.mmapRead === undefined) return figures;
  const mapped: bigint[] = [];
  const { mmapRead } = ffi;
  const mappedMs = await timed(async () => {
    const map = await mmapRead(path);
    const bytes = map.bytes();
    for (let start = 0; start < size; start += PIECE_BYTES)
      mapped.push(crypto.fastHash(bytes.subarray(start, start + PIECE_BYTES)));
    map.close();
  });
  if (mapped.join() !== plain.join()) throw new Error("The mapped file is another than the one that was read");
  return { ...figures, read_mapped_mb_per_second: perSecond(size / MB, mappedMs) };
}

async function main(folder: string, file: string, scale: Scale): Promise<void> {
  const runtime = await loadRuntime();
  const say = (value: object): void => console.log(JSON.stringify(value));
  const server = await runtime.http.serve({
    routes: { "/runs/:id": (_request, { params }) => Response.json({ id: params["id"], status: "completed" }) },
    onError: (error) => say({ error: String(error) }),
  });
  say({ runtime: runtime.name, version: runtime.version, port: server.port });
  await once(process.stdin, "data");
  await server.stop({ graceMs: 0 });
  const figures = {
    ...(await sqliteFigures(runtime, folder, scale)),
    ...(await spawnFigures(runtime, scale)),
    ...(await hashFigures(runtime, scale)),
    ...(await readFigures(runtime, file)),
  };
  say({ figures });
  process.exit(0);
}

const [folder = "", file = "", scale = "{}"] = process.argv.slice(2);
await main(folder, file, JSON.parse(scale) as Scale);
