import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { workflow } from "@sluice/sdk";
import { HttpFixture, token as rightToken } from "./http-fixture.ts";

const echo = workflow<unknown>({ name: "echo" }, (_ctx, input) => Promise.resolve(input));

let f: HttpFixture;
beforeAll(async () => {
  f = await HttpFixture.make({
    workflows: [echo],
    http: {
      allowedHosts: ["sluice.example", "*.inner.example", "port.example:8080"],
      allowedOrigins: ["https://console.example"],
      limits: { bodyBytesMax: 2_000, jsonDepthMax: 20 },
    },
  });
});
afterAll(async () => f[Symbol.asyncDispose]());

const start = "/api/v1/workflows/echo/runs";
const json = { "content-type": "application/json" };

describe("the token", () => {
  test.each([null, "", "wrong", "test-token-012345678", "test-token-01234567890"])("%p is refused", async (token) => {
    const { status, body, headers } = await f.send("/api/v1/runs", { token });
    expect(status).toBe(401);
    expect(body.error).toMatchObject({ code: "unauthorized", hint: expect.any(String) });
    expect(headers.get("www-authenticate")).toBe("Bearer");
  });

  test("is needed for the routes that skip the router, too", async () => {
    expect((await f.send(start, { token: null, method: "POST", body: "{}", headers: json })).status).toBe(401);
    expect((await f.send("/api/v1/runs/run_x", { token: null })).status).toBe(401);
    expect((await f.send("/metrics", { token: null })).status).toBe(401);
  });

  test("is not needed where the URL is the permission, or nothing is given away", async () => {
    for (const path of ["/health", "/ready", "/api/docs"])
      expect((await f.send(path, { token: null })).status).toBe(200);
    for (const path of ["/hooks/none", "/api/v1/approvals/tok_x", "/api/v1/callbacks/tok_x"]) {
      const { status } = await f.send(path, { token: null, method: "POST", body: '{"approved":true}', headers: json });
      expect(status).toBe(404);
    }
  });

  test("may be written with any case of the scheme", async () => {
    const { status } = await f.send("/api/v1/runs", {
      token: null,
      headers: { authorization: "bEARER test-token-0123456789" },
    });
    expect(status).toBe(200);
  });

  test("is not asked for where there is none", async () => {
    await using open = await HttpFixture.make({ workflows: [echo], http: { authentication: false } });
    const { status, body } = await open.send(start, { token: null, method: "POST", body: "{}", headers: json });
    expect(status).toBe(201);
    expect(body.run.by).toBe("user:anonymous");
  });
});

describe("the host", () => {
  test.each([
    "localhost:1",
    "127.0.0.1",
    "127.9.9.9:80",
    "[::1]:7890",
    "LOCALHOST",
    "sluice.example:99",
    "a.inner.example",
    "port.example:8080",
  ])("%s is answered", async (host) => {
    expect((await f.send(`http://${host}/health`)).status).toBe(200);
  });

  test.each([
    "evil.example",
    "sluice.example.evil",
    "inner.example",
    "port.example:81",
    "127.0.0.1.evil.example",
    "localhost.evil",
  ])("%s is refused", async (host) => {
    const { status, body } = await f.send(`http://${host}/health`);
    expect(status).toBe(403);
    expect(body.error).toMatchObject({ code: "host_not_allowed", hint: expect.stringContaining("allowedHosts") });
  });

  test.each(["/health", "/localhost/health", "/x//localhost/health", "//localhost/health"])(
    "is not taken from the path where there is none: %s",
    async (url) => {
      // HTTP/1.0 needs no Host; the server's requests have the path for a URL then.
      const request = { url, method: "GET", headers: new Headers() } as Request;
      expect((await f.http.fetch(request)).status).toBe(403);
    },
  );
});

