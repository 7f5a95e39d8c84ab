// Tasks in memory: the shared suite has their meaning; here is what only this adapter could get wrong.
import { expect, test } from "bun:test";
import { MemoryRunStore } from "./memory-run-store.ts";
import { engineItself } from "../../kernel/inner-actor.ts";
import { ada, start, task } from "../run-store.fixture.suite.ts";
import { encodeBlobRef } from "../../kernel/blob-ref.ts";

test("the input of a task that has not ended keeps its blob", async () => {
  const store = new MemoryRunStore();
  const hash = "ab".repeat(32);
  const run = { id: "r", workflow: "w", version: "v", input: new Uint8Array(), priority: 0, tags: [] } as const;
  const at = { createdAt: start, dueAt: start };
  await store.createRun({ by: ada, run: { ...run, ...at }, claim: { owner: "e" }, now: start });
  const op = { ...task(0, "t0"), input: encodeBlobRef(hash) } as ReturnType<typeof task>;
  await store.append({ by: engineItself, run: "r", epoch: 1, ops: [op], now: start });
  expect(await store.blobsInUse({ blobs: [hash, "cd".repeat(32)] })).toEqual([hash]);
  await store.settleTask({ by: engineItself, task: "t0", epoch: 1, attempt: 1, now: start });
  expect(await store.blobsInUse({ blobs: [hash] })).toEqual([]);
});
