// When a failed attempt is followed by another, and how what tasks say is written within a bound.
import { describe, expect, test } from "bun:test";
import { normalizeRetry } from "@sluice/protocol";
import type { LogOp } from "@sluice/protocol";
import { systemClock } from "../../kernel/clock.ts";
import type { EngineParts } from "../parts.ts";
import { Deployments } from "../deployments.ts";
import { Sealer } from "../sealing.ts";
import { Values } from "../values.ts";
import { Watchers } from "../watch.ts";
import { ActiveTask } from "./active-task.ts";
import { pendingBytesMax, retryDelayMs, TaskNotes } from "./reports.ts";

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

interface Written {
  readonly lines: readonly LogOp[];
}

function desk(): { notes: TaskNotes; written: Written[]; answer: () => void } {
  const written: Written[] = [];
  let answer = (): void => undefined;
  const store = {
    noteTask: (p: Written) => {
      written.push(p);
      return new Promise((resolve) => {
        answer = () => resolve({ outcome: "ok", effects: { deliveries: [], finished: [], ready: 0, touched: [] } });
      });
    },
  } as unknown as EngineParts["store"];
  const values = new Values(undefined, { inlineBytesMax: 100, payloadBytesMax: 1_000 });
  const parts = {
    sealer: new Sealer(undefined, new Deployments()),
    store,
    values,
    clock: systemClock,
    watchers: new Watchers(),
    log: () => undefined,
    route: () => undefined,
  };
  return { notes: new TaskNotes(parts), written, answer: () => answer() };
}

const note = { type: "note", task: "t", epoch: 1, at: 5 } as const;
const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

describe("TaskNotes", () => {
  test("writes what was said in a turn together, and what came meanwhile next", async () => {
    const { notes, written, answer } = desk();
    notes.take("r", { ...note, message: "one" });
    notes.take("r", { ...note, message: "two" });
    await turn();
    notes.take("r", { ...note, message: "three" });
    await turn();
    expect(written.map(({ lines }) => lines.map((line) => line.message))).toEqual([["one", "two"]]);
    answer();
    await turn();
    expect(written[1]?.lines.map(({ message, key }) => `${key} ${message}`)).toEqual(["t:1:2 three"]);
  });

  test("leaves out data that is too large, and says so", async () => {
    const { notes, written } = desk();
    notes.take("r", { ...note, message: "large", data: new Uint8Array(2_000) });
    await turn();
    expect(written[0]?.lines).toMatchObject([{ message: "large (data left out: it is too large)", data: undefined }]);
  });

  test("loses lines of a task that says more than can be written, and says how many", async () => {
    const { notes, written, answer } = desk();
    const message = "x".repeat(1_000_000);
    for (let n = 0; n < 12; n++) notes.take("r", { ...note, message });
    await turn();
    const kept = written[0]?.lines.length ?? 0;
    expect(kept).toBe(Math.floor(pendingBytesMax / (message.length + 64)) + 1);
    expect(written[0]?.lines.at(-1)?.message).toContain("4 lines were left out");
    answer();
  });
});