describe("the origin", () => {
  const post = async (headers: Record<string, string>, path = start) =>
    f.send(path, { method: "POST", body: "{}", headers: { ...json, ...headers } });

  test("of a program is absent", async () => {
    expect((await post({})).status).toBe(201);
  });

  test("of the server's own pages is welcome", async () => {
    expect((await post({ origin: "http://127.0.0.1:7890" })).status).toBe(201);
    expect((await post({ "sec-fetch-site": "same-origin" })).status).toBe(201);
  });

  test("of a listed page is welcome, and may read the answer", async () => {
    const { status, headers } = await post({ origin: "https://console.example" });
    expect(status).toBe(201);
    expect(headers.get("access-control-allow-origin")).toBe("https://console.example");
    expect(headers.get("vary")).toContain("origin");
    const refused = await post({ origin: "https://console.example", "content-type": "image/png" });
    expect(refused.status).toBe(415);
    expect(refused.headers.get("access-control-allow-origin")).toBe("https://console.example");
  });

  test.each([
    "https://evil.example",
    "null",
    "http://127.0.0.1:7891",
    "http://console.example",
    "ftp://127.0.0.1:7890",
  ])("%s is refused", async (origin) => {
    const { status, body, headers } = await post({ origin });
    expect(status).toBe(403);
    expect(body.error.code).toBe("origin_not_allowed");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  });

  test("of another site is refused where the browser names none but the request changes something", async () => {
    expect((await post({ "sec-fetch-site": "cross-site" })).status).toBe(403);
    expect((await f.send("/hooks/x", { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(403);
    expect((await f.send("/api/docs", { headers: { "sec-fetch-site": "cross-site" } })).status).toBe(200);
  });

  test("is asked about before a request", async () => {
    const ask = async (origin: string) =>
      f.send(start, {
        method: "OPTIONS",
        token: null,
        headers: { origin, "access-control-request-method": "POST" },
      });
    const allowed = await ask("https://console.example");
    expect(allowed.status).toBe(204);
    expect(allowed.headers.get("access-control-allow-headers")).toContain("Authorization");
    expect((await ask("https://evil.example")).status).toBe(403);
  });
});

describe("what cannot be answered", () => {
  test.each([
    "/nope",
    "/api/v1",
    "/api/v1/nope",
    "/api/v2/runs",
    "//api/v1/runs",
    "/api/v1/runs/a/b/c",
    "/hooksx",
    "/api/v1/runs/x/stepsx",
  ])("GET %s is 404", async (path) => {
    const { status, body } = await f.get(path);
    expect(status).toBe(404);
    expect(body.error).toMatchObject({ code: "not_found", hint: expect.any(String) });
  });

  test.each([
    ["PUT", start, "POST"],
    ["POST", "/api/v1/runs", "GET"],
    ["PATCH", "/api/v1/runs/x", "GET, DELETE"],
    ["DELETE", "/health", "GET"],
    ["DELETE", "/api/v1/events", "POST, GET"],
    ["POST", "/api/v1/state/global/k", "GET, PUT, DELETE"],
    ["OPTIONS", "/api/v1/runs", "GET"],
  ])("%s %s is 405 and says what is possible", async (method, path, allow) => {
    const { status, body, headers } = await f.send(path, { method });
    expect(status).toBe(405);
    expect(body.error.code).toBe("method_not_allowed");
    expect(headers.get("allow")).toBe(allow);
  });

  test("HEAD is a GET without its body", async () => {
    const { status, body } = await f.send("/api/v1/runs", { method: "HEAD" });
    expect(status).toBe(200);
    expect(body).toBeNull();
  });

  test.each(["text/plain", "multipart/form-data; boundary=x", "application/xml", "application/x-www-form-urlencoded"])(
    "a body of type %s is 415",
    async (type) => {
      const { status, body } = await f.send(start, { method: "POST", body: "{}", headers: { "content-type": type } });
      expect(status).toBe(415);
      expect(body.error).toMatchObject({ code: "unsupported_media_type", hint: expect.any(String) });
    },
  );

  const bytes = (...parts: (string | number[])[]) =>
    new Uint8Array(parts.flatMap((part) => (typeof part === "string" ? [...new TextEncoder().encode(part)] : part)));
  test.each([
    ["nothing but a brace", bytes("{")],
    ["a trailing comma", bytes('{"input":1,}')],
    ["two values", bytes("{} {}")],
    ["broken UTF-8", bytes('{"input":"', [0xff, 0xfe], '"}')],
    ["a lone continuation byte", bytes('{"input":"', [0x80], '"}')],
    ["half a surrogate pair as UTF-8", bytes('{"input":"', [0xed, 0xa0, 0x80], '"}')],
    ["deep lists", bytes(`{"input":${"[".repeat(21)}${"]".repeat(21)}}`)],
    ["deep objects", bytes('{"input":', '{"a":'.repeat(25), "1", "}".repeat(26))],
    ["unfinished depth", bytes("[".repeat(1_500))],
    ["a number too large", bytes('{"input":1e999}')],
    ["a long number too large", bytes(`{"input":[{"a":${"9".repeat(400)}}]}`)],
    ["a number too large by its digits and a short exponent", bytes(`{"input":${"9".repeat(250)}e99}`)],
    ["NaN", bytes('{"input":NaN}')],
  ])("a body with %s is 400", async (_what, body) => {
    const answer = await f.send(start, { method: "POST", body, headers: json });
    expect(answer.status).toBe(400);
    expect(answer.body.error).toMatchObject({ code: "invalid_json", hint: expect.any(String) });
  });

  test("brackets in strings are not depth, and depth at the limit is taken", async () => {
    const text = "[".repeat(100);
    expect((await f.post(`${start}?wait=5s`, { input: text })).body.run.output).toBe(text);
    const nested = `{"input":${"[".repeat(19)}${"]".repeat(19)}}`;
    expect((await f.send(start, { method: "POST", body: nested, headers: json })).status).toBe(201);
  });

  test("a body that is too long is 413, announced or not", async () => {
    const long = JSON.stringify({ input: "x".repeat(3_000) });
    const announced = await f.send(start, {
      method: "POST",
      body: long,
      headers: { ...json, "content-length": String(long.length) },
    });
    expect(announced.status).toBe(413);
    let sent = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(500).fill(0x20));
      },
    });
    const streamed = await f.send(start, { method: "POST", body: endless, headers: json });
    expect(streamed.status).toBe(413);
    expect(streamed.body.error).toMatchObject({
      code: "payload_too_large",
      message: expect.stringContaining("bodyBytesMax"),
    });
    expect(sent).toBeLessThan(20);
  });

  test("a path that is not UTF-8 is 400", async () => {
    for (const path of [
      "/api/v1/runs/%zz",
      "/api/v1/runs/%ff",
      "/api/v1/workflows/%c3%28/runs",
      "/api/v1/state/global/%00",
    ]) {
      const { status, body } = await f.send(
        path,
        path.endsWith("/runs") ? { method: "POST", body: "{}", headers: json } : {},
      );
      expect(status).toBe(400);
      expect(body.error.code).toBe("bad_request");
    }
  });

  test("a bug is answered with a number that the log explains", async () => {
    await using broken = await HttpFixture.make({
      http: {
        ready: () => {
          throw new TypeError("secret detail");
        },
      },
    });
    const { status, body } = await broken.get("/ready");
    expect(status).toBe(500);
    expect(body.error.code).toBe("internal");
    expect(JSON.stringify(body)).not.toContain("secret detail");
    const record = broken.logs.find((each) => each.fields?.["requestId"] === body.error.details.requestId);
    expect(record?.level).toBe("error");
    expect(String(record?.fields?.["error"])).toContain("secret detail");
  });
});

