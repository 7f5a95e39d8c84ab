// Webhooks of an embedded engine over its own server: every option, in the documented order, with the documented answers.
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

interface Answered {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

async function send(path: string, body?: unknown, init: RequestInit = {}): Promise<Answered> {
  const response = await fetch(`${program.url}${path}`, {
    method: "POST",
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    ...init,
    headers: { "content-type": "application/json", ...(init.headers as Record<string, string> | undefined) },
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function outputOf({ body }: Answered): Promise<unknown> {
  return (await program.until(String(body["run_id"]), ...ended)).output;
}

describe("the server", () => {
  test("listens where a workflow has a webhook, tells its health, and knows its paths", async () => {
    cronflow
      .define({ id: "hello" })
      .onWebhook("/webhooks/hello")
      .step("greet", (c) => `hello ${c.payload.name}`);
    await program.start();
    const answer = await send("/webhooks/hello", { name: "Ada" });
    expect(answer).toMatchObject({
      status: 200,
      body: { status: "success", message: "Webhook processed successfully", workflow_triggered: true },
    });
    expect(await outputOf(answer)).toBe("hello Ada");
    expect(await outputOf(await send("/webhook/webhooks/hello", { name: "Bob" }))).toBe("hello Bob");
    expect(await send("/health", undefined, { method: "GET" })).toMatchObject({
      status: 200,
      body: { status: "healthy" },
    });
    expect(await send("/elsewhere", {})).toEqual({ status: 404, body: { error: "Webhook not found" } });
    expect((await send("/webhooks/hello", {}, { method: "PUT" })).status).toBe(405);
  });

  test("does not listen where nothing would be taken, or where it is told not to", async () => {
    cronflow.define({ id: "quiet" }).step("a", () => 1);
    await cronflow.start({ data: program.folder });
    expect(cronflow.getCoreStatus().webhookUrl).toBeUndefined();
    await cronflow.stop();
    cronflow
      .define({ id: "loud" })
      .onWebhook("/x")
      .step("a", () => 1);
    await cronflow.start({ data: program.folder, webhookServer: false });
    expect(cronflow.getCoreStatus().webhookUrl).toBeUndefined();
  });

  test("takes so many requests at the same time", async () => {
    const gate = Promise.withResolvers<void>();
    const inside = Promise.withResolvers<void>();
    const middleware = async (): Promise<void> => {
      inside.resolve();
      await gate.promise;
    };
    cronflow
      .define({ id: "one" })
      .onWebhook("/one", { middleware: [middleware] })
      .step("a", () => 1);
    await program.start({ webhookServer: { port: 0, maxConnections: 1 } });
    const first = send("/one", {});
    await inside.promise;
    expect((await send("/one", {})).status).toBe(503);
    gate.resolve();
    expect((await first).status).toBe(200);
  });

  test("takes the port and host of either form of start", async () => {
    cronflow
      .define({ id: "one" })
      .onWebhook("/one")
      .step("a", () => 1);
    await cronflow.start({ data: program.folder, port: 0, host: "127.0.0.1" });
    expect((await send("/one", {})).status).toBe(200);
  });
});

describe("requests", () => {
  test.each(["GET", "PUT", "DELETE", "PATCH"] as const)("of %s", async (method) => {
    cronflow
      .define({ id: "any" })
      .onWebhook("/any/:id", { method })
      .step("see", (c) => [c.payload, c.trigger.query?.["deep"], c.trigger.path]);
    await program.start();
    const answer = await send("/any/7?deep=yes", method === "GET" ? undefined : { a: 1 }, { method });
    expect(await outputOf(answer)).toEqual([method === "GET" ? { deep: "yes" } : { a: 1 }, "yes", "/any/7"]);
  });

  test("carry headers and, where it is asked for, the body as it came; credentials are not kept", async () => {
    cronflow
      .define({ id: "raw" })
      .onWebhook("/raw", { parseRawBody: true })
      .step("see", (c) => ({
        text: new TextDecoder().decode(c.trigger.rawBody),
        signature: c.trigger.headers["x-signature"],
        secret: c.trigger.headers["authorization"] ?? null,
      }));
    cronflow
      .define({ id: "plain" })
      .onWebhook("/plain")
      .step("see", (c) => c.trigger.rawBody === undefined);
    await program.start();
    const body = '{ "a":  1 }';
    const answer = await send("/raw", body, { headers: { "X-Signature": "abc", authorization: "Bearer s3cret" } });
    expect(await outputOf(answer)).toEqual({ text: body, signature: "abc", secret: null });
    const { client } = { client: cronflow };
    expect(JSON.stringify(await client.inspect(String(answer.body["run_id"])))).not.toContain("s3cret");
    expect(await outputOf(await send("/plain", {}))).toBe(true);
  });

  test.each([
    ["text/plain", "just text", "just text"],
    ["application/x-www-form-urlencoded", "a=1&b=two", { a: "1", b: "two" }],
    ["application/json", "false", false],
    ["application/json", "0", 0],
  ])("with a body of %s: %s", async (type, body, payload) => {
    cronflow
      .define({ id: "body" })
      .onWebhook("/body")
      .step("see", (c) => c.payload);
    await program.start();
    expect(await outputOf(await send("/body", body, { headers: { "content-type": type } }))).toEqual(payload);
  });

  test("with a broken body are refused", async () => {
    cronflow
      .define({ id: "body" })
      .onWebhook("/body")
      .step("see", (c) => c.payload);
    await program.start();
    expect(await send("/body", "{ broken")).toMatchObject({ status: 400, body: { workflow_triggered: false } });
  });
});

describe("checks", () => {
  test("run in the documented order: middleware, schema, validate, headers, condition", async () => {
    const order: string[] = [];
    const note = (what: string): true => {
      order.push(what);
      return true;
    };
    cronflow
      .define({ id: "order" })
      .onWebhook("/order", {
        condition: () => note("condition"),
        headers: { validate: () => note("headers") },
        validate: () => note("validate"),
        schema: z.any().refine(() => note("schema")),
        middleware: [() => note("first"), (_request, _response, next) => (note("second") ? next() : undefined)],
        idempotencyKey: () => (note("key") ? "k" : ""),
        onSuccess: () => note("success"),
      })
      .step("a", () => 1);
    await program.start();
    expect((await send("/order", {})).status).toBe(200);
    expect(order).toEqual(["first", "second", "schema", "validate", "headers", "condition", "key", "success"]);
  });

  test("a schema refuses with 400, and its parsed value is the payload", async () => {
    const schema = z.object({ amount: z.number().positive(), currency: z.string().default("EUR") });
    cronflow
      .define({ id: "pay" })
      .onWebhook("/pay", { schema })
      .step("see", (c) => c.payload);
    await program.start();
    expect(await send("/pay", { amount: -1 })).toMatchObject({
      status: 400,
      body: { status: "error", message: "Payload validation failed", workflow_triggered: false },
    });
    expect(await outputOf(await send("/pay", { amount: 5 }))).toEqual({ amount: 5, currency: "EUR" });
  });

  test.each([
    [false, "The payload was not accepted."],
    ["Too young", "Too young"],
    [Promise.resolve("Too late"), "Too late"],
  ])("validate refuses with %p", async (verdict, error) => {
    cronflow
      .define({ id: "v" })
      .onWebhook("/v", { validate: () => verdict })
      .step("a", () => 1);
    await program.start();
    expect(await send("/v", {})).toMatchObject({ status: 400, body: { message: "Payload validation failed", error } });
  });

  test("headers are required, with values, and checked by a function", async () => {
    const headers = {
      required: { "X-Kind": "order", "X-Any": "" },
      validate: (all: Readonly<Record<string, string>>) => all["x-odd"] === undefined || "No odd headers",
    };
    cronflow
      .define({ id: "h" })
      .onWebhook("/h", { headers })
      .step("a", () => 1);
    await program.start();
    const of = async (given: Record<string, string>): Promise<unknown> => {
      const { status, body } = await send("/h", {}, { headers: given });
      return [status, body["error"]];
    };
    expect(await of({})).toEqual([400, "Missing required header: X-Kind"]);
    expect(await of({ "x-kind": "other", "x-any": "1" })).toEqual([400, "Invalid header value for X-Kind"]);
    // What a header has to be is often a secret: whoever does not know it is not told.
    const { body } = await send("/h", {}, { headers: { "x-kind": "other" } });
    expect(body["required_headers"]).toEqual(["X-Kind", "X-Any"]);
    expect(JSON.stringify(body)).not.toContain("order");
    expect(await of({ "x-kind": "order" })).toEqual([400, "Missing required header: X-Any"]);
    expect(await of({ "x-kind": "order", "x-any": "1", "x-odd": "1" })).toEqual([400, "No odd headers"]);
    expect(await of({ "x-kind": "order", "x-any": "1" })).toEqual([200, undefined]);
  });

  test("a condition that does not hold starts nothing, with 200", async () => {
    cronflow
      .define({ id: "c" })
      .onWebhook("/c", { condition: (request) => request.body.type === "wanted" && request.headers["x-a"] === "1" })
      .step("a", () => 1);
    await program.start();
    expect(await send("/c", { type: "other" })).toMatchObject({
      status: 200,
      body: { conditionMet: false, workflow_triggered: false },
    });
    const met = await send("/c", { type: "wanted" }, { headers: { "x-a": "1" } });
    expect(met.body["workflow_triggered"]).toBe(true);
  });

  test("middleware answers itself, passes on, or fails", async () => {
    cronflow
      .define({ id: "m" })
      .onWebhook("/m", {
        middleware: [
          (request, response, next) => {
            if (request.body.stop === true) response.status(418).json({ tea: true });
            else if (request.body.fail === true) next(new Error("middleware is broken"));
            else next();
          },
        ],
      })
      .step("a", () => 1);
    await program.start();
    expect(await send("/m", { stop: true })).toEqual({ status: 418, body: { tea: true } });
    expect(await send("/m", { fail: true })).toMatchObject({ status: 500, body: { message: "middleware is broken" } });
    expect((await send("/m", {})).status).toBe(200);
  });
});

describe("starting", () => {
  test("happens once for each key, whatever else differs", async () => {
    cronflow
      .define({ id: "once" })
      .onWebhook("/once", { idempotencyKey: (c) => c.trigger.headers["x-key"] })
      .step("see", (c) => c.payload);
    await program.start();
    const first = await send("/once", { n: 1 }, { headers: { "x-key": "a" } });
    const second = await send("/once", { n: 1 }, { headers: { "x-key": "a", "x-delivery": "2" } });
    const third = await send("/once", { n: 1 }, { headers: { "x-key": "b" } });
    expect(second).toMatchObject({ status: 200, body: { workflow_triggered: false, run_id: first.body["run_id"] } });
    expect(third.body["run_id"]).not.toBe(first.body["run_id"]);
  });

  test("may begin with another step", async () => {
    cronflow
      .define({ id: "from" })
      .onWebhook("/from", { trigger: "second" })
      .step("first", () => "first")
      .step("second", (c) => [c.last ?? "nothing before", c.payload]);
    await program.start();
    expect(await outputOf(await send("/from", 5))).toEqual(["nothing before", 5]);
  });

  test("tells of success with the run, and of refusals with the error", async () => {
    const told: unknown[] = [];
    cronflow
      .define({ id: "told" })
      .onWebhook("/told", {
        validate: (payload) => payload.ok === true || "not ok",
        onSuccess: (c, { runId, created }) => told.push([c.workflowId, typeof runId, created]),
        onError: (c, error) => told.push([c.payload.ok, error.message]),
      })
      .step("a", () => 1);
    await program.start();
    await send("/told", { ok: true });
    await send("/told", { ok: false });
    expect(told).toEqual([
      ["told", "string", true],
      [false, "not ok"],
    ]);
  });

  test("that fails is tried again, then answered with 500", async () => {
    const attempts: number[] = [];
    cronflow
      .define({ id: "retry" })
      .onWebhook("/retry", {
        retry: { attempts: 3, delay: 1 },
        idempotencyKey: () => {
          attempts.push(attempts.length);
          throw new Error("no key to be had");
        },
      })
      .step("a", () => 1);
    await program.start();
    expect(await send("/retry", {})).toMatchObject({ status: 500, body: { message: "no key to be had" } });
    expect(attempts).toHaveLength(3);
  });

  test("is possible without a server", async () => {
    cronflow
      .define({ id: "inner" })
      .onWebhook("/inner", { schema: z.object({ n: z.number() }) })
      .onSchedule("0 2 * * *")
      .step("a", (c) => c.payload.n);
    await program.start();
    const good = await cronflow.executeWebhookTrigger({ path: "/inner", body: { n: 3 } });
    expect(good).toMatchObject({ success: true, workflow_id: "inner", status: 200 });
    expect((await program.until(good.run_id ?? "", ...ended)).output).toBe(3);
    expect(await cronflow.executeWebhookTrigger({ path: "/inner", body: {} })).toMatchObject({
      success: false,
      status: 400,
    });
    expect(await cronflow.executeManualTrigger("inner", { n: 1 })).toMatchObject({
      success: true,
      workflow_id: "inner",
    });
    expect(await cronflow.getTriggerStats()).toMatchObject({
      total_triggers: 2,
      webhook_triggers: 1,
      schedule_triggers: 1,
    });
    expect(await cronflow.getWorkflowTriggers("inner")).toMatchObject([
      { id: "inner:webhook-1", trigger_type: "webhook" },
      { id: "inner:schedule-1", trigger_type: "schedule" },
    ]);
    expect(await cronflow.getScheduleTriggers()).toHaveLength(1);
    expect(await cronflow.unregisterWorkflowTriggers("inner")).toEqual({ success: true, removed: 2 });
    expect((await cronflow.executeWebhookTrigger({ path: "/inner", body: { n: 3 } })).status).toBe(404);
  });
});
