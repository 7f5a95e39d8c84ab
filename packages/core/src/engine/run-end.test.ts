import { describe, expect, test } from "bun:test";
import { encodeValue, runStatuses } from "@sluice/protocol";
import type { RunRecord } from "../kernel/run-store.ts";
import { endOf, orAbort } from "./run-end.ts";

const record: RunRecord = {
  id: "r",
  workflow: "w",
  version: "v1",
  input: encodeValue(1),
  priority: 0,
  tags: [],
  createdAt: 1,
  dueAt: 1,
  status: "queued",
  epoch: 1,
  ord: 0,
  attempt: 1,
  generation: 0,
  crashes: 0,
  blocked: false,
  by: { kind: "system", id: "test" },
};

test("only a run that has ended has an end", () => {
  const ended = runStatuses.filter((status) => endOf({ ...record, status }) !== undefined);
  expect(ended).toEqual(["completed", "failed", "cancelled", "timedout"]);
  const output = encodeValue("out");
  expect(endOf({ ...record, status: "completed", output })).toEqual({
    run: "r",
    workflow: "w",
    status: "completed",
    output,
    error: undefined,
    reason: undefined,
  });
});

describe("waiting", () => {
  test("gives what it waited for, with or without a signal", async () => {
    const { signal } = new AbortController();
    expect(await orAbort(Promise.resolve(1), undefined, () => undefined)).toBe(1);
    expect(await orAbort(Promise.resolve(1), signal, () => undefined)).toBe(1);
  });

  test("ends with the reason of the signal, before or during the wait, and stops what it had begun", async () => {
    let stopped = 0;
    const wait = (signal: AbortSignal): Promise<unknown> =>
      orAbort(new Promise(() => undefined), signal, () => void stopped++);
    expect(wait(AbortSignal.abort(new Error("before")))).rejects.toThrow("before");
    const controller = new AbortController();
    const waiting = wait(controller.signal);
    controller.abort("no error");
    expect(waiting).rejects.toThrow("aborted");
    expect(stopped).toBe(2);
  });
});
