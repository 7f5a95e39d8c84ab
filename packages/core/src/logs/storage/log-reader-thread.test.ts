import { expect, test } from "bun:test";
import { parseQuery } from "../query/parse.ts";
import { batchOf, entry, noonMs } from "./entries.fixture.suite.ts";
import { LogFolder } from "./folder.fixture.suite.ts";
import type { ReaderQuery } from "./log-reader-thread.ts";
import { CallThread } from "./thread-calls.ts";

test("the thread that reads answers queries within their time, and seals", async () => {
  using folder = new LogFolder();
  const files = folder.open();
  files.append([batchOf([entry({ line: "x" })])], noonMs);
  const thread = new CallThread("log-reader-thread");
  const asked: ReaderQuery = {
    folder: folder.path,
    tenant: "default",
    query: parseQuery("x", noonMs),
    aboveSeq: undefined,
    upToSeq: undefined,
    rowsMax: 10,
    bytesMax: 1e9,
    timeMsMax: 60_000,
    cancelled: new Int32Array(new SharedArrayBuffer(4)),
  };
  expect(await thread.call<object>("query", asked)).toMatchObject({ entries: [{ line: "x" }], partial: undefined });
  expect(await thread.call<object>("query", { ...asked, timeMsMax: -1 })).toMatchObject({ partial: "time" });
  const options = { folder: folder.path, chunkBytesMax: 1_000, keysKeptMs: 0, keepDays: 0, keepBytes: 0 };
  const range = files.beginSeal();
  const sealed = await thread.call<object>("seal", { ...options, ...range, nowMs: noonMs });
  expect(sealed).toEqual({ chunks: 1, entries: 1, damaged: [] });
  files.endSeal(1, []);
  expect(await thread.call<object>("query", asked)).toMatchObject({ entries: [{ line: "x" }], lastSeq: 1 });
  thread.end();
  files.close();
});
