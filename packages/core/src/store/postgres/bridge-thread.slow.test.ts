// A connection that ends: one for reads asks again, one that writes never goes on with the rest of a transaction.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PostgresConnection } from "./connection.ts";
import { isLost } from "../sqlite/failures.ts";
import { Databases, installServer, serverStartMs } from "./postgres-server.suite.ts";
import { primaryKeys } from "./schema.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installServer();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

describe.skipIf(refusal !== undefined)("a connection that is cut", () => {
  const databases = new Databases();
  beforeAll(() => databases.start(), serverStartMs);
  afterAll(() => databases.stop());
  const backend = "SELECT pg_backend_pid() AS pid";

  test("for reads is made anew, and the read is asked again", async () => {
    const url = await databases.next();
    const db = new PostgresConnection({ url, primaryKeys, reads: true });
    const [first] = db.rows<{ pid: number }>(backend);
    await databases.cut(url);
    const [second] = db.rows<{ pid: number }>(backend);
    expect(second?.pid).toBeGreaterThan(0);
    expect(second).not.toEqual(first);
    db.close();
  });

  test("for changes says so until it is told to begin anew: nothing of a transaction is kept", async () => {
    const url = await databases.next();
    const db = new PostgresConnection({ url, primaryKeys });
    db.run("BEGIN IMMEDIATE");
    db.kept("INSERT INTO retentions (workflow, age_ms, keep) VALUES (?, ?, ?)").run("one", null, null);
    db.rows(backend);
    await databases.cut(url);
    const thrown: unknown[] = [];
    for (const sql of ["INSERT INTO retentions (workflow) VALUES ('two')", "COMMIT", backend]) {
      try {
        db.run(sql);
      } catch (error) {
        thrown.push(error);
      }
    }
    expect(thrown.map(isLost)).toEqual([true, true, true]);
    db.reconnect();
    expect(db.rows("SELECT workflow FROM retentions")).toEqual([]);
    db.close();
  });
});
