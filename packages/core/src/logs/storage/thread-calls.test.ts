import { describe, expect, test } from "bun:test";
import { SluiceError } from "@sluice/protocol";
import { failureOf } from "./folder.fixture.suite.ts";
import { answerCall, CallThread } from "./thread-calls.ts";

describe("a call to a thread", () => {
  test("is answered with a value or a failure that has a code", () => {
    const verbs = {
      double: (n: number) => n * 2,
      refuse: () => {
        throw new SluiceError({ code: "disk_full", message: "full" });
      },
    };
    expect(answerCall(verbs, { call: 1, verb: "double", params: 4 })).toEqual({ call: 1, value: 8 });
    expect(answerCall(verbs, { call: 2, verb: "refuse", params: 0 })).toMatchObject({ failed: { code: "disk_full" } });
    expect(answerCall(verbs, { call: 3, verb: "toString", params: 0 })).toMatchObject({
      failed: { code: "store_failed" },
    });
  });

  test("fails when the thread has ended", async () => {
    const thread = new CallThread("log-reader-thread");
    expect(await failureOf(thread.call("nothing", 1))).toMatchObject({ code: "store_failed" });
    const waiting = thread.call("nothing", 1);
    expect(thread.waiting).toBe(1);
    thread.end();
    expect(await failureOf(waiting)).toMatchObject({ message: "The logs are closed." });
    expect(await failureOf(thread.call("nothing", 1))).toMatchObject({ code: "store_failed" });
  });
});
