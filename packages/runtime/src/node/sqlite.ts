// SQLite by `node:sqlite`, which Deno has too; on Node 20, which has none, by a package with the same interface.

import { failureOf, RuntimeFailure } from "../failure.ts";
import { CachedDatabase } from "../sqlite.ts";
import type { SqliteDriver, SqliteProvider, SqliteRow, SqliteStatement, SqliteValue } from "../sqlite.ts";

interface NodeStatement {
  run(...values: SqliteValue[]): { readonly changes: number | bigint; readonly lastInsertRowid: number | bigint };
  get(...values: SqliteValue[]): unknown;
  all(...values: SqliteValue[]): unknown;
  setReadBigInts(enabled: boolean): void;
}

interface NodeDatabase {
  prepare(sql: string): NodeStatement;
  exec(sql: string): void;
  close(): void;
}

/** What both modules have of what is used. */
interface SqliteModule {
  readonly DatabaseSync: new (path: string, options: { readonly readOnly: boolean }) => NodeDatabase;
}

interface Loaded {
  readonly module: SqliteModule;
  readonly native: boolean;
}

async function load(): Promise<Loaded> {
  try {
    return { module: (await import("node:sqlite")) as unknown as SqliteModule, native: true };
  } catch {
    // Node before 22.5.
    return { module: (await import("@photostructure/sqlite")) as unknown as SqliteModule, native: false };
  }
}

/** For what cuts text at a NUL: it is not given any. */
function refuseNul(values: readonly SqliteValue[]): void {
  if (values.some((value) => typeof value === "string" && value.includes("\0")))
    throw new RuntimeFailure("bad_argument", "SQLite: this runtime cannot keep text with a NUL; keep it as bytes");
}

function statementOf(
  statement: NodeStatement,
  { bigints, cutsText }: { readonly bigints: boolean; readonly cutsText: boolean },
): SqliteStatement {
  if (bigints) statement.setReadBigInts(true);
  return {
    run: (...values) => {
      if (cutsText) refuseNul(values);
      const { changes, lastInsertRowid } = statement.run(...values);
      return { changes: Number(changes), lastInsertRowid: BigInt(lastInsertRowid) };
    },
    get: (...values) => statement.get(...values) as SqliteRow | undefined,
    all: (...values) => statement.all(...values) as SqliteRow[],
  };
}

/** Whether text comes back cut at a NUL: Deno and the package do that, Node does not. */
function cutsAtNul({ DatabaseSync }: SqliteModule): boolean {
  const memory = new DatabaseSync(":memory:", { readOnly: false });
  const { text } = memory.prepare("SELECT ? AS text").get("a\0b") as { readonly text: unknown };
  memory.close();
  return text !== "a\0b";
}

/** The provider, and whether it is the runtime's own. */
export async function nodeSqlite(): Promise<{ readonly provider: SqliteProvider; readonly native: boolean }> {
  const { module, native } = await load();
  const cutsText = cutsAtNul(module);
  const connect = (path: string, options: { readonly readOnly: boolean; readonly bigints: boolean }): SqliteDriver => {
    const database = new module.DatabaseSync(path, { readOnly: options.readOnly });
    return {
      prepare: (sql) => statementOf(database.prepare(sql), { bigints: options.bigints, cutsText }),
      exec: (sql) => database.exec(sql),
      close: () => database.close(),
    };
  };
  const provider: SqliteProvider = {
    libraryVersion: versionOf(connect),
    open: (path, options = {}) => {
      try {
        const driver = connect(path, { readOnly: options.readonly ?? false, bigints: options.bigints ?? false });
        return new CachedDatabase(driver, options);
      } catch (error) {
        throw failureOf(error, `opening ${path}`);
      }
    },
  };
  return { provider, native };
}

function versionOf(
  connect: (path: string, options: { readonly readOnly: boolean; readonly bigints: boolean }) => SqliteDriver,
): string {
  const memory = connect(":memory:", { readOnly: false, bigints: false });
  const version = memory.prepare("SELECT sqlite_version() AS version").get()?.["version"];
  memory.close();
  return String(version);
}
