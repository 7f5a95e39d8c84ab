// The `cronflow` object over a real embedded engine: what programs call, and that what it promises is durable.
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
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

describe("definitions", () => {
  test("have an id, and one of their own", () => {
    expect(() => cronflow.define({ id: " " })).toThrow("Workflow ID cannot be empty");
    cronflow.define({ id: "orders" });
    expect(() => cronflow.define({ id: "orders" })).toThrow("Workflow with ID 'orders' already exists");
    expect(() => cronflow.define({ id: "no spaces" })).toThrow(expect.objectContaining({ code: "invalid_name" }));
    expect(() => cronflow.define({ id: "odd", timeout: "5 moons" })).toThrow("moons");
  });

  test("are set up by a function and can be looked at", () => {
    const orders = cronflow.define(
      { id: "orders", name: "Orders", description: "All of them", tags: ["shop"], concurrency: 3, version: "v2" },
      (workflow) => {
        workflow
          .onWebhook("/orders", { method: "PUT" })
          .onSchedule("0 2 * * *")
          .step("check", () => 1)
          .action("tell", () => 2)
          .parallel([() => 3])
          .if("large", () => true)
          .step("send", () => 4)
          .endIf();
      },
    );
    expect([orders.getId(), orders.getName()]).toEqual(["orders", "Orders"]);
    expect(orders.getSteps().map(({ id, type, kind }) => [id, type, kind])).toEqual([
      ["check", "step", "step"],
      ["tell", "action", "action"],
      ["parallel", "step", "parallel"],
      ["large", "step", "if"],
      ["send", "step", "step"],
    ]);
    expect(orders.getStep("tell")).toMatchObject({ type: "action" });
    expect(orders.getTriggers().map(({ type }) => type)).toEqual(["webhook", "schedule"]);
    expect([orders.hasWebhookTriggers(), orders.hasScheduleTriggers(), orders.hasManualTriggers()]).toEqual([
      true,
      true,
      false,
    ]);
    expect(orders.getDefinition()).toMatchObject({ id: "orders", queue: "default", concurrency: 3, version: "v2" });
    const json = JSON.parse(JSON.stringify(orders)) as { steps: { id: string }[]; triggers: unknown[] };
    expect(json.steps).toHaveLength(5);
    expect(json).toMatchObject({ id: "orders", tags: ["shop"], triggers: [{ type: "webhook" }, { type: "schedule" }] });
    expect(cronflow.getWorkflows().map(({ id }) => id)).toEqual(["orders"]);
    expect(cronflow.getWorkflow("orders")).toMatchObject({ name: "Orders" });
    expect(cronflow.getWorkflow("nobody")).toBeUndefined();
  });

  test("are refused when they could not run", () => {
    expect(() => cronflow.define({ id: "empty" }).validate()).toThrow("has no steps");
    expect(() =>
      cronflow
        .define({ id: "open" })
        .if("x", () => true)
        .step("a", () => 1)
        .validate(),
    ).toThrow(".if() without .endIf()");
    expect(() =>
      cronflow
        .define({ id: "hollow" })
        .if("x", () => true)
        .else()
        .step("a", () => 1)
        .endIf()
        .validate(),
    ).toThrow("branch x");
    expect(() => cronflow.define({ id: "path" }).onWebhook("orders")).toThrow("cannot have the path");
  });

  test("that come after the start are told to the engine", async () => {
    cronflow.define({ id: "first" }).step("a", () => "a");
    await program.start();
    const late = cronflow.define({ id: "late" }).step("b", () => "b");
    expect((await program.run("late")).output).toBe("b");
    await late.register();
    expect((await program.run("first")).output).toBe("a");
  });
});

