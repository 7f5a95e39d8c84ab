// What a workspace remembers of its builds, in one SQLite file: digests of files, what each task left where, how long it took, and the
// parts of its last keys. All of it can be made anew: to lose the file costs time, never a wrong result.
import { Database } from "bun:sqlite";
import { enterWal } from "../enter-wal.ts";
import type { FileMemory, KnownFile } from "../hash/file-digests.ts";
import type { KeyParts } from "../hash/task-key.ts";
import type { Digest, OutputEntry } from "../ports.ts";
import type { TaskNeed } from "../run/slots.ts";

const schemaVersion = 3;

const schema = `
CREATE TABLE files (
  path TEXT PRIMARY KEY,
  size INTEGER NOT NULL,
  mtime_ms REAL NOT NULL,
  ctime_ms REAL NOT NULL,
  ino INTEGER NOT NULL,
  digest TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE placed (
  task TEXT PRIMARY KEY,
  key TEXT NOT NULL,
  whole INTEGER NOT NULL,
  log TEXT NOT NULL,
  outputs TEXT NOT NULL,
  entries TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE durations (
  task TEXT PRIMARY KEY,
  ms REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE uses (
  task TEXT PRIMARY KEY,
  cores REAL NOT NULL,
  memory_bytes REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE flakes (
  task TEXT NOT NULL,
  at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (task, at)
) STRICT, WITHOUT ROWID;
CREATE TABLE keys (
  task TEXT NOT NULL,
  key TEXT NOT NULL,
  at INTEGER NOT NULL,
  parts TEXT NOT NULL,
  PRIMARY KEY (task, key)
) STRICT, WITHOUT ROWID;
CREATE TABLE processes (
  pid INTEGER PRIMARY KEY,
  life TEXT NOT NULL,
  owner INTEGER NOT NULL,
  owner_life TEXT NOT NULL
) STRICT;
CREATE TABLE notes (
  name TEXT PRIMARY KEY,
  text TEXT NOT NULL
) STRICT, WITHOUT ROWID;
`;

/** An output as it was when it was put or found in its place. */
export interface PlacedEntry {
  readonly entry: OutputEntry;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly ino: number;
}

/** What a task has in its place. */
export interface Placed {
  readonly key: Digest;
  /** False from before the first change until after the last: what is there is not known to be the task's. */
  readonly isWhole: boolean;
  readonly log: Digest;
  /** Of all entries. */
  readonly outputs: Digest;
  readonly entries: readonly PlacedEntry[];
}

export interface RecordedKey {
  readonly key: Digest;
  readonly atMs: number;
  readonly parts: KeyParts;
}

/** `life` tells processes apart that had the same number one after the other. */
export interface NotedProcess {
  readonly pid: number;
  readonly life: string;
  readonly owner: number;
  readonly ownerLife: string;
}

export interface Flake {
  readonly atMs: number;
  /** With the one that succeeded. */
  readonly attempts: number;
  /** How the first one ended. */
  readonly why: string;
}

const keysKeptPerTask = 5;
const flakesKeptPerTask = 100;
/** Other builds of the workspace write for a moment at a time. */
const busyTimeoutMs = 10_000;

export class BuildRecords implements FileMemory {
  readonly #db: Database;

  /** `file`: absolute; its folder has to be there. One of another version is emptied. */
  constructor(file: string) {
    this.#db = new Database(file, { create: true, strict: true });
    enterWal(this.#db, busyTimeoutMs);
    this.#db.run("PRAGMA synchronous = NORMAL");
    this.#db.transaction(() => this.#prepare()).immediate();
  }

  #prepare(): void {
    const found = this.#db.query<{ user_version: number }, []>("PRAGMA user_version").get()?.user_version;
    if (found === schemaVersion) return;
    for (const name of ["files", "placed", "durations", "uses", "flakes", "keys", "notes", "processes"])
      this.#db.run(`DROP TABLE IF EXISTS ${name}`);
    this.#db.run(schema);
    this.#db.run(`PRAGMA user_version = ${schemaVersion}`);
  }

  all(): Map<string, KnownFile> {
    const rows = this.#db
      .query<[string, number, number, number, number, string], []>(
        "SELECT path, size, mtime_ms, ctime_ms, ino, digest FROM files",
      )
      .values() as unknown as readonly (readonly [string, number, number, number, number, string])[];
    return new Map(
      rows.map(([path, size, mtimeMs, ctimeMs, ino, digest]) => [path, { size, mtimeMs, ctimeMs, ino, digest }]),
    );
  }

  put(files: ReadonlyMap<string, KnownFile>): void {
    const insert = this.#db.query("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?)");
    this.#db
      .transaction(() => {
        for (const [path, { size, mtimeMs, ctimeMs, ino, digest }] of files)
          insert.run(path, size, mtimeMs, ctimeMs, ino, digest);
      })
      .immediate();
  }

  /** By id of a task. */
  placed(): Map<string, Placed> {
    const rows = this.#db.query<PlacedRow & { task: string }, []>("SELECT * FROM placed").all();
    return new Map(rows.map((row) => [row.task, lazyPlaced(row)]));
  }

