// What the tables ask of a connection, against a server.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PostgresConnection } from "./connection.ts";
import { Databases, installServer, serverStartMs } from "./postgres-server.suite.ts";
import { primaryKeys } from "./schema.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installServer();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

describe.skipIf(refusal !== undefined)("a connection", () => {
  const databases = new Databases();
  beforeAll(() => databases.start(), serverStartMs);
  afterAll(() => databases.stop());
  const connect = async () => new PostgresConnection({ url: await databases.next(), primaryKeys });
  const put = "INSERT INTO state (scope, key, value, version, expires_at) VALUES (?, ?, ?, ?, ?)";
  const count = "SELECT count(*) AS n FROM state";

  test("sends changes with the next question, and answers in the kinds that SQLite has", async () => {
    const db = await connect();
    const before = db.trips;
    for (let n = 0; n < 10; n++) db.kept(put).run("global", `k${n}\u0000`, new Uint8Array([n]), 2 ** 40 + n, null);
    expect(db.trips).toBe(before);
    expect(db.rows(count)).toEqual([{ n: 10 }]);
    expect(db.trips).toBe(before + 1);
    const row = db.kept<{ value: Uint8Array }>("SELECT * FROM state WHERE key = ?").get("k3\u0000");
    const whole = { scope: "global", key: "k3\u0000", version: 2 ** 40 + 3, expires_at: null };
    expect(row).toMatchObject(whole);
    expect([...(row?.value ?? [])]).toEqual([3]);
    db.close();
  });

  test("says how many rows a change has changed when somebody asks", async () => {
    const db = await connect();
    db.kept(put).run("global", "k", new Uint8Array(), 1, null);
    expect(db.compile("DELETE FROM state WHERE key = ?").run("other").changes).toBe(0);
    expect(db.compile("DELETE FROM state WHERE key = ?").run("k").changes).toBe(1);
    db.close();
  });

  test("takes back what a verb did, sent or not, and goes on", async () => {
    const db = await connect();
    db.run("BEGIN IMMEDIATE");
    expect(db.inTransaction).toBe(true);
    db.kept(put).run("global", "kept", new Uint8Array(), 1, null);
    db.run("SAVEPOINT verb");
    db.kept(put).run("global", "unsent", new Uint8Array(), 1, null);
    db.run("ROLLBACK TO verb");
    db.run("RELEASE verb");
    db.run("SAVEPOINT verb");
    db.kept(put).run("global", "kept", new Uint8Array(), 1, null);
    expect(() => db.rows(count)).toThrow("duplicate key");
    db.run("ROLLBACK TO verb");
    db.run("RELEASE verb");
    db.run("COMMIT");
    expect(db.inTransaction).toBe(false);
    expect(db.rows("SELECT key FROM state")).toEqual([{ key: "kept" }]);
    db.run("BEGIN IMMEDIATE");
    db.kept(put).run("global", "gone", new Uint8Array(), 1, null);
    db.run("ROLLBACK");
    expect(db.rows(count)).toEqual([{ n: 1 }]);
    db.close();
  });
});
