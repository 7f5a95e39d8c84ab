import { expect, test } from "bun:test";
import { batchOf, entry, noonMs } from "./entries.fixture.suite.ts";
import { failureOf, LogFolder } from "./folder.fixture.suite.ts";
import { CallThread } from "./thread-calls.ts";

test("the thread that writes opens a folder once and answers each call", async () => {
  using folder = new LogFolder();
  const thread = new CallThread("log-writer-thread");
  expect(await failureOf(thread.call("append", { batches: [], nowMs: 0 }))).toMatchObject({ code: "store_failed" });
  const options = { folder: folder.path, chunkBytesMax: 1_000, keysKeptMs: 1_000, keepDays: 0, keepBytes: 0 };
  expect(await thread.call<object>("open", options)).toMatchObject({ lastSeq: 0 });
  const sent = thread.call<object>("append", { batches: [batchOf([entry()])], nowMs: noonMs });
  expect(await sent).toMatchObject({ results: [{ firstSeq: 1 }], state: { lastSeq: 1 } });
  expect(await thread.call<object>("beginSeal", undefined)).toEqual({ from: 0, to: 1 });
  await thread.call("close", undefined);
  thread.end();
  expect(folder.all()).toHaveLength(1);
});
