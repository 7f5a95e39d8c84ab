import { expect, test } from "bun:test";
import { join } from "node:path";
import { creation, withFolders } from "./sqlite-store.fixture.suite.ts";
import { sqliteLimits } from "./database.ts";
import { startThread } from "./start-thread.ts";
import { verifyData } from "./verify-data.ts";

const folders = withFolders();

test("a reader's thread looks a folder over, and says when there is nothing in it", async () => {
  const folder = folders.next();
  const writer = startThread("writer");
  const next = () => new Promise((resolve) => writer.addEventListener("message", resolve, { once: true }));
  const requests = [
    { open: { file: join(folder, "state.db"), durability: "full", limits: sqliteLimits } },
    { batch: creation("r1") },
    { close: true },
  ];
  for (const request of requests) {
    const answered = next();
    writer.postMessage(request);
    await answered;
  }
  writer.terminate();
  expect(await verifyData({ folder })).toMatchObject({ sound: true, runs: 1 });
  expect(await verifyData({ folder: folders.next() })).toMatchObject({ sound: false, findings: [{ kind: "missing" }] });
});
