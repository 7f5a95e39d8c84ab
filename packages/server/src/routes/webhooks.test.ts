// Webhooks as senders see them: who is let in, what starts a run, what is answered, and what is written down about it.
import { createHmac } from "node:crypto";
import { gzipSync, brotliCompressSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { webhook, workflow } from "@sluice/sdk";
import type { StandardSchemaV1, Trigger } from "@sluice/sdk";
import { PlaceSecrets } from "../hooks/secret-source.ts";
import { HttpFixture } from "../http-fixture.ts";
import type { Answer } from "../http-fixture.ts";

const numbers: StandardSchemaV1<unknown, { n: number }> = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value) => {
      const { n } = (value ?? {}) as { n?: unknown };
      return typeof n === "number" ? { value: { n } } : { issues: [{ message: "is not a number", path: ["n"] }] };
    },
  },
};

function echo(name: string, trigger: Trigger) {
  return workflow<unknown>({ name, triggers: [trigger] }, async (_ctx, input) => input);
}

let middlewareCalls = 0;
const env = { env: "HOOK_SECRET" } as const;
const workflows = [
  echo("params", webhook("/shops/:shop/orders/:id")),
  echo("static", webhook("/shops/mine/orders/:id")),
  echo("rest", webhook("/files/*")),
  echo("raw", webhook("/raw", { input: "raw" })),
  echo("github", webhook("/github", { secret: env, verify: "github" })),
  echo("stripe", webhook("/stripe", { secret: env, verify: "stripe" })),
  echo("slack", webhook("/slack", { secret: env, verify: "slack" })),
  echo(
    "generic",
    webhook("/generic", {
      secret: env,
      verify: { header: "X-Sig", prefix: "v1=", encoding: "base64", timestamp: "X-Time", separator: ":" },
      tolerance: "1m",
    }),
  ),
  echo("unset", webhook("/unset", { secret: { env: "NOT_THERE" } })),
  echo("headers", webhook("/headers", { headers: { "X-Source": ["ci", "cd"], "x-any": true } })),
  echo("keyed", webhook("/keyed", { idempotencyKey: "X-Request-Id" })),
  echo(
    "functions",
    webhook<{ n: number }>("/functions", {
      schema: numbers,
      condition: ({ body }) => body.n !== 0,
      idempotencyKey: ({ body }) => `n-${body.n}`,
      input: ({ body, headers }) => ({ doubled: body.n * 2, from: headers["x-from"] ?? null }),
      middleware: [
        ({ query }) => {
          middlewareCalls++;
          if (query["challenge"] !== undefined) return { status: 200, body: String(query["challenge"]) };
          if (query["bad"] !== undefined) throw new Error("middleware broke");
          return undefined;
        },
      ],
    }),
  ),
  workflow<{ ms?: number; fail?: boolean }>(
    { name: "sync", triggers: [webhook("/sync", { reply: { wait: "300ms" } })] },
    async (ctx, input) => {
      if (input.fail === true) throw new Error("it went wrong");
      if (input.ms !== undefined) await ctx.sleep("long", input.ms);
      return { done: true };
    },
  ),
  echo("limited", webhook("/limited", { rateLimit: { count: 2, per: "1h" } })),
];

let f: HttpFixture;
beforeAll(async () => {
  const secrets = new PlaceSecrets({ env: { HOOK_SECRET: "s3cret" }, folder: "." });
  f = await HttpFixture.make({ workflows, http: { secrets } });
});
afterAll(async () => f[Symbol.asyncDispose]());

async function hook(path: string, init: RequestInit = {}): Promise<Answer> {
  return f.send(`/hooks${path}`, { token: null, method: "POST", ...init });
}

