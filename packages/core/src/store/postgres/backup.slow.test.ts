// A backup of a server's data is of one moment, and a file as the embedded store has it.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { openSqliteStore } from "../sqlite/sqlite-run-store.ts";
import { Databases, installServer, serverStartMs, unexpected } from "./postgres-server.suite.ts";
import { openPostgresStore } from "./postgres-store.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installServer();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

describe.skipIf(refusal !== undefined)("a backup", () => {
  const databases = new Databases();
  const root = mkdtempSync(join(tmpdir(), "sluice-backup-"));
  beforeAll(() => databases.start(), serverStartMs);
  afterAll(async () => {
    await databases.stop();
    rmSync(root, { recursive: true, force: true });
  });

  test("has what was there when it began, while work goes on; what is counted agrees with the rows", async () => {
    const store = await openPostgresStore({ url: await databases.next(), onFatal: unexpected });
    const create = (id: string) =>
      store.createRun({
        by: ada,
        run: {
          id,
          workflow: "w",
          version: "v",
          input: value(id),
          priority: 0,
          tags: [],
          createdAt: start,
          dueAt: start,
        },
        now: start,
      });
    for (let n = 0; n < 700; n++) await create(`before-${n}`);
    const file = join(root, "copy.db");
    const writing = store.backup({ path: file });
    const meanwhile = Array.from({ length: 200 }, (_each, n) => create(`while-${n}`));
    expect((await writing).bytes).toBeGreaterThan(10_000);
    await Promise.all(meanwhile);
    await store.close();
    const copy = await openSqliteStore({ file, onFatal: unexpected });
    const { runs } = await copy.listRuns({ filter: {}, limit: 2_000 });
    expect(runs.filter(({ id }) => id.startsWith("before"))).toHaveLength(700);
    expect((await copy.figures.countByWorkflow({})).length).toBe(1);
    expect(await copy.countRuns({ filter: {} })).toBe((await copy.stats()).runs.queued ?? 0);
    await copy.close();
  });
});
