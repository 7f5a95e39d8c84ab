// The tables are made once, guarded as on SQLite, and left alone by a program that does not know them.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { migrations } from "../sqlite/migrate.ts";
import { PostgresConnection } from "./connection.ts";
import { Databases, installServer, serverStartMs } from "./postgres-server.suite.ts";
import { migratePostgres, primaryKeys } from "./schema.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installServer();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

describe.skipIf(refusal !== undefined)("the tables", () => {
  const databases = new Databases();
  beforeAll(() => databases.start(), serverStartMs);
  afterAll(() => databases.stop());
  const connect = async (of: "tables" | "nothing") =>
    new PostgresConnection({ url: await databases.next(of), primaryKeys });

  test("are made in an empty database, all or nothing, and not again", async () => {
    const db = await connect("nothing");
    migratePostgres(db);
    const instance = db.rows("SELECT value FROM meta");
    migratePostgres(db);
    expect(db.rows("SELECT value FROM meta")).toEqual(instance);
    expect(db.rows("SELECT steps FROM sluice_schema")).toEqual([{ steps: migrations.length }]);
    db.close();
  });

  test("of a newer program are not touched", async () => {
    const db = await connect("tables");
    db.run("UPDATE sluice_schema SET steps = 9999");
    expect(() => migratePostgres(db)).toThrow("written by a newer version");
    expect(db.inTransaction).toBe(false);
    db.close();
  });

  test("of the audit trail take rows at their end only, and give none back but from the start", async () => {
    const db = await connect("tables");
    const columns = db.rows<{ name: string; type: string }>(
      "SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_name = 'audit' AND is_nullable = 'NO'",
    );
    const add = (seq: number): void => {
      const values = columns.map(({ name, type }) =>
        name === "seq" ? seq : type === "bytea" ? new Uint8Array([seq]) : type === "bigint" ? 1 : "x",
      );
      const sql = `INSERT INTO audit (${columns.map(({ name }) => name).join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`;
      db.compile(sql).run(...values);
      db.flush();
    };
    add(1);
    add(2);
    expect(() => add(4)).toThrow("added at its end");
    expect(() => db.run("UPDATE audit SET seq = 9 WHERE seq = 2")).toThrow("do not change");
    expect(() => db.run("DELETE FROM audit WHERE seq = 1")).toThrow("from its start only");
    db.run("UPDATE audit_start SET seq = 1");
    db.run("DELETE FROM audit WHERE seq = 1");
    expect(db.rows("SELECT seq FROM audit")).toEqual([{ seq: 2 }]);
    db.close();
  });
});