async function post(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Answer> {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return hook(path, { body: text, headers: { "content-type": "application/json", ...headers } });
}

async function outputOf({ body, status }: Answer): Promise<unknown> {
  expect(status).toBe(202);
  return (await f.get(`/api/v1/runs/${body.runId}?wait=10s`)).body.run.output;
}

async function runsOf(name: string): Promise<number> {
  return (await f.get(`/api/v1/runs?workflow=${name}`)).body.runs.length;
}

function hmac(text: string, encoding: "hex" | "base64" = "hex"): string {
  return createHmac("sha256", "s3cret").update(text).digest(encoding);
}

const seconds = (): number => Math.floor(Date.now() / 1_000);

describe("paths", () => {
  test("have parameters, and a segment as it is comes before one", async () => {
    const input = await outputOf(await post("/shops/a%20b/orders/7?x=1", { sum: 3 }));
    expect(input).toMatchObject({
      method: "POST",
      path: "/shops/a%20b/orders/7",
      params: { shop: "a b", id: "7" },
      query: { x: "1" },
      body: { sum: 3 },
    });
    expect((input as { headers: Record<string, string> }).headers["content-type"]).toBe("application/json");
    const mine = await post("/shops/mine/orders/7", {});
    const { run } = (await f.get(`/api/v1/runs/${mine.body.runId}`)).body;
    expect(run.workflow).toBe("static");
    expect((await post("/shops/x/orders", {})).status).toBe(404);
    expect((await post("/shops//orders/1", {})).status).toBe(404);
    expect(await outputOf(await post("/files/a/b.txt", null))).toMatchObject({ params: { "*": "a/b.txt" } });
  });
});

describe("bodies", () => {
  test("are given as bytes where that is wanted", async () => {
    const { body } = await hook("/raw", { body: new Uint8Array([0, 255]), headers: { "content-type": "image/png" } });
    const record = await f.engine.getRun(body.runId);
    expect(record.ok && (await f.engine.ended(body.runId)).ok).toBe(true);
    const { decodeValue } = await import("@sluice/protocol");
    if (record.ok) expect(decodeValue(record.value.input)).toEqual(new Uint8Array([0, 255]));
  });

  test("may be compressed; a coding that is not known, and what does not fit, is refused", async () => {
    const send = async (bytes: Uint8Array, coding: string) =>
      hook("/keyed", {
        body: bytes as Uint8Array<ArrayBuffer>,
        headers: { "content-type": "application/json", "content-encoding": coding },
      });
    expect(await outputOf(await send(gzipSync('{"a":1}'), "gzip"))).toEqual({ a: 1 });
    expect(await outputOf(await send(brotliCompressSync('{"a":2}'), "BR"))).toEqual({ a: 2 });
    expect((await send(Buffer.from("{}"), "compress")).body.error.code).toBe("unsupported_media_type");
    expect((await send(Buffer.from("{}"), "gzip")).body.error.code).toBe("bad_request");
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, " "));
    expect((await send(bomb, "gzip")).body.error.code).toBe("payload_too_large");
  });
});

