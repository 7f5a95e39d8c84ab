import { expect, test } from "bun:test";
import { refusedToo, waitingKey } from "./refused-starts.ts";

test("the first limit that may take one says when to try again, and a full queue is looked at again soon", () => {
  const first = refusedToo(undefined, { outcome: "rate_limited", retryAt: 900 }, 100);
  expect(first).toEqual({ count: 1, retryAt: 900 });
  const second = refusedToo(first, { outcome: "rate_limited", retryAt: 700 }, 100);
  expect(refusedToo(second, { outcome: "queue_full", queued: 9 }, 100)).toEqual({ count: 3, retryAt: 700 });
  expect(refusedToo(undefined, { outcome: "queue_full", queued: 9 }, 100)).toEqual({ count: 1, retryAt: 1_100 });
});

test("each is held under a key of its own", () => {
  expect(waitingKey("run_a")).not.toBe(waitingKey("run_b"));
});
