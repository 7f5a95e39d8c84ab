import { describe, expect, test } from "bun:test";
import { SluiceError } from "@sluice/protocol";
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
    await expect(thread.call("nothing", 1)).rejects.toMatchObject({ code: "store_failed" });
    const waiting = thread.call("nothing", 1);
    expect(thread.waiting).toBe(1);
    thread.end();
    await expect(waiting).rejects.toMatchObject({ message: "The logs are closed." });
    await expect(thread.call("nothing", 1)).rejects.toMatchObject({ code: "store_failed" });
  });
});