describe("the engine", () => {
  test("starts once, stops, and starts again", async () => {
    cronflow.define({ id: "one" }).step("a", () => 1);
    expect(cronflow.getEngineState()).toBe("STOPPED");
    expect(cronflow.trigger("one")).rejects.toThrow(expect.objectContaining({ code: "unavailable" }));
    const starting = program.start();
    await Promise.all([starting, program.start()]);
    expect(cronflow.getEngineState()).toBe("STARTED");
    expect(cronflow.getCoreStatus()).toMatchObject({ available: true, state: "STARTED" });
    expect(cronflow.isRustCoreAvailable()).toBe(true);
    await cronflow.stop();
    expect(cronflow.getEngineState()).toBe("STOPPED");
    await program.start();
    expect((await program.run("one")).output).toBe(1);
  });

  test("that cannot listen is stopped again and says so", async () => {
    cronflow.define({ id: "one" }).step("a", () => 1);
    await program.start();
    const port = Number(new URL(program.url).port);
    await using other = makeProgram();
    other.cronflow.define({ id: "two" }).step("a", () => 1);
    expect(other.start({ webhookServer: { port } })).rejects.toThrow("cannot be listened for");
    await other.start({ webhookServer: { port } }).catch(() => undefined);
    expect(other.cronflow.getEngineState()).toBe("STOPPED");
    await other.start();
    expect((await other.run("two")).output).toBe(1);
  });

  test("measures itself", async () => {
    const result = await cronflow.benchmark({
      iterations: 2,
      stepsPerWorkflow: 3,
      delayBetweenRuns: 0,
      verbose: false,
    });
    expect(result).toMatchObject({ success: true, statistics: { successRate: 100, duration: { count: 2 } } });
    expect(result.results.map(({ success }) => success)).toEqual([true, true]);
    expect(result.statistics.duration.mean).toBeGreaterThan(0);
  });
});

describe("runs", () => {
  test("are started without waiting for their end, and are inspected with every step", async () => {
    const gate = Promise.withResolvers<void>();
    cronflow
      .define({ id: "slow" })
      .step("wait", async () => gate.promise)
      .step("done", (c) => ({ of: c.payload.name }));
    await program.start();
    const id = await cronflow.trigger("slow", { name: "Ada" });
    expect((await cronflow.inspect(id)).status).toBe("running");
    gate.resolve();
    const run = await program.until(id, "completed");
    expect(run).toMatchObject({
      id,
      workflow_id: "slow",
      payload: { name: "Ada" },
      output: { of: "Ada" },
      error: null,
      steps: [
        { step_id: "wait", status: "completed", attempts: 1 },
        { step_id: "done", output: { of: "Ada" } },
      ],
    });
    expect(Date.parse(run.completed_at ?? "")).toBeGreaterThanOrEqual(Date.parse(run.created_at));
    expect(cronflow.inspect("nobody")).rejects.toThrow(expect.objectContaining({ code: "run_not_found" }));
    expect(cronflow.trigger("nobody")).rejects.toThrow(expect.objectContaining({ code: "workflow_not_found" }));
  });

  test("are cancelled for good", async () => {
    cronflow
      .define({ id: "endless" })
      .step(
        "wait",
        (c) => new Promise((_resolve, reject) => c.signal.addEventListener("abort", () => reject(new Error("stop")))),
      );
    await program.start();
    const id = await cronflow.trigger("endless");
    await program.until(id, "running");
    await cronflow.cancelRun(id, "enough");
    expect(await program.until(id, ...ended)).toMatchObject({ status: "cancelled", error: "enough" });
  });

  test("are replayed with the same payload, with another one, and with functions in place of steps", async () => {
    let charged = 0;
    cronflow
      .define({ id: "pay" })
      .step("charge", (c) => {
        charged++;
        throw new Error(`declined for ${c.payload.who}`);
      })
      .step("tell", (c) => `${c.payload.who}: ${c.last.status}`);
    await program.start();
    const failed = await program.run("pay", { who: "Ada" });
    expect(failed).toMatchObject({ status: "failed", error: "declined for Ada" });
    const mocked = await cronflow.replay(failed.id, { mockStep: { charge: () => ({ status: "succeeded" }) } });
    expect(await program.until(mocked, ...ended)).toMatchObject({ status: "completed", output: "Ada: succeeded" });
    const other = await cronflow.replay(failed.id, {
      overridePayload: { who: "Bob" },
      mockStep: (mock) => mock("charge", () => ({ status: "ok" })),
    });
    expect((await program.until(other, ...ended)).output).toBe("Bob: ok");
    expect(charged).toBe(1);
    const plain = await cronflow.replay(failed.id);
    expect((await program.until(plain, ...ended)).error).toBe("declined for Ada");
    expect(charged).toBe(2);
  });

  test("are counted by workflow", async () => {
    const gate = Promise.withResolvers<void>();
    cronflow.define({ id: "busy", concurrency: 4 }).step("wait", async () => gate.promise);
    await program.start();
    const id = await cronflow.trigger("busy");
    await program.until(id, "running");
    expect(await cronflow.getConcurrencyStats("busy")).toMatchObject({
      workflowId: "busy",
      running: 1,
      queued: 0,
      limit: 4,
    });
    expect(await cronflow.getConcurrencyStats()).toHaveLength(1);
    gate.resolve();
    await program.until(id, "completed");
  });

  test("see what the run is, services and secrets", async () => {
    cronflow
      .define({
        id: "all",
        name: "All of it",
        version: "v3",
        tags: ["x"],
        services: [
          { id: "greeter", name: "Greeter", version: "1", actions: { greet: (name: string) => `hello ${name}` } },
        ],
        secrets: { KEY: () => "s3cret", OTHER: { env: "NOWHERE_TO_BE_FOUND" } },
      })
      .step("look", async (c) => ({
        meta: [c.meta.workflowId, c.meta.runId === c.run.id, c.meta.name, c.meta.version, c.meta.tags],
        run: [c.run.workflowId, c.run.runId === c.run.id],
        greeting: await c.services["greeter"].greet("Ada"),
        secret: (await c.secrets.get("KEY")).length,
        missing: await c.secrets.get("OTHER").catch((error: unknown) => (error as Error).message),
        trigger: c.trigger.type,
        attempt: c.attempt,
        name: c.step_name,
        key: c.idempotencyKey.startsWith(c.run.id),
      }));
    await program.start();
    const run = await program.run("all");
    expect(run.output).toEqual({
      meta: ["all", true, "All of it", "v3", ["x"]],
      run: ["all", true],
      greeting: "hello Ada",
      secret: 6,
      missing: 'The secret "OTHER" is not there.',
      trigger: "manual",
      attempt: 1,
      name: "look",
      key: true,
    });
    expect(JSON.stringify(run)).not.toContain("s3cret");
  });
});

