// Against a real listener: what is sent, what comes back, and which failures are worth another attempt.
import { afterAll, beforeEach, expect, test } from "bun:test";
import { calling } from "./calling.fixture.suite.ts";
import { exchange, http } from "./http.ts";
import type { HttpReply } from "./http.ts";

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}
const seen: Seen[] = [];
let answers: (() => Response)[] = [];
const peer = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const { pathname, search } = new URL(request.url);
    seen.push({
      method: request.method,
      path: pathname + search,
      headers: request.headers,
      body: await request.text(),
    });
    return answers.shift()?.() ?? Response.json({ ok: true });
  },
});
const baseUrl = `http://127.0.0.1:${peer.port}`;
const service = http.withConfig({ config: { baseUrl, headers: { "x-app": "shop" } } });

beforeEach(() => {
  seen.length = 0;
  answers = [];
});
afterAll(() => peer.stop(true));

test("a request carries headers, query, JSON and the idempotency key, and its reply is parsed", async () => {
  await using it = await calling(service);
  const reply = await it.call<HttpReply>("post", {
    url: "/orders",
    query: { page: 2, full: true },
    json: { id: 1 },
    headers: { "x-one": "1" },
  });
  expect(reply).toMatchObject({ status: 200, json: { ok: true } });
  const [{ method, path, headers, body } = { headers: new Headers() } as Seen] = seen;
  expect([method, path, body]).toEqual(["POST", "/orders?page=2&full=true", '{"id":1}']);
  expect([headers.get("x-app"), headers.get("x-one"), headers.get("content-type")]).toEqual([
    "shop",
    "1",
    "application/json",
  ]);
  expect(headers.get("idempotency-key")).toMatch(/^run_.+:0$/);
});

test("what passes by itself is tried again with the same key, after the time that the server asks for", async () => {
  await using it = await calling(service);
  answers = [
    () => new Response("busy", { status: 503 }),
    () => new Response("slow down", { status: 429, headers: { "retry-after": "7200" } }),
  ];
  const before = it.engine.now;
  expect(await it.call<HttpReply>("put", { url: "/x", body: "raw" })).toMatchObject({ status: 200 });
  expect(seen.map(({ body }) => body)).toEqual(["raw", "raw", "raw"]);
  expect(new Set(seen.map(({ headers }) => headers.get("idempotency-key"))).size).toBe(1);
  expect(it.engine.now - before).toBeGreaterThanOrEqual(7_200_000);
});

test("what will not pass fails at once, with what the server said", async () => {
  await using it = await calling(service);
  answers = [() => new Response("no such order", { status: 404 })];
  expect(it.call("get", { url: "/orders/7?token=x" })).rejects.toMatchObject({
    name: "NonRetryableError",
    code: "http_404",
    message: `GET ${baseUrl}/orders/7 answered with 404: no such order`,
  });
  answers = [() => new Response("gone", { status: 410 })];
  expect(await it.call<HttpReply>("request", { url: "/x", accept: [410] })).toMatchObject({
    status: 410,
    text: "gone",
  });
});

test("a server that hangs up is tried as often as the policy allows, one that is not there too", async () => {
  let calls = 0;
  const rude = Bun.listen({
    port: 0,
    hostname: "127.0.0.1",
    socket: {
      data: (socket) => {
        calls++;
        socket.terminate();
      },
    },
  });
  const url = `http://127.0.0.1:${rude.port}/`;
  await using it = await calling(service);
  const error = await it.call("get", { url }).catch((thrown: unknown) => thrown);
  expect([error instanceof Error, calls]).toEqual([true, 4]);
  rude.stop(true);
  expect(String(await it.call("get", { url }).catch((thrown: unknown) => thrown))).toContain("ECONNREFUSED");
});

test("a reply that is too large, or JSON that is none, fails at once", async () => {
  await using it = await calling(http.withConfig({ config: { baseUrl, replyBytesMax: 10 } }));
  answers = [
    () => new Response("x".repeat(11)),
    () => new Response("{", { headers: { "content-type": "application/json" } }),
  ];
  expect(it.call("get", { url: "/" })).rejects.toThrow("more than 10 bytes");
  expect(it.call("get", { url: "/" })).rejects.toThrow("JSON that is none");
  expect(it.call("get", { url: "http://[" })).rejects.toMatchObject({ code: "invalid_input" });
});

test("behind a circuit breaker it is called no more after so many failures", async () => {
  answers = Array.from({ length: 9 }, () => () => new Response("down", { status: 500 }));
  const breaker = { name: "orders", failureThreshold: 3, recoveryTimeout: "1h" } as const;
  const behind = { ...http.withConfig({ config: { baseUrl } }), circuitBreaker: breaker, retry: false as const };
  await using it = await calling(behind);
  const codes: unknown[] = [];
  for (let i = 0; i < 5; i++)
    await it.call("get", { url: "/" }).catch((error: unknown) => codes.push((error as { code?: unknown }).code));
  expect(codes).toEqual(["http_500", "http_500", "http_500", "circuit_open", "circuit_open"]);
  expect(seen.length).toBe(3);
  answers = [];
  await it.engine.advance("1h");
  expect(await it.call<HttpReply>("get", { url: "/" })).toMatchObject({ status: 200 });
});

test("a request is part of the trace of its step, unless it says otherwise", async () => {
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const settings = { baseUrl, headers: {}, idempotencyHeader: "", replyBytesMax: 1_000 };
  const step = { signal: new AbortController().signal, idempotencyKey: "k" };
  const call = { method: "GET", url: "/", headers: {}, query: {} } as const;
  await exchange(settings, call, { ...step, traceparent });
  await exchange(settings, { ...call, headers: { traceparent: "mine" } }, { ...step, traceparent });
  await exchange(settings, call, step);
  expect(seen.map(({ headers }) => headers.get("traceparent"))).toEqual([traceparent, "mine", null]);
});
