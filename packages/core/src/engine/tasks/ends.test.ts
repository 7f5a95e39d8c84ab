// When a failed attempt of a task is followed by another.
import { describe, expect, test } from "bun:test";
import { normalizeRetry } from "@sluice/protocol";
import { ActiveTask } from "./active-task.ts";
import { retryDelayMs } from "./ends.ts";

const made = (attempt: number, retry: Parameters<typeof normalizeRetry>[0]): ActiveTask =>
  new ActiveTask(
    {
      task: "task_1",
      place: 1,
      run: "r",
      workflow: "w",
      version: "v",
      seq: 0,
      name: "resize",
      input: new Uint8Array(),
      plan: { retry: normalizeRetry(retry), key: "r:0" },
      epoch: 1,
      attempt,
      createdAt: 1_000,
    },
    true,
  );
const error = new Uint8Array(1);

describe("retryDelayMs", () => {
  test("is that of the policy, until its attempts are used up", () => {
    const retry = { attempts: 3, delay: "2s", factor: 3 } as const;
    expect(retryDelayMs(made(1, retry), { error }, 1_000)).toBe(2_000);
    expect(retryDelayMs(made(2, retry), { error }, 1_000)).toBe(6_000);
    expect(retryDelayMs(made(3, retry), { error }, 1_000)).toBeUndefined();
  });

  test("is what the error asks for, within the time there is", () => {
    const retry = { attempts: 3, totalTime: "10s" } as const;
    expect(retryDelayMs(made(1, retry), { error, after: 9_000 }, 1_500)).toBe(9_000);
    expect(retryDelayMs(made(1, retry), { error, after: 9_000 }, 2_500)).toBeUndefined();
  });

  test("is none after a success, and where no other attempt makes sense", () => {
    expect(retryDelayMs(made(1, {}), { value: error }, 1_000)).toBeUndefined();
    expect(retryDelayMs(made(1, {}), { error, final: true }, 1_000)).toBeUndefined();
  });
});
