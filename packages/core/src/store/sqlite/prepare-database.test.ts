import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SluiceError } from "@sluice/protocol";
import { SqliteConnection } from "./connection.ts";
import { migrate, migrations, readSchemaVersion } from "./migrate.ts";
import { prepareDatabase } from "./prepare-database.ts";
import { creation, kept, withFolders, writerOn } from "./sqlite-store.fixture.suite.ts";

const folders = withFolders();
const codeOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return error instanceof SluiceError ? error.code : error;
  }
};

/** A closed database with a hundred runs. */
function filled(): string {
  const folder = folders.next();
  const { writer } = writerOn(folder);
  kept(writer.run(Array.from({ length: 100 }, (_, i) => creation(`r${i}`)).flat()));
  writer.close();
  return join(folder, "state.db");
}

describe("a database", () => {
  test("that is not there, or empty, is made by the writer", () => {
    const file = join(folders.next(), "state.db");
    expect(prepareDatabase({ file })).toEqual({ outcome: "created" });
    writeFileSync(file, "");
    expect(prepareDatabase({ file })).toEqual({ outcome: "created" });
    expect(prepareDatabase({ file: filled() })).toEqual({ outcome: "current" });
  });

  test("of a newer version is refused and not touched", () => {
    const file = filled();
    const db = new SqliteConnection(file, "create");
    db.run(`PRAGMA user_version = ${migrations.length + 1}`);
    db.query("PRAGMA wal_checkpoint(TRUNCATE)").all();
    db.close();
    const before = readFileSync(file);
    expect(codeOf(() => prepareDatabase({ file }))).toBe("data_folder_newer");
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("of an older version is copied beside itself, then migrated", () => {
    const file = join(folders.next(), "state.db");
    const first = ["CREATE TABLE a (x); INSERT INTO a VALUES (1)"];
    const old = new SqliteConnection(file, "create");
    migrate(old, first);
    old.close();
    const prepared = prepareDatabase({ file, migrations: [...first, "ALTER TABLE a ADD COLUMN y"] });
    const backup = `${file}.v1.backup`;
    expect(prepared).toEqual({ outcome: "migrated", from: 1, backup });
    const [before, after] = [new SqliteConnection(backup, "create"), new SqliteConnection(file, "create")];
    expect([readSchemaVersion(before), readSchemaVersion(after)]).toEqual([1, 2]);
    expect(before.query("SELECT * FROM a").all()).toEqual([{ x: 1 }]);
    expect(after.query("SELECT * FROM a").all()).toEqual([{ x: 1, y: null }]);
  });

  test("that is only looked at is not migrated", () => {
    const file = join(folders.next(), "state.db");
    const old = new SqliteConnection(file, "create");
    migrate(old, ["CREATE TABLE a (x)"]);
    old.close();
    prepareDatabase({ file, migrations: ["", "CREATE TABLE b (x)"], readonly: true });
    expect(existsSync(`${file}.v1.backup`)).toBe(false);
    expect(readSchemaVersion(new SqliteConnection(file, "create"))).toBe(1);
  });

  test("whose log was not moved into it yet is whole", () => {
    const folder = folders.next();
    const { writer, db } = writerOn(folder);
    kept(writer.run(creation("r1")));
    // What a killed process leaves behind.
    const crashed = join(folders.next(), "state.db");
    for (const suffix of ["", "-wal"]) copyFileSync(join(folder, `state.db${suffix}`), crashed + suffix);
    db.close();
    expect(prepareDatabase({ file: crashed })).toEqual({ outcome: "current" });
    expect(new SqliteConnection(crashed, "create").query("SELECT id FROM runs").values()).toEqual([["r1"]]);
  });

  test.each([
    ["cut off in the middle", (file: string) => truncateSync(file, 20_000)],
    ["cut off in its header", (file: string) => truncateSync(file, 50)],
    ["not a database", (file: string) => writeFileSync(file, Buffer.alloc(8_192, 7))],
    [
      "overwritten where its schema is",
      (file: string) => {
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(0xff, 100, 4_000));
      },
    ],
    [
      "overwritten where its runs are",
      (file: string) => {
        const db = new SqliteConnection(file, "read");
        const row = db.query<{ rootpage: number }, []>("SELECT rootpage FROM sqlite_schema WHERE name = 'runs'").get();
        db.close();
        const at = ((row?.rootpage ?? 0) - 1) * 4_096;
        const bytes = readFileSync(file);
        writeFileSync(file, bytes.fill(0xff, at, at + 4_096));
      },
    ],
  ])("that is %s is refused and not touched", (_, damage) => {
    const file = filled();
    damage(file);
    const before = readFileSync(file);
    expect(codeOf(() => prepareDatabase({ file }))).toBe("data_folder_corrupt");
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test("that is gone while its log is there is refused", () => {
    const file = join(folders.next(), "state.db");
    writeFileSync(`${file}-wal`, "left over");
    expect(codeOf(() => prepareDatabase({ file }))).toBe("data_folder_corrupt");
  });

  test("of another program is refused", () => {
    const file = join(folders.next(), "state.db");
    const db = new SqliteConnection(file, "create");
    db.run("CREATE TABLE notes (text)");
    expect(codeOf(() => prepareDatabase({ file }))).toBe("data_folder_corrupt");
    // One that counts its versions the same way.
    db.run(`PRAGMA user_version = ${migrations.length}`);
    db.close();
    expect(codeOf(() => prepareDatabase({ file }))).toBe("data_folder_corrupt");
  });
});
