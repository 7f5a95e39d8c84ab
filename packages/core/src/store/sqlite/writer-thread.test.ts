import { expect, test } from "bun:test";
import { join } from "node:path";
import { sqliteLimits } from "./database.ts";
import { startThread, type ReaderRequest, type WriterRequest } from "./start-thread.ts";
import { creation, withFolders } from "./sqlite-store.fixture.suite.ts";

const folders = withFolders();

/** Asks a thread and returns its next message. */
function asker<Request extends ReaderRequest | WriterRequest>(thread: Worker): (request: Request) => Promise<unknown> {
  const waiting: ((message: unknown) => void)[] = [];
  thread.addEventListener("message", (event: MessageEvent<unknown>) => waiting.shift()?.(event.data));
  return (request) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      thread.postMessage(request);
    });
}

test("what the writer's thread has committed the reader's thread reads", async () => {
  const settings = { file: join(folders.next(), "state.db"), durability: "full", limits: sqliteLimits } as const;
  const [writer, reader] = [startThread("writer"), startThread("reader")];
  const [askWriter, askReader] = [asker<WriterRequest>(writer), asker<ReaderRequest>(reader)];
  expect(await askWriter({ open: settings })).toEqual({ opened: true, instance: expect.any(String) });
  expect(await askWriter({ batch: creation("r1") })).toMatchObject({ results: [{ outcome: "created" }] });
  expect(await askReader({ open: settings })).toEqual({ opened: true });
  expect(await askReader({ read: "countRuns", params: { filter: {} } })).toEqual({ value: 1 });
  expect(await askReader({ read: "nothing", params: {} })).toMatchObject({ failed: { code: "internal" } });
  expect(await askReader({ close: true })).toEqual({ closed: true });
  expect(await askWriter({ close: true })).toEqual({ closed: true });
  writer.terminate();
  reader.terminate();
});
