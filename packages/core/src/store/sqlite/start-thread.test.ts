import { expect, test } from "bun:test";
import { closedError, startThread, threadError } from "./start-thread.ts";

test.each(["writer", "reader"] as const)("a %s answers a request that it cannot serve and goes on", async (name) => {
  const thread = startThread(name);
  const answers: unknown[] = [];
  const answered = new Promise<void>((resolve) => {
    thread.addEventListener("message", (event: MessageEvent<unknown>) => {
      answers.push(event.data);
      if (answers.length === 2) resolve();
    });
  });
  const early = name === "writer" ? { batch: [] } : { read: "stats", params: undefined };
  thread.postMessage(early);
  thread.postMessage(early);
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