describe("signatures", () => {
  test("of GitHub: the body is signed, and a delivery that comes again leads to its run", async () => {
    const body = '{"action":"opened"}';
    const send = async (signature: string, id = "d-1") =>
      post("/github", body, { "x-hub-signature-256": signature, "x-github-delivery": id });
    const first = await send(`sha256=${hmac(body)}`);
    expect(first.status).toBe(202);
    const again = await send(`sha256=${hmac(body)}`);
    expect(again.body).toMatchObject({ runId: first.body.runId, created: false });
    const other = await send(`sha256=${hmac(body)}`, "d-2");
    expect(other.body.runId).not.toBe(first.body.runId);
    expect((await send(`sha256=${hmac("{}")}`)).status).toBe(401);
    expect((await send("")).status).toBe(401);
    expect(await runsOf("github")).toBe(2);
    // Also when the run has been deleted since: the delivery has been dealt with.
    await f.get(`/api/v1/runs/${first.body.runId}?wait=5s`);
    await f.send(`/api/v1/runs/${first.body.runId}`, { method: "DELETE" });
    expect(await send(`sha256=${hmac(body)}`)).toMatchObject({ status: 200, body: { created: false } });
    expect(await runsOf("github")).toBe(1);
  });

  test("of Stripe: the time is signed too, and an old one is refused", async () => {
    const body = '{"id":"evt_1"}';
    const send = async (at: number, text = body, more = "") =>
      post("/stripe", text, {
        "stripe-signature": `t=${at},v0=00,v1=${"0".repeat(64)},v1=${hmac(`${at}.${text}`)}${more}`,
      });
    const first = await send(seconds());
    expect(first.status).toBe(202);
    // The same event at another time: Stripe tries again.
    expect((await send(seconds() - 5)).body).toMatchObject({ runId: first.body.runId, created: false });
    expect((await send(seconds() - 301)).body.error.message).toContain("another time");
    expect((await send(seconds() + 400)).status).toBe(401);
    const forged = await post("/stripe", body, { "stripe-signature": `t=${seconds()},v1=${hmac(body)}` });
    expect(forged.status).toBe(401);
    expect((await post("/stripe", body)).status).toBe(401);
    expect(await runsOf("stripe")).toBe(1);
  });

  test("of Slack: an old request cannot be sent again, and a new one only once", async () => {
    const body = "token=x&team=1";
    const headers = (at: number | string) => ({
      "content-type": "application/x-www-form-urlencoded",
      "x-slack-request-timestamp": String(at),
      "x-slack-signature": `v0=${hmac(`v0:${at}:${body}`)}`,
    });
    const at = seconds();
    const first = await post("/slack", body, headers(at));
    expect(await outputOf(first)).toEqual({ token: "x", team: "1" });
    expect((await post("/slack", body, headers(at))).body).toMatchObject({ created: false });
    expect((await post("/slack", body, headers(at - 1_000))).status).toBe(401);
    expect((await post("/slack", body, headers("soon"))).status).toBe(401);
    expect(await runsOf("slack")).toBe(1);
  });

  test("of anybody: header, prefix, encoding and time as the code says", async () => {
    const send = async (at: number, more: Record<string, string> = {}) =>
      post("/generic", "{}", { "x-time": String(at), "x-sig": `v1=${hmac(`${at}:{}`, "base64")}`, ...more });
    const at = seconds();
    expect((await send(at)).status).toBe(202);
    expect((await send(at)).body.created).toBe(false);
    expect((await send(at - 61)).status).toBe(401);
    expect((await send(at, { "x-sig": `v1=${hmac(`${at}:{}`, "base64").toLowerCase()}` })).status).toBe(401);
    expect((await send(at, { "x-sig": hmac(`${at}:{}`, "base64") })).status).toBe(401);
    expect((await send(at, { "x-sig": "" })).status).toBe(401);
    expect(await runsOf("generic")).toBe(1);
  });

  test("nobody is let in where the secret is missing", async () => {
    const answer = await post("/unset", "{}", { "x-sluice-signature": `sha256=${hmac("{}")}` });
    expect(answer).toMatchObject({ status: 503, body: { error: { code: "unavailable" } } });
    expect(JSON.stringify(answer.body)).not.toContain("NOT_THERE");
    const { trigger } = (await f.get(`/api/v1/triggers/${encodeURIComponent("unset:POST /unset")}`)).body;
    expect(trigger).toMatchObject({ failures: 1, webhook: { secret: "env NOT_THERE", scheme: "sluice" } });
    expect(trigger.error.message).toContain("env NOT_THERE");
  });
});

describe("rules", () => {
  test("of headers: there, and one of the values", async () => {
    const send = async (headers: Record<string, string>) => (await post("/headers", {}, headers)).status;
    expect(await send({ "x-source": "ci", "X-Any": "" })).toBe(202);
    expect(await send({ "x-source": "other", "x-any": "1" })).toBe(400);
    expect(await send({ "x-source": "cd" })).toBe(400);
  });

  test("of keys: one run for each value of the header", async () => {
    const send = async (id: string) => (await post("/keyed", {}, { "x-request-id": id })).body;
    const first = await send("k1");
    expect(await send("k1")).toMatchObject({ runId: first.runId, created: false });
    expect((await send("k2")).created).toBe(true);
  });

  test("a webhook takes as many requests as it says", async () => {
    expect((await post("/limited", {})).status).toBe(202);
    expect((await post("/limited", {})).status).toBe(202);
    const third = await post("/limited", {});
    expect(third.status).toBe(429);
    expect(Number(third.headers.get("retry-after"))).toBeGreaterThan(60);
  });
});

