// Every suite of the store's ports on a real PostgreSQL server, and what a server can do to a store: go away in the middle of a
// commit, and have another one there.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { auditLogSuite } from "../packages/core/src/store/audit-log.suite.ts";
import { blobScopeStoreSuite } from "../packages/core/src/store/blob-scope-store.suite.ts";
import { buildStoreSuite } from "../packages/core/src/store/build-store.suite.ts";
import { clusterStoreSuite } from "../packages/core/src/store/cluster-store.suite.ts";
import { identityStoreSuite } from "../packages/core/src/store/identity-store.suite.ts";
import { payloadKeyStoreSuite } from "../packages/core/src/store/payload-key-store.suite.ts";
import { openPostgresStore } from "../packages/core/src/store/postgres/index.ts";
import { runFiguresSuite } from "../packages/core/src/store/run-figures.suite.ts";
import { ada, start, value } from "../packages/core/src/store/run-store.fixture.suite.ts";
import { runStoreSuite } from "../packages/core/src/store/run-store.suite.ts";
import { secretStoreSuite } from "../packages/core/src/store/secret-store.suite.ts";
import { triggerStoreSuite } from "../packages/core/src/store/trigger-store.suite.ts";
import { installPeers, peersInstallMs, startPostgres } from "./service-peers.suite.ts";
import type { PeerServer } from "./service-peers.suite.ts";

// Bun's tests have to know at once what is skipped.
const refusal = installPeers();
if (refusal !== undefined) console.warn(`skipped: no PostgreSQL: ${refusal}`);

const unexpected = (error: Error): void => {
  throw error;
};

/** A server, and as many databases with the store's tables as are asked for. */
class Databases {
  #peer: PeerServer | undefined;
  #admin: Bun.SQL | undefined;
  #count = 0;

  async start(): Promise<void> {
    this.#peer = await startPostgres();
    this.#admin = new Bun.SQL({ url: this.#peer.url, max: 1 });
    await this.#admin.unsafe("CREATE DATABASE made");
    await (await openPostgresStore({ url: this.#url("made"), onFatal: unexpected })).close();
  }

  #url(name: string): string {
    return (this.#peer?.url ?? "").replace(/\/postgres$/, `/${name}`);
  }

  async next(): Promise<string> {
    const name = `store_${this.#count++}`;
    await this.#admin?.unsafe(`CREATE DATABASE ${name} TEMPLATE made`);
    return this.#url(name);
  }

  /** Cuts every connection to a database. */
  async cut(url: string): Promise<void> {
    const name = url.slice(url.lastIndexOf("/") + 1);
    await this.#admin?.unsafe("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", [name]);
  }

  async stop(): Promise<void> {
    await this.#admin?.close();
    await this.#peer?.[Symbol.asyncDispose]();
  }
}

describe.skipIf(refusal !== undefined)("PostgreSQL", () => {
  const databases = new Databases();
  beforeAll(() => databases.start(), peersInstallMs);
  afterAll(() => databases.stop());
  const makeStore = async () => openPostgresStore({ url: await databases.next(), onFatal: unexpected });
  const newRun = (id: string) =>
    ({ id, workflow: "order", version: "v1", input: value({ id }), priority: 0, tags: [], createdAt: start, dueAt: start }) as const;

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
    expect(await second.getRun({ run: "r1" })).toMatchObject({ id: "r1", status: "queued", input: value({ id: "r1" }) });
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
