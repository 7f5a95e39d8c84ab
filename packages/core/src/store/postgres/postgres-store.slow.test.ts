// Every suite of the store's ports on a real PostgreSQL server, and what a server can do to a store: go away in the middle of a
// commit, and have another one there.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { auditLogSuite } from "../audit-log.suite.ts";
import { blobScopeStoreSuite } from "../blob-scope-store.suite.ts";
import { buildStoreSuite } from "../build-store.suite.ts";
import { clusterStoreSuite } from "../cluster-store.suite.ts";
import { identityStoreSuite } from "../identity-store.suite.ts";
import { payloadKeyStoreSuite } from "../payload-key-store.suite.ts";
import { openPostgresStore } from "./postgres-store.ts";
import { runFiguresSuite } from "../run-figures.suite.ts";
import { ada, start, value } from "../run-store.fixture.suite.ts";
import { runStoreSuite } from "../run-store.suite.ts";
import { secretStoreSuite } from "../secret-store.suite.ts";
import { triggerStoreSuite } from "../trigger-store.suite.ts";
import { Databases, installServer, serverStartMs, unexpected } from "./postgres-server.suite.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installServer();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

describe.skipIf(refusal !== undefined)("PostgreSQL", () => {
  const databases = new Databases();
  beforeAll(() => databases.start(), serverStartMs);
  afterAll(() => databases.stop());
  const makeStore = async () => openPostgresStore({ url: await databases.next(), onFatal: unexpected });
  const newRun = (id: string) =>
    ({
      id,
      workflow: "order",
      version: "v1",
      input: value({ id }),
      priority: 0,
      tags: [],
      createdAt: start,
      dueAt: start,
    }) as const;

  runStoreSuite("postgres", makeStore);
  runFiguresSuite("postgres", makeStore);
  identityStoreSuite("postgres", makeStore);
  auditLogSuite("postgres", makeStore);
  secretStoreSuite("postgres", makeStore);
  payloadKeyStoreSuite("postgres", makeStore);
  buildStoreSuite("postgres", makeStore);
  blobScopeStoreSuite("postgres", makeStore);
  clusterStoreSuite("postgres", makeStore);
  triggerStoreSuite("postgres", makeStore);

  test("what one store wrote another reads, under the same name", async () => {
    const url = await databases.next();
    const first = await openPostgresStore({ url, onFatal: unexpected });
    await first.createRun({ by: ada, run: newRun("r1"), now: start });
    await first.close();
    const second = await openPostgresStore({ url, onFatal: unexpected });
    expect(second.instance).toBe(first.instance);
    expect(await second.getRun({ run: "r1" })).toMatchObject({
      id: "r1",
      status: "queued",
      input: value({ id: "r1" }),
    });
    await second.close();
  });

  test("a second server is refused as long as the first one is there", async () => {
    const url = await databases.next();
    const first = await openPostgresStore({ url, onFatal: unexpected });
    const second = openPostgresStore({ url, onFatal: unexpected });
    await expect(second).rejects.toMatchObject({ code: "data_folder_locked" });
    await first.close();
    await (await openPostgresStore({ url, onFatal: unexpected })).close();
  });

  test("connections that are cut, again and again, lose and double nothing", async () => {
    const url = await databases.next();
    const store = await openPostgresStore({ url, onFatal: unexpected });
    const acknowledged: string[] = [];
    const rounds = 20;
    for (let round = 0; round < rounds; round++) {
      const creating = Array.from({ length: 50 }, async (_each, index) => {
        const id = `r${round}-${index}`;
        const answer = await store.createRun({ by: ada, run: newRun(id), now: start });
        expect(answer.outcome).toBe("created");
        acknowledged.push(id);
      });
      await databases.cut(url);
      await Promise.all(creating);
    }
    expect(acknowledged).toHaveLength(rounds * 50);
    expect(await store.countRuns({ filter: {} })).toBe(rounds * 50);
    for (const id of acknowledged) expect(await store.getRun({ run: id })).toMatchObject({ id, attempt: 1 });
    await store.close();
  });
});
