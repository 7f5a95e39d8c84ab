import { expect, test } from "bun:test";
import { join } from "node:path";
import { refusal } from "../run-store.fixture.suite.ts";
import { sqliteLimits } from "./database.ts";
import type { SqliteLimits } from "./database.ts";
import { ReaderClient } from "./reader-client.ts";
import { creation, kept, withFolders, writerOn } from "./sqlite-store.fixture.suite.ts";

const folders = withFolders();

function reader(readerIdleMs = 60_000, more: Partial<SqliteLimits> = {}): ReaderClient {
  const folder = folders.next();
  const { writer } = writerOn(folder);
  kept(writer.run(creation("r1")));
  const limits = { ...sqliteLimits, readerIdleMs, ...more };
  return new ReaderClient({ file: join(folder, "state.db"), durability: "full", limits });
}

test("the thread is there from the first read until it has been idle", async () => {
  const client = reader(1);
  expect(client.running).toBe(false);
  expect(await client.call("countRuns", { filter: {} })).toBe(1);
  while (client.running) await new Promise((resolve) => setImmediate(resolve));
  expect(await client.call("countRuns", { filter: {} })).toBe(1);
  await client.close();
});

test("a failed read fails alone", async () => {
  const client = reader();
  const bad = refusal(client.call("listRuns", { filter: {}, limit: 1, cursor: "x" }));
  const good = client.call("countRuns", { filter: {} });
  expect([await bad, await good]).toEqual(["invalid_filter", 1]);
  await client.close();
});

test("a read that is given up is refused, and the next one is served", async () => {
  const client = reader();
  const first = refusal(client.call("stats", undefined));
  const second = client.call("countRuns", { filter: {} });
  client.interrupt();
  expect([await first, await second]).toEqual(["unavailable", 1]);
  await client.close();
  expect(await refusal(client.call("stats", undefined))).toBe("store_failed");
});

test("reads beyond the limit are refused, those before them are answered", async () => {
  const client = reader(60_000, { readerQueueMax: 2 });
  const reads = Array.from({ length: 4 }, () => client.call("countRuns", { filter: {} }));
  const [last] = reads.slice(-1);
  expect(await refusal(last ?? Promise.resolve())).toBe("unavailable");
  expect(await Promise.all(reads.slice(0, 3))).toEqual([1, 1, 1]);
  await client.close();
});

test("a database that could not be opened is opened anew for the next read, which gets its own answer", async () => {
  const folder = folders.next();
  const file = join(folder, "state.db");
  const client = new ReaderClient({ file, durability: "full", limits: sqliteLimits });
  const refused = refusal(client.call("countRuns", { filter: {} }));
  expect(await refused).toBe("store_failed");
  kept(writerOn(folder).writer.run(creation("r1")));
  const counts = [client.call("countRuns", { filter: {} }), client.call("countRuns", { filter: { workflow: "none" } })];
  expect(await Promise.all(counts)).toEqual([1, 0]);
  await client.close();
});
