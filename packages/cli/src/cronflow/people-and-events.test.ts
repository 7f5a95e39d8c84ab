// Runs that wait for people and for events, and what events start: over a real embedded engine, also after a restart.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { z } from "zod";
import { ended, makeProgram } from "./program-fixture.suite.ts";
import type { TestProgram } from "./program-fixture.suite.ts";

let program: TestProgram;
let cronflow: TestProgram["cronflow"];

beforeEach(() => {
  program = makeProgram();
  ({ cronflow } = program);
});
afterEach(async () => program[Symbol.asyncDispose]());

/** The same data with the program started anew: nothing of it is left in memory. */
async function again(define: (cronflow: TestProgram["cronflow"]) => void): Promise<void> {
  await cronflow.stop();
  program = makeProgram(program.folder);
  ({ cronflow } = program);
  define(cronflow);
  await program.start();
}

describe("waiting for people", () => {
  const approving = (c: TestProgram["cronflow"], tokens: string[]): void => {
    c.define({ id: "approve" })
      .step("amount", (ctx) => ({ amount: ctx.payload }))
      .humanInTheLoop({
        timeout: "1h",
        description: "Large order",
        approvalUrl: "https://example.com/approve",
        metadata: { level: "manager" },
        onPause: (ctx, token) => void tokens.push(token, String(ctx.token === token), String(ctx.last.amount)),
      })
      .step("after", (ctx) => ctx.last);
  };

  test("pauses are listed, and the answer goes on, also after a restart", async () => {
    const tokens: string[] = [];
    approving(cronflow, tokens);
    await program.start();
    const id = await cronflow.trigger("approve", 1500);
    await program.until(id, "waiting");
    const [token = ""] = tokens;
    expect(tokens.slice(1)).toEqual(["true", "1500"]);
    await again((c) => approving(c, tokens));
    expect(cronflow.listPausedWorkflows()).toMatchObject([
      {
        token,
        workflowId: "approve",
        runId: id,
        stepId: "human-in-the-loop",
        description: "Large order",
        metadata: { level: "manager" },
        approvalUrl: "https://example.com/approve",
        status: "waiting",
        lastStepOutput: { amount: 1500 },
      },
    ]);
    expect(cronflow.getPausedWorkflow(token)?.expiresAt).toBeGreaterThan(Date.now());
    await cronflow.resume(token, { approved: true, reason: "fine", approvedBy: "Ada", comments: "go" });
    const run = await program.until(id, ...ended);
    expect(run.output).toMatchObject({
      type: "human_approval",
      token,
      approved: true,
      reason: "fine",
      approvedBy: "Ada",
      comments: "go",
      status: "resumed",
      resumePayload: { approved: true, reason: "fine", approvedBy: "Ada", comments: "go" },
      metadata: { level: "manager" },
    });
    expect(tokens).toHaveLength(3);
    expect(cronflow.listPausedWorkflows()).toEqual([]);
    expect(cronflow.getPausedWorkflow(token)).toMatchObject({ status: "resumed" });
    expect(cronflow.resume(token, {})).rejects.toThrow("cannot be resumed");
    expect(cronflow.resume("unknown", {})).rejects.toThrow("cannot be resumed");
  });

  test("each run has a token of its own", async () => {
    const tokens: string[] = [];
    approving(cronflow, tokens);
    await program.start();
    const ids = [await cronflow.trigger("approve", 1), await cronflow.trigger("approve", 2)];
    for (const id of ids) await program.until(id, "waiting");
    const [first = "", , , second = ""] = tokens;
    expect(first).not.toBe(second);
    await cronflow.resume(second, { approved: false, reason: "no" });
    expect(await program.until(cronflow.getPausedWorkflow(second)?.runId ?? "", ...ended)).toMatchObject({
      output: { approved: false, reason: "no", status: "resumed" },
    });
    expect(cronflow.listPausedWorkflows().map(({ token }) => token)).toEqual([first]);
  });

  test("nobody answers in time", async () => {
    const told: string[] = [];
    cronflow
      .define({ id: "late" })
      .humanInTheLoop({
        timeout: 20,
        onPause: (token: string) => void told.push(typeof token),
        onTimeout: () => void told.push("late"),
      })
      .step("after", (c) => c.last);
    await program.start();
    const run = await program.run("late");
    expect(run.output).toMatchObject({ approved: false, status: "timeout", timedOut: true });
    expect(told).toEqual(["string", "late"]);
  });

  test("a pause goes on with what it is resumed with", async () => {
    const tokens: string[] = [];
    cronflow
      .define({ id: "pause" })
      .pause((_ctx, token) => void tokens.push(token))
      .pause((_ctx, token) => void tokens.push(token))
      .step("after", (c) => [c.steps["pause"]?.output, c.last]);
    await program.start();
    const id = await cronflow.trigger("pause");
    await program.until(id, "waiting");
    await cronflow.resume(tokens[0] ?? "", "first");
    while (tokens.length < 2) await program.until(id, "waiting", "running");
    await program.until(id, "waiting");
    await cronflow.resume(tokens[1] ?? "", false);
    expect((await program.until(id, ...ended)).output).toEqual(["first", false]);
  });

  test("notes of pauses can be kept by the program itself", async () => {
    await program.start();
    await cronflow.storePausedWorkflow("mine", { workflowId: "elsewhere", description: "by hand" });
    await again(() => undefined);
    expect(cronflow.getPausedWorkflow("mine")).toMatchObject({ workflowId: "elsewhere", description: "by hand" });
  });
});

