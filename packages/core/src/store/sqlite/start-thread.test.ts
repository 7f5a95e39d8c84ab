import { expect, test } from "bun:test";
import { closedError, startThread, threadError } from "./start-thread.ts";

test("a thread answers a request that it cannot serve instead of dying of it", async () => {
  const thread = startThread();
  const answers: unknown[] = [];
  const answered = new Promise<void>((resolve) => {
    thread.addEventListener("message", (event: MessageEvent<unknown>) => {
      answers.push(event.data);
      if (answers.length === 2) resolve();
    });
  });
  thread.postMessage({ batch: [] });
  thread.postMessage({ read: "stats", params: undefined });
  await answered;
  thread.terminate();
  expect(answers).toMatchObject([{ failed: { code: "internal" } }, { failed: { code: "internal" } }]);
});

test("what callers are told has a code", () => {
  expect(closedError().code).toBe("store_failed");
  expect(threadError(new ErrorEvent("error", { message: "out of memory" }))).toEqual({
    code: "store_failed",
    message: "A thread of the store ended: out of memory",
  });
});