describe("functions", () => {
  test("run in the worker: schema, condition, key and input", async () => {
    const first = await post("/functions", { n: 2 }, { "x-from": "me" });
    expect(await outputOf(first)).toEqual({ doubled: 4, from: "me" });
    expect((await post("/functions", { n: 2 }, { "x-from": "me" })).body).toMatchObject({ created: false });
    const wrong = await post("/functions", { n: "two" });
    expect(wrong.body.error).toMatchObject({ code: "invalid_input", details: [{ path: "/n" }] });
    expect(await post("/functions", { n: 0 })).toMatchObject({ status: 200, body: { runId: null, created: false } });
    expect(middlewareCalls).toBe(4);
  });

  test("a middleware can answer, and what it throws is the webhook's failure, without its text for the sender's eyes", async () => {
    const challenged = await hook("/functions?challenge=abc", { body: "{}" });
    expect(challenged).toMatchObject({ status: 200, body: "abc" });
    const broken = await hook("/functions?bad=1", { body: "{}" });
    expect(broken).toMatchObject({ status: 500, body: { error: { code: "trigger_failed" } } });
    expect(JSON.stringify(broken.body)).not.toContain("middleware broke");
    const { deliveries } = (await f.get("/api/v1/deliveries?workflow=functions&status=failed")).body;
    expect(deliveries[0].error.message).toContain("middleware broke");
  });
});

const idOf = (name: string, path: string): string => encodeURIComponent(`${name}:POST ${path}`);

describe("deliveries", () => {
  test("are recorded with what became of them, without what proves who sent them", async () => {
    const key = { "x-request-id": "rec-1", authorization: "Bearer secret", "x-other": "shown" };
    const sent = await post("/keyed?a=1", { id: 1 }, key);
    await post("/keyed", { id: 1 }, key);
    const page = (await f.get(`/api/v1/deliveries?trigger=${idOf("keyed", "/keyed")}&limit=2`)).body;
    expect(page.deliveries.map((each: { status: string }) => each.status)).toEqual(["duplicate", "started"]);
    expect(page.nextCursor).toBe(page.deliveries[1].id);
    const older = (await f.get(`/api/v1/deliveries?trigger=${idOf("keyed", "/keyed")}&cursor=${page.nextCursor}`)).body;
    expect(older.deliveries.length).toBeGreaterThan(0);
    const id = sent.headers.get("x-sluice-delivery");
    const { delivery } = (await f.get(`/api/v1/deliveries/${id}`)).body;
    expect(delivery).toMatchObject({
      kind: "live",
      method: "POST",
      path: "/keyed",
      query: "a=1",
      status: "started",
      code: 202,
      run: sent.body.runId,
      body: '{"id":1}',
      bodyKept: true,
      of: null,
    });
    expect(delivery.headers).toMatchObject({ "x-other": "shown" });
    expect(Object.keys(delivery.headers)).not.toContain("authorization");
    expect((await f.get("/api/v1/deliveries/none")).body.error.code).toBe("delivery_not_found");
  });

  test("that are refused are recorded a few times a minute, without their bodies where nobody is known", async () => {
    for (let i = 0; i < 40; i++) await post("/slack", '{"big":true}', { "x-slack-signature": "v0=no" });
    const path = `/api/v1/deliveries?trigger=${idOf("slack", "/slack")}&status=refused&limit=100`;
    const { deliveries } = (await f.get(path)).body;
    expect(deliveries.length).toBeLessThanOrEqual(30);
    expect(deliveries[0]).toMatchObject({ code: 401, run: null, error: { code: "unauthorized" }, bytes: 0 });
  });

  test("are delivered once more as a run of their own, without a signature", async () => {
    const body = '{"again":1}';
    const sent = await post("/github", body, {
      "x-hub-signature-256": `sha256=${hmac(body)}`,
      "x-github-delivery": "d-9",
    });
    const first = sent.headers.get("x-sluice-delivery");
    const again = await f.post(`/api/v1/deliveries/${first}/redeliver`);
    expect(again).toMatchObject({ status: 200, body: { status: "started" } });
    expect(again.body.runId).not.toBe(sent.body.runId);
    const { run } = (await f.get(`/api/v1/runs/${again.body.runId}?wait=5s`)).body;
    expect(run.output).toEqual({ again: 1 });
    const { delivery } = (await f.get(`/api/v1/deliveries/${again.body.delivery}`)).body;
    expect(delivery).toMatchObject({ kind: "redelivery", of: first });
    const large = await post("/keyed", { text: "x".repeat(300_000) });
    const refused = await f.post(`/api/v1/deliveries/${large.headers.get("x-sluice-delivery")}/redeliver`);
    expect(refused).toMatchObject({ status: 409, body: { error: { code: "delivery_not_kept" } } });
  });
});

