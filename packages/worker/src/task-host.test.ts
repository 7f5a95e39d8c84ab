// Tasks in a worker: one order in, one result out, and nothing after it was abandoned.
import { describe, expect, test } from "bun:test";
import { decodeErrorValue, decodeValue, encodeValue } from "@sluice/protocol";
import type { TaskOrder, TaskReport } from "@sluice/protocol";
import { NonRetryableError, RetryAfterError, task } from "@sluice/sdk";
import type { Task, TaskContext } from "@sluice/sdk";
import { AsyncStepScope } from "./bun-step-scope.ts";
import { PlayedClock } from "./played-engine.suite.ts";
import { Redactor } from "./redactor.ts";
import { Secrets } from "./secrets.ts";
import { TaskHost } from "./task-host.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));
const order = (name: string, more: Partial<Extract<TaskOrder, { type: "task" }>> = {}): TaskOrder => ({
  type: "task",
  task: "t1",
  epoch: 1,
  name,
  input: encodeValue(undefined),
  attempt: 1,
  key: "r:0",
  run: "r",
  workflow: "w",
  ...more,
});

function host(...tasks: Task[]): { host: TaskHost; sent: TaskReport[]; noted: string[] } {
  const sent: TaskReport[] = [];
  const noted: string[] = [];
  const clock = new PlayedClock();
  const secrets = new Secrets({ send: () => undefined, clock, redactor: new Redactor(), local: undefined });
  const recorder = {
    begin: (run: string, step: string) => noted.push(`${run} ${step}`),
    end: (slot: number) => void noted.push(`end ${slot}`),
  };
  const made = new TaskHost({
    clock,
    stepScope: new AsyncStepScope(),
    secrets,
    recorder,
    send: (each) => sent.push(each),
  });
  made.define(tasks);
  return { host: made, sent, noted };
}

describe("TaskHost", () => {
  test("answers with a value, and leaves evidence while it runs", async () => {
    const add = task({ name: "add" }, (n: number) => n + 1);
    const { host: it, sent, noted } = host(add);
    it.receive(order("add", { input: encodeValue(1) }));
    await turn();
    expect(sent).toEqual([{ type: "result", task: "t1", epoch: 1, value: encodeValue(2) }]);
    expect(noted).toEqual(["t1 task add", "end 1"]);
    expect(it.running).toEqual([]);
  });

  test("says of an error whether another attempt makes sense, whichever copy of the SDK it comes from", async () => {
    const foreign = Object.assign(new Error("elsewhere"), { name: "NonRetryableError" });
    const thrown: unknown[] = [
      new Error("again"),
      new NonRetryableError("no"),
      foreign,
      new RetryAfterError("2s"),
      "text",
    ];
    const fail = task({ name: "fail" }, () => {
      throw thrown.shift();
    });
    const { host: it, sent } = host(fail);
    for (let epoch = 1; epoch <= 5; epoch++) it.receive(order("fail", { epoch }));
    await turn();
    const said = sent.map((each) =>
      each.type === "result" ? [each.final, each.after, decodeErrorValue(each.error ?? new Uint8Array()).message] : [],
    );
    expect(said).toEqual([
      [undefined, undefined, "again"],
      [true, undefined, "no"],
      [true, undefined, "elsewhere"],
      [undefined, 2_000, "The step asked to be tried again later."],
      [undefined, undefined, "text"],
    ]);
  });

  test("answers for a task that it has not, and refuses two of one name", async () => {
    const { host: it, sent } = host();
    it.receive(order("gone"));
    await turn();
    expect(decodeErrorValue((sent[0] as { error: Uint8Array }).error)).toMatchObject({ code: "not_found" });
    const one = task({ name: "a" }, () => 1);
    expect(() => it.define([one, task({ name: "a" }, () => 2)])).toThrow("Two tasks are named a.");
    expect(() => it.define([one, one])).not.toThrow();
    expect(it.offered).toEqual({ tasks: [{ name: "a" }] });
  });

  test("tells a task that nobody wants its result, and still says that it has ended", async () => {
    let at: TaskContext | undefined;
    const wait = task({ name: "wait" }, async (_: unknown, given: TaskContext) => {
      at = given;
      await new Promise((resolve) => given.signal.addEventListener("abort", resolve));
      given.log("too late");
      throw given.signal.reason;
    });
    const { host: it, sent } = host(wait);
    it.receive(order("wait"));
    await turn();
    at?.progress(0.5);
    it.receive({ type: "revoke", task: "t1", epoch: 2, reason: "another epoch" });
    expect(at?.signal.aborted).toBe(false);
    it.receive({ type: "revoke", task: "t1", epoch: 1, reason: "The run has ended." });
    await turn();
    expect(sent.map(({ type }) => type)).toEqual(["note", "result"]);
    expect(decodeValue((sent[0] as { progress: Uint8Array }).progress)).toBe(0.5);
    expect(decodeErrorValue((sent[1] as { error: Uint8Array }).error)).toMatchObject({ name: "CancelledError" });
  });

  test("begins nothing while it drains, and gives back what has not ended", async () => {
    let go = (): void => undefined;
    const wait = task({ name: "wait" }, () => new Promise<void>((resolve) => (go = resolve)));
    const { host: it, sent } = host(wait);
    it.receive(order("wait"));
    await turn();
    const quiet = it.drain();
    it.receive(order("wait", { task: "t2" }));
    expect(it.giveBack()).toEqual([
      { task: "t1", epoch: 1 },
      { task: "t2", epoch: 1 },
    ]);
    go();
    await turn();
    expect(sent).toEqual([]);
    const other = host(wait);
    other.host.receive(order("wait"));
    await turn();
    const drained = other.host.drain().then(() => "quiet");
    go();
    expect(await drained).toBe("quiet");
    expect(other.sent).toHaveLength(1);
    void quiet;
  });
});