describe("state", () => {
  test("is shared by runs and with the program, adds up, expires, and outlives the process", async () => {
    const count = (c: TestProgram["cronflow"]): void =>
      void c.define({ id: "count" }).step("add", async (ctx) => {
        await ctx.state.set("last", ctx.payload);
        return [
          await ctx.state.get("nothing", "fallback"),
          await ctx.state.incr("runs"),
          await ctx.state.incr("by", 5),
        ];
      });
    count(cronflow);
    await program.start();
    expect((await program.run("count", "one")).output).toEqual(["fallback", 1, 5]);
    expect((await program.run("count", "two")).output).toEqual(["fallback", 2, 10]);
    await cronflow.setGlobalState("greeting", { text: "hello" });
    await cronflow.setGlobalState("soon gone", 1, { ttl: 1 });
    expect(await cronflow.incrGlobalState("total", 3)).toBe(3);
    await again(count);
    expect(await cronflow.getWorkflowState("count", "last")).toBe("two");
    expect(await cronflow.incrWorkflowState("count", "runs", 10)).toBe(12);
    expect(await cronflow.getGlobalState("greeting")).toEqual({ text: "hello" });
    expect(await cronflow.getGlobalState("soon gone", "gone")).toBe("gone");
    expect(await cronflow.deleteGlobalState("total")).toBe(true);
    expect(await cronflow.deleteGlobalState("total")).toBe(false);
    await cronflow.setWorkflowState("count", "more", 1, { ttl: "1h" });
    expect(await cronflow.deleteWorkflowState("count", "more")).toBe(true);
    const stats = await cronflow.getStateStats();
    expect(stats.workflows["count"]).toMatchObject({ totalKeys: 3, expiredKeys: 0, namespace: "workflow:count" });
    expect(await cronflow.cleanupExpiredState()).toEqual({ global: 0, workflows: { count: 0 } });
  });

  test("adds up when many steps add at the same time", async () => {
    cronflow.define({ id: "many" }).parallel(Array.from({ length: 20 }, () => (c) => c.state.incr("sum")));
    await program.start();
    await program.run("many");
    expect(await cronflow.getWorkflowState("many", "sum")).toBe(20);
  });
});