describe("a test delivery", () => {
  test("starts a run with the tag test, or says only what would become of it", async () => {
    const path = `/api/v1/triggers/${idOf("params", "/shops/:shop/orders/:id")}/test`;
    const sent = await f.post(path, { params: { shop: "s/1", id: "2" }, body: { sum: 1 }, headers: { "x-a": "b" } });
    expect(sent.body).toMatchObject({ status: "started", input: null });
    const { run } = (await f.get(`/api/v1/runs/${sent.body.runId}?wait=5s`)).body;
    expect(run).toMatchObject({
      tags: ["test"],
      output: { params: { shop: "s/1", id: "2" }, path: "/shops/s%2F1/orders/2" },
    });
    const functions = `/api/v1/triggers/${idOf("functions", "/functions")}/test`;
    const before = await runsOf("functions");
    expect((await f.post(functions, { body: { n: 3 }, dryRun: true })).body).toMatchObject({
      status: "started",
      runId: null,
      delivery: null,
      input: { doubled: 6, from: null },
    });
    expect((await f.post(functions, { body: { n: 0 }, dryRun: true })).body).toMatchObject({
      status: "ignored",
      reason: "its condition does not hold",
    });
    expect((await f.post(functions, { body: { n: "x" }, dryRun: true })).body.error.code).toBe("invalid_input");
    expect(await runsOf("functions")).toBe(before);
    expect((await f.post(functions, { headers: { "a b": "c" } })).status).toBe(400);
  });
});

describe("a paused webhook", () => {
  test("asks its senders to come again", async () => {
    const id = idOf("rest", "/files/*");
    expect((await f.post(`/api/v1/triggers/${id}/pause`)).body.trigger).toMatchObject({ paused: true });
    const refused = await post("/files/a", {});
    expect(refused).toMatchObject({ status: 503, body: { error: { code: "trigger_paused" } } });
    expect(refused.headers.get("retry-after")).toBe("60");
    await f.post(`/api/v1/triggers/${id}/resume`);
    expect((await post("/files/a", {})).status).toBe(202);
    expect((await f.post("/api/v1/triggers/none/pause")).body.error.code).toBe("trigger_not_found");
  });
});

describe("an answer that waits", () => {
  test("is the result; a failure; or where the run is to be found", async () => {
    const done = await post("/sync", {});
    expect(done).toMatchObject({ status: 200, body: { done: true } });
    expect(done.headers.get("x-sluice-run")).toStartWith("run_");
    const failed = await post("/sync", { fail: true });
    expect(failed).toMatchObject({ status: 500, body: { error: { code: "workflow_failed" } } });
    const late = await post("/sync", { ms: 60_000 });
    expect(late).toMatchObject({ status: 202, body: { created: true } });
    expect(late.headers.get("location")).toBe(`/api/v1/runs/${late.body.runId}`);
  });
});