describe("events", () => {
  test("start workflows, with their payload, as far as it fits; and are remembered", async () => {
    const seen: unknown[] = [];
    cronflow
      .define({ id: "welcome" })
      .onEvent("user.signup", { schema: z.object({ email: z.email() }) })
      .step(
        "send",
        (c) => void seen.push([c.payload.email, c.payload.event.name, c.payload.event.payload, c.trigger.type]),
      );
    await program.start();
    await cronflow.publishEvent("user.signup", { email: "ada@example.com" });
    await cronflow.emit("user.signup", { email: "no address" });
    await cronflow.emit("something.else", 7);
    while (seen.length === 0) await new Promise((resolve) => void setTimeout(resolve, 2));
    expect(seen).toEqual([["ada@example.com", "user.signup", { email: "ada@example.com" }, "event"]]);
    await again(() => undefined);
    expect(cronflow.getEventHistory().map(({ name }) => name)).toEqual([
      "user.signup",
      "user.signup",
      "something.else",
    ]);
    expect(cronflow.getEventHistory("something.else")).toMatchObject([{ payload: 7 }]);
  });

  test("are waited for by runs, and are not lost when they come first", async () => {
    cronflow
      .define({ id: "ship" })
      .waitForEvent("shipped", "1h")
      .step("after", (c) => c.last.tracking);
    await program.start();
    const id = await cronflow.trigger("ship");
    await cronflow.publishEvent("shipped", { tracking: "T1" });
    expect((await program.until(id, ...ended)).output).toBe("T1");
  });

  test("that do not come in time fail the run, unless something stands in", async () => {
    cronflow.define({ id: "strict" }).waitForEvent("never", 20);
    cronflow
      .define({ id: "lenient" })
      .waitForEvent("never", 20)
      .onError((c) => ({ missed: c.error?.name }));
    await program.start();
    expect(await program.run("strict")).toMatchObject({ status: "failed" });
    expect((await program.run("lenient")).output).toEqual({ missed: "TimeoutError" });
  });

  test("have listeners that come and go", async () => {
    const heard: unknown[] = [];
    cronflow.define({ id: "ear" }).step("hear", (c) => void heard.push(c.payload.n));
    await program.start();
    cronflow.registerEventListener("noise", "ear");
    expect([...cronflow.getEventListeners("noise").keys()]).toEqual(["noise"]);
    await cronflow.publishEvent("noise", { n: 1 });
    while (heard.length === 0) await new Promise((resolve) => void setTimeout(resolve, 2));
    cronflow.unregisterEventListener("noise", "ear");
    await cronflow.publishEvent("noise", { n: 2 });
    expect(cronflow.getEventListeners().size).toBe(0);
    expect(heard).toEqual([1]);
  });
});
