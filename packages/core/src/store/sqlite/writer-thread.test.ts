import { expect, test } from "bun:test";
import { join } from "node:path";
import { sqliteLimits } from "./database.ts";
import { startThread } from "./start-thread.ts";
import { creation, withFolders } from "./sqlite-store.fixture.suite.ts";
import type { ThreadRequest } from "./writer-thread.ts";

const folders = withFolders();

/** Asks a thread and returns its next message. */
function asker(thread: Worker): (request: ThreadRequest) => Promise<unknown> {
  const waiting: ((message: unknown) => void)[] = [];
  thread.addEventListener("message", (event: MessageEvent<unknown>) => waiting.shift()?.(event.data));
  return (request) =>
    new Promise((resolve) => {
      waiting.push(resolve);
      thread.postMessage(request);
    });
}

test("one file serves as the writer's thread and as the reader's", async () => {
  const settings = { file: join(folders.next(), "state.db"), durability: "full", limits: sqliteLimits } as const;
  const [writer, reader] = [startThread(), startThread()];
  const [askWriter, askReader] = [asker(writer), asker(reader)];
  expect(await askWriter({ open: "writer", settings })).toEqual({ opened: true, instance: expect.any(String) });
  expect(await askWriter({ batch: creation("r1") })).toMatchObject({ results: [{ outcome: "created" }] });
  expect(await askReader({ open: "reader", settings })).toEqual({ opened: true });
  expect(await askReader({ read: "countRuns", params: { filter: {} } })).toEqual({ value: 1 });
  expect(await askReader({ batch: [] })).toMatchObject({ failed: { code: "internal" } });
  expect(await askReader({ read: "nothing", params: {} })).toMatchObject({ failed: { code: "internal" } });
  expect(await askReader({ close: true })).toEqual({ closed: true });
  expect(await askWriter({ close: true })).toEqual({ closed: true });
  writer.terminate();
  reader.terminate();
});
