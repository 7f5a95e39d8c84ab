// Who may write to a database, and what a commit came to whose word got lost.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { PostgresConnection } from "./connection.ts";
import { beginCopy, endCopy, openPostgresAlone, openPostgresReader, openPostgresWriter } from "./open-threads.ts";
import { Databases, installServer, serverStartMs } from "./postgres-server.suite.ts";
import { primaryKeys } from "./schema.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installServer();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

describe.skipIf(refusal !== undefined)("a database", () => {
  const databases = new Databases();
  beforeAll(() => databases.start(), serverStartMs);
  afterAll(() => databases.stop());

  test("has one writer at a time, and readers beside it", async () => {
    const url = await databases.next();
    const { db } = openPostgresWriter({ url });
    expect(() => openPostgresAlone(url)).toThrow("Another server has this database");
    const reader = openPostgresReader({ url });
    expect(reader.rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    reader.close();
    db.close();
    openPostgresAlone(url).close();
  });

  test("knows of each commit whether it took place, also when its word got lost", async () => {
    const url = await databases.next();
    const { db, marks } = openPostgresWriter({ url });
    const put = (key: string) => db.kept("INSERT INTO retentions (workflow) VALUES (?)").run(key);
    db.run("BEGIN IMMEDIATE");
    put("committed");
    marks.mark();
    db.run("COMMIT");
    await databases.cut(url);
    expect(marks.settle()).toBe("committed");
    db.run("BEGIN IMMEDIATE");
    put("open");
    marks.mark();
    db.flush();
    await databases.cut(url);
    expect(marks.settle()).toBe("open");
    expect(db.rows("SELECT workflow FROM retentions")).toEqual([{ workflow: "committed" }]);
    db.close();
  });

  test("that somebody else has by the time it is reached again is given up", async () => {
    const url = await databases.next();
    const { db, marks } = openPostgresWriter({ url });
    await databases.cut(url);
    const other = new PostgresConnection({ url, primaryKeys });
    while (other.rows<{ held: number }>("SELECT pg_try_advisory_lock(1399616873, 1) AS held")[0]?.held !== 1);
    expect(() => marks.settle()).toThrow("Another server has this database");
    other.close();
    db.close();
  });

  test("that is being copied into cannot be opened before the copy has ended, and goes on with the same data only", async () => {
    const url = await databases.next();
    const copying = openPostgresAlone(url, { copying: true });
    expect(beginCopy(copying, "first")).toBe(true);
    copying.close();
    expect(() => openPostgresAlone(url)).toThrow("a copy that is not whole");
    const again = openPostgresAlone(url, { copying: true });
    expect(beginCopy(again, "second")).toBe(false);
    expect(beginCopy(again, "first")).toBe(true);
    endCopy(again);
    again.close();
    openPostgresAlone(url).close();
  });
});