describe("over a socket", () => {
  test("the server answers with its own errors and follows the host header", async () => {
    const server = Bun.serve({
      port: 0,
      hostname: "127.0.0.1",
      fetch: f.http.fetch,
      idleTimeout: f.http.idleTimeout,
      maxRequestBodySize: f.http.maxRequestBodySize,
    });
    try {
      const url = `http://127.0.0.1:${server.port}`;
      expect((await fetch(`${url}/health`)).status).toBe(200);
      const rebound = await fetch(`${url}/health`, { headers: { host: "evil.example" } });
      expect(rebound.status).toBe(403);
      const headers = { authorization: "Bearer test-token-0123456789", ...json };
      const long = await fetch(`${url}${start}`, {
        method: "POST",
        headers,
        body: JSON.stringify({ input: "x".repeat(4_000) }),
      });
      expect(long.status).toBe(413);
      const heavy = await fetch(`${url}/health`, { headers: { "x-heavy": "a".repeat(17 * 1_024) } });
      expect(heavy.status).toBe(431);
      const run = await fetch(`${url}${start}?wait=5s`, { method: "POST", headers, body: '{"input":{"a":1}}' });
      expect(await run.json()).toMatchObject({ run: { status: "completed", output: { a: 1 } } });
    } finally {
      await server.stop(true);
    }
  });
});

test.each([{}, { "content-length": "5" }])(
  "a body that its sender gives up is no failure of the server: %p",
  async (length) => {
    const body = new ReadableStream({ start: (controller) => controller.error(new DOMException("", "AbortError")) });
    const headers = { ...json, ...length, authorization: `Bearer ${rightToken}` };
    const request = new Request(`http://127.0.0.1:7890${start}`, { method: "POST", body, headers });
    const before = f.logs.length;
    const response = await f.http.fetch(request);
    expect([response.status, ((await response.json()) as { error: unknown }).error]).toMatchObject([
      400,
      { code: "bad_request", message: "The body did not arrive." },
    ]);
    expect(f.logs.slice(before)).toEqual([]);
  },
);
