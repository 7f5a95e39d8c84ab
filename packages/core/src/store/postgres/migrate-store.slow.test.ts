// Data that moves between a folder and a server: whole or not at all, wherever it is broken off.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { openDataFolder } from "../sqlite/open-data.ts";
import { openSqliteStore } from "../sqlite/sqlite-run-store.ts";
import { migrateStore } from "./migrate-store.ts";
import { Databases, installServer, serverStartMs, unexpected } from "./postgres-server.suite.ts";
import { openPostgresStore } from "./postgres-store.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installServer();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

describe.skipIf(refusal !== undefined)("a migration", () => {
  const databases = new Databases();
  const root = mkdtempSync(join(tmpdir(), "sluice-migrate-"));
  beforeAll(() => databases.start(), serverStartMs);
  afterAll(async () => {
    await databases.stop();
    rmSync(root, { recursive: true, force: true });
  });

  async function folderWith(count: number): Promise<string> {
    const folder = mkdtempSync(join(root, "data-"));
    const held = await openDataFolder({ folder });
    const store = await openSqliteStore({ file: held.databaseFile, onFatal: unexpected });
    for (let n = 0; n < count; n++) {
      const run = { id: `r${n}`, workflow: "w", version: "v", input: value(n), priority: 0, tags: ["t"] };
      await store.createRun({ by: ada, run: { ...run, createdAt: start + n, dueAt: start + n }, now: start + n });
      await store.emitEvent({ by: ada, name: "e", payload: value(n), now: start + n });
    }
    await store.close();
    await held.release();
    return folder;
  }

  test("that is broken off goes on when it is asked for again, and nothing opens before it is whole", async () => {
    const [folder, url] = [await folderWith(1_100), await databases.next()];
    const move = (stopAt: number) => {
      let pages = 0;
      return migrateStore({
        from: { folder },
        to: { postgres: url },
        onProgress: () => {
          if (++pages === stopAt) throw new Error("power cut");
        },
      });
    };
    await expect(move(3)).rejects.toThrow("power cut");
    await expect(openPostgresStore({ url, onFatal: unexpected })).rejects.toThrow("a copy that is not whole");
    await expect(move(2)).rejects.toThrow("power cut");
    const tables = await move(0);
    expect(tables.find(({ name }) => name === "runs")?.rows).toBe(1_100);
    const store = await openPostgresStore({ url, onFatal: unexpected });
    expect(await store.countRuns({ filter: { tag: "t" } })).toBe(1_100);
    const { event } = await store.emitEvent({ by: ada, name: "e", payload: value("next"), now: start });
    expect(event).toBe(1_101);
    await store.close();

    const back = join(root, "back");
    await migrateStore({ from: { postgres: url }, to: { folder: back } });
    const held = await openDataFolder({ folder: back });
    const again = await openSqliteStore({ file: held.databaseFile, onFatal: unexpected });
    expect(await again.countRuns({ filter: {} })).toBe(1_100);
    expect((await again.listEvents({ after: 1_100, limit: 9 })).map(({ id }) => id)).toEqual([1_101]);
    await again.close();
    await held.release();
  });

  test("does not begin where a server runs, or where there is other data", async () => {
    const [folder, url] = [await folderWith(1), await databases.next()];
    const store = await openPostgresStore({ url, onFatal: unexpected });
    await expect(migrateStore({ from: { folder }, to: { postgres: url } })).rejects.toMatchObject({
      code: "data_folder_locked",
    });
    await store.setState({ by: ada, scope: "global", key: "k", value: value(1), now: start });
    await store.close();
    await expect(migrateStore({ from: { folder }, to: { postgres: url } })).rejects.toMatchObject({ code: "conflict" });
    const other = await folderWith(1);
    await expect(migrateStore({ from: { folder }, to: { folder: other } })).rejects.toMatchObject({ code: "conflict" });
  });
});