describe("the inner object", () => {
  test("executes functions by themselves", async () => {
    cronflow.define({ id: "plain" }).step("double", (c) => c.payload.n * 2);
    await program.start();
    const { cronflow: inner } = cronflow;
    const json = inner.createValidContext("r1", "plain", "double", { n: 4 });
    expect(await inner.executeStepFunction("double", json, "plain", "r1")).toEqual({ success: true, output: 8 });
    expect(await inner.executeStepFunction("none", json, "plain", "r1")).toMatchObject({ success: false });
    const job = JSON.stringify({ workflow_id: "plain", step_name: "double", context: { payload: { n: 5 } } });
    expect(await inner.executeJobFunction(job)).toEqual({ success: true, output: 10 });
    inner.registerStepHandler("plain", "triple", (c) => c.payload.n * 3);
    expect(await inner.executeStepFunction("triple", json, "plain", "r1")).toEqual({ success: true, output: 12 });
    const run = await program.run("plain", { n: 6 });
    expect(await inner.executeStep(run.id, "double")).toEqual({ success: true, output: 12 });
  });

  test("calls hooks", async () => {
    cronflow
      .define({ id: "hooked", hooks: { onSuccess: (c, step) => void (step === "bad" && c.cancel("no")) } })
      .step("a", () => 1);
    const json = cronflow.cronflow.createValidContext("r1", "hooked", "a");
    expect(await cronflow.executeWorkflowHook("onSuccess", json, "hooked", "a")).toMatchObject({ success: true });
    expect(await cronflow.executeWorkflowHook("onSuccess", json, "hooked", "bad")).toMatchObject({ success: false });
    expect(await cronflow.executeWorkflowHook("onFailure", json, "hooked")).toMatchObject({
      message: "No onFailure hook defined",
    });
  });

  test("schedules while the engine runs", async () => {
    cronflow.define({ id: "tick" }).step("a", (c) => c.payload);
    await program.start();
    const { scheduler } = cronflow.cronflow;
    await scheduler.scheduleWorkflow("tick", "*/1 * * * * *");
    expect(scheduler.isScheduled("tick")).toBe(true);
    expect(scheduler.getScheduledWorkflows()).toEqual([{ workflowId: "tick", cronExpressions: ["*/1 * * * * *"] }]);
    expect(scheduler.getStatus()).toEqual({ isRunning: true, scheduledWorkflows: 1 });
    const result = await cronflow.executeScheduleTrigger("tick");
    const run = await program.until(result.run_id ?? "", ...ended);
    expect(run.output).toMatchObject({
      trigger_type: "schedule",
      cron_expression: "*/1 * * * * *",
      workflow_id: "tick",
    });
    expect(await scheduler.unscheduleWorkflow("tick")).toBe(true);
    expect(scheduler.isScheduled("tick")).toBe(false);
  });
});

test("a schedule fires by itself, with what it fired for", async () => {
  const seen: { scheduled_at: string }[] = [];
  cronflow
    .define({ id: "tick" })
    .onSchedule("* * * * * *")
    .step("note", (c) => void seen.push(c.payload));
  await program.start();
  while (seen.length === 0) await new Promise((resolve) => void setTimeout(resolve, 20));
  expect(seen[0]).toMatchObject({ trigger_type: "schedule", cron_expression: "* * * * * *", workflow_id: "tick" });
  expect(Date.parse(seen[0]?.scheduled_at ?? "")).toBeGreaterThan(0);
});