  place(task: string, placed: Placed): void {
    const { key, isWhole, log, outputs, entries } = placed;
    const packed = entries.map(({ entry, mtimeMs, ctimeMs, ino }) => [entry, mtimeMs, ctimeMs, ino]);
    this.#db
      .query("INSERT OR REPLACE INTO placed VALUES (?, ?, ?, ?, ?, ?)")
      .run(task, key, isWhole ? 1 : 0, log, outputs, JSON.stringify(packed));
  }

  /** Milliseconds by id of a task; the newer count for more. */
  durations(): Map<string, number> {
    const rows = this.#db.query<{ task: string; ms: number }, []>("SELECT task, ms FROM durations").all();
    return new Map(rows.map(({ task, ms }) => [task, ms]));
  }

  tookMs(task: string, ms: number): void {
    this.#db
      .query("INSERT INTO durations VALUES (?1, ?2) ON CONFLICT (task) DO UPDATE SET ms = (ms + ?2) / 2")
      .run(task, ms);
  }

  /** What tasks took of the machine, by id. */
  uses(): Map<string, TaskNeed> {
    const rows = this.#db
      .query<{ task: string; cores: number; memory_bytes: number }, []>("SELECT task, cores, memory_bytes FROM uses")
      .all();
    return new Map(rows.map(({ task, cores, memory_bytes }) => [task, { cores, memoryBytes: memory_bytes }]));
  }

  /** The most memory of its last times, and processors as durations are. */
  used(task: string, { cores, memoryBytes }: TaskNeed): void {
    this.#db
      .query(
        "INSERT INTO uses VALUES (?1, ?2, ?3) ON CONFLICT (task) DO UPDATE SET cores = (cores + ?2) / 2, memory_bytes = max(?3, (memory_bytes + ?3) / 2)",
      )
      .run(task, cores, memoryBytes);
  }

  /** A task that failed and then succeeded from the same inputs. */
  flaked(task: string, { atMs, attempts, why }: Flake): void {
    this.#db.query("INSERT OR REPLACE INTO flakes VALUES (?, ?, ?, ?)").run(task, atMs, attempts, why);
    this.#db
      .query(
        "DELETE FROM flakes WHERE task = ?1 AND at NOT IN (SELECT at FROM flakes WHERE task = ?1 ORDER BY at DESC LIMIT ?2)",
      )
      .run(task, flakesKeptPerTask);
  }

  /** Newest first. */
  flakes(task: string): readonly Flake[] {
    return this.#db
      .query<Flake, [string]>("SELECT at AS atMs, attempts, why FROM flakes WHERE task = ? ORDER BY at DESC")
      .all(task);
  }

  /** Newest first. */
  keys(task: string): readonly RecordedKey[] {
    const rows = this.#db
      .query<{ key: string; at: number; parts: string }, [string]>(
        "SELECT key, at, parts FROM keys WHERE task = ? ORDER BY at DESC, key",
      )
      .all(task);
    return rows.map(({ key, at, parts }) => ({ key, atMs: at, parts: JSON.parse(parts) as KeyParts }));
  }

  keep(task: string, { key, atMs, parts }: RecordedKey): void {
    this.#db
      .transaction(() => {
        this.#db.query("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?)").run(task, key, atMs, JSON.stringify(parts));
        this.#db
          .query(
            "DELETE FROM keys WHERE task = ?1 AND key NOT IN (SELECT key FROM keys WHERE task = ?1 ORDER BY at DESC LIMIT ?2)",
          )
          .run(task, keysKeptPerTask);
      })
      .immediate();
  }

  note(name: string): string | undefined {
    return this.#db.query<{ text: string }, [string]>("SELECT text FROM notes WHERE name = ?").get(name)?.text;
  }

  remember(name: string, text: string): void {
    this.#db.query("INSERT OR REPLACE INTO notes VALUES (?, ?)").run(name, text);
  }

  /** A process that a build has begun, and the build's own. */
  began(process: NotedProcess): void {
    const { pid, life, owner, ownerLife } = process;
    this.#db.query("INSERT OR REPLACE INTO processes VALUES (?, ?, ?, ?)").run(pid, life, owner, ownerLife);
  }

  ended(pid: number): void {
    this.#db.query("DELETE FROM processes WHERE pid = ?").run(pid);
  }

  processes(): readonly NotedProcess[] {
    return this.#db.query<NotedProcess, []>("SELECT pid, life, owner, owner_life AS ownerLife FROM processes").all();
  }

  close(): void {
    this.#db.close();
  }
}

interface PlacedRow {
  readonly key: string;
  readonly whole: number;
  readonly log: string;
  readonly outputs: string;
  readonly entries: string;
}

/** Entries are read when somebody asks for them: a build looks at the keys of all tasks, and at few manifests. */
function lazyPlaced({ key, whole, log, outputs, entries }: PlacedRow): Placed {
  let read: readonly PlacedEntry[] | undefined;
  return {
    key,
    isWhole: whole === 1,
    log,
    outputs,
    get entries() {
      read ??= (JSON.parse(entries) as readonly (readonly [OutputEntry, number, number, number])[]).map(
        ([entry, mtimeMs, ctimeMs, ino]) => ({ entry, mtimeMs, ctimeMs, ino }),
      );
      return read;
    },
  };
}
