// What the threads of the store promise while a long read goes on.
import { describe, expect, test } from "bun:test";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { RunStore } from "../../kernel/run-store.ts";
import { ada, start } from "../run-store.fixture.suite.ts";
import { newRun, unexpected, withFolders } from "./sqlite-store.fixture.suite.ts";
import { openSqliteStore, type SqliteStoreSettings } from "./sqlite-run-store.ts";

describe("a long read", () => {
  const folders = withFolders();
  const inputBytes = 20_000;
  let created = 0;

  const create = (store: RunStore): Promise<unknown> => {
    const input = crypto.getRandomValues(new Uint8Array(inputBytes));
    return store.createRun({ by: ada, run: newRun(`r${created++}`, { input }), now: start });
  };

  /** A store with enough in it for a copy of it to take a while. */
  async function filled(limits: SqliteStoreSettings["limits"]): Promise<{ store: RunStore; folder: string }> {
    const folder = folders.next();
    const store = await openSqliteStore({ file: join(folder, "state.db"), onFatal: unexpected, limits });
    await Promise.all(Array.from({ length: 1_500 }, () => create(store)));
    return { store, folder };
  }

  test("holds up neither commits nor the thread of the caller", async () => {
    const { store, folder } = await filled({});
    const copy = { done: false };
    const copying = store.backup({ path: join(folder, "copy") }).then(() => {
      copy.done = true;
    });
    let commits = 0;
    for (; !copy.done; commits++) {
      await create(store);
      expect((await store.getRun({ run: "r0" }))?.id).toBe("r0");
    }
    await copying;
    expect(commits).toBeGreaterThan(2);
    await store.close();
  });

  test("does not let the log grow past its limit: it is given up, or commits wait for it", async () => {
    const walBytesMax = 400_000;
    const commitBytesMax = 72_000;
    const commitsPerLook = 32;
    const { store, folder } = await filled({ walBytesMax, checkpointPages: 50, walKeptBytes: 0 });
    let copies = 0;
    const writing = { over: false };
    const copying = (async () => {
      while (!writing.over) await store.backup({ path: join(folder, `copy-${copies++}`) }).catch(() => undefined);
    })();
    let logBytes = 0;
    for (let commits = 0; commits < 150; commits++) {
      await create(store);
      // What the filling left is emptied at the first look.
      if (commits > commitsPerLook) logBytes = Math.max(logBytes, statSync(join(folder, "state.db-wal")).size);
    }
    writing.over = true;
    await copying;
    expect(copies).toBeGreaterThan(0);
    expect(logBytes).toBeGreaterThan(0);
    expect(logBytes).toBeLessThan(walBytesMax + (commitsPerLook + 1) * commitBytesMax);
    await store.close();
  }, 60_000);
});
