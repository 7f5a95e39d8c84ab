// HTTP: routes, bodies both ways, exchange of handlers, the end.

import { deepEqual, equal, ok, rejects } from "node:assert/strict";
import { Buffer } from "node:buffer";
import { connect } from "node:net";
import type { Socket } from "node:net";
import type { HttpHandlers, HttpServer } from "../http.ts";
import type { RuntimeProvider } from "../provider.ts";
import { deferred } from "../deferred.ts";
import type { Test } from "./case.suite.ts";
import { codeOf, patterned, settled, until } from "./case.suite.ts";

interface Site {
  readonly server: HttpServer;
  readonly errors: unknown[];
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
}

async function withSite(
  runtime: RuntimeProvider,
  handlers: HttpHandlers,
  body: (site: Site) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  const server = await runtime.http.serve({ ...handlers, onError: (error) => void errors.push(error) });
  try {
    await body({ server, errors, get: (path, init) => runtime.http.fetch(`${server.url}${path}`, init) });
  } finally {
    await server.stop({ graceMs: 0 });
  }
}

/** A client that sends what it is told and reads only when asked. */
export async function rawClient(port: number): Promise<Socket> {
  const socket = connect({ host: "127.0.0.1", port });
  await new Promise<void>((resolve, reject) => void socket.once("connect", resolve).once("error", reject));
  socket.on("error", () => undefined); // Servers cut it off at the end.
  return socket;
}

const text = (value: string) => () => new Response(value);

export function httpCases(test: Test): void {
  test("http: routes by path, parameters and method; the rest goes to the fallback", async ({ runtime }) => {
    const handlers: HttpHandlers = {
      routes: {
        "/plain": text("plain"),
        "/users/me": text("written out"),
        "/users/:id": (_request, { params }) => Response.json(params),
        "/users/:id/posts/:post": (_request, { params }) => Response.json(params),
        "/files/*": text("a rest"),
        "/things": {
          GET: text("got"),
          POST: async (request) => new Response(`posted ${await request.text()}`, { status: 201 }),
        },
      },
      fetch: (request) => new Response(`none for ${request.method} ${new URL(request.url).pathname}`, { status: 404 }),
    };
    await withSite(runtime, handlers, async ({ get }) => {
      const bodyOf = async (path: string, init?: RequestInit) => (await get(path, init)).text();
      equal(await bodyOf("/plain?x=1"), "plain");
      equal(await bodyOf("/users/me"), "written out");
      equal(await bodyOf("/users/a%20b%2Fc"), '{"id":"a b/c"}');
      equal(await bodyOf("/users/7/posts/9"), '{"id":"7","post":"9"}');
      equal(await bodyOf("/files/a/b"), "a rest");
      equal(await bodyOf("/things"), "got");
      const posted = await get("/things", { method: "POST", body: "it" });
      deepEqual([posted.status, await posted.text()], [201, "posted it"]);
      equal(await bodyOf("/things", { method: "DELETE" }), "none for DELETE /things");
      equal(await bodyOf("/users"), "none for GET /users");
      equal(await bodyOf("/users/7/"), "none for GET /users/7/");
    });
  });

  test("http: a response that is always the same is given every time", async ({ runtime }) => {
    const same = new Response("same", { headers: { "x-kind": "fixed" } });
    await withSite(runtime, { routes: { "/": same } }, async ({ get }) => {
      for (let round = 0; round < 3; round++) {
        const response = await get("/");
        deepEqual([await response.text(), response.headers.get("x-kind")], ["same", "fixed"]);
      }
      equal((await get("/other")).status, 404);
    });
  });

  test("http: headers, cookies and bodies of megabytes cross both ways", async ({ runtime }) => {
    const echo: HttpHandlers["fetch"] = async (request) => {
      const headers = new Headers({ "x-was": request.headers.get("x-sent") ?? "" });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      return new Response(await request.arrayBuffer(), { headers });
    };
    await withSite(runtime, { fetch: echo }, async ({ get }) => {
      const bytes = patterned(5_000_000);
      const response = await get("/", {
        method: "PUT",
        body: bytes as Uint8Array<ArrayBuffer>,
        headers: { "x-sent": "a, b" },
      });
      equal(response.headers.get("x-was"), "a, b");
      deepEqual(response.headers.getSetCookie(), ["a=1", "b=2"]);
      equal(Buffer.compare(new Uint8Array(await response.arrayBuffer()), bytes), 0);
      const head = await get("/", { method: "HEAD" });
      equal(await head.text(), "");
    });
  });

  test("http: what a handler throws is told to the server alone", async ({ runtime }) => {
    const broken = new Error("secret of the server");
    const routes: HttpHandlers["routes"] = {
      "/now": () => {
        throw broken;
      },
      "/later": () => Promise.reject(broken),
    };
    await withSite(runtime, { routes }, async ({ get, errors }) => {
      for (const path of ["/now", "/later"]) {
        const response = await get(path);
        equal(response.status, 500);
        ok(!(await response.text()).includes("secret"));
      }
      deepEqual(errors, [broken, broken]);
    });
  });

  test("http: reload exchanges the handlers without dropping what has begun", async ({ runtime }) => {
    const [begun, go] = [deferred(), deferred()];
    const slow: HttpHandlers = {
      routes: {
        "/slow": async () => {
          begun.resolve();
          await go.promise;
          return new Response("old");
        },
        "/gone": text("old"),
      },
    };
    await withSite(runtime, slow, async ({ get, server }) => {
      const early = get("/slow");
      await begun.promise;
      server.reload({ routes: { "/slow": text("new"), "/added": text("new") } });
      equal(await (await get("/slow")).text(), "new");
      equal(await (await get("/added")).text(), "new");
      equal((await get("/gone")).status, 404);
      go.resolve();
      equal(await (await early).text(), "old");
      let failures = 0;
      const load = Array.from({ length: 200 }, async (_none, at) => {
        if (at % 20 === 0) server.reload({ fetch: text(`version ${at}`) });
        const response = await get("/slow");
        if (!/^(?:new|version \d+)$/.test(await response.text())) failures++;
      });
      await Promise.all(load);
      equal(failures, 0);
    });
  });

  test("http: a client that does not read slows the source of its answer", async ({ runtime }) => {
    let pulled = 0;
    const piece = new Uint8Array(65_536);
    const stream = () =>
      new ReadableStream<Uint8Array<ArrayBuffer>>({
        pull(controller) {
          pulled++;
          controller.enqueue(piece);
          if (pulled >= 2_000) controller.close();
        },
      });
    await withSite(runtime, { fetch: () => new Response(stream()) }, async ({ server }) => {
      const client = await rawClient(server.port);
      client.pause();
      client.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
      await until("it has begun", () => pulled > 0);
      const stuckAt = await settled(() => pulled);
      ok(stuckAt < 500, `${stuckAt} pieces were made for nobody`);
      let bytes = 0;
      client.on("data", (data) => void (bytes += data.length));
      const ended = new Promise((resolve) => void client.once("close", resolve));
      client.resume();
      await ended;
      ok(bytes > 2_000 * piece.length);
    });
  });

  test("http: stopping lets what has begun end, takes nothing new, and cuts what takes too long", async ({
    runtime,
  }) => {
    const [begun, go] = [deferred(), deferred()];
    const handler = async () => {
      begun.resolve();
      await go.promise;
      return new Response("done");
    };
    const open = () => runtime.http.serve({ fetch: handler, onError: () => undefined });
    const patient = await open();
    const early = runtime.http.fetch(patient.url);
    await begun.promise;
    const stopped = patient.stop();
    await until(
      "nothing new",
      async () => (await codeOf(() => runtime.http.fetch(patient.url, { timeoutMs: 2_000 }))) === "connection_failed",
    );
    go.resolve();
    equal(await (await early).text(), "done");
    await stopped;

    const arrived = deferred();
    const hasty = await runtime.http.serve({
      fetch: () => {
        arrived.resolve();
        return new Promise<Response>(() => undefined);
      },
      onError: () => undefined,
    });
    const hanging = runtime.http.fetch(hasty.url);
    const cut = rejects(hanging.then((response) => response.text()));
    await arrived.promise;
    await hasty.stop({ graceMs: 50 });
    await cut;
  });

  test("http: fetch has a time limit, and says when nobody is there", async ({ runtime }) => {
    const never = () => new Promise<Response>(() => undefined);
    await withSite(runtime, { fetch: never }, async ({ server }) => {
      equal(await codeOf(() => runtime.http.fetch(server.url, { timeoutMs: 100 })), "timed_out");
      const own = new AbortController();
      const aborted = runtime.http.fetch(server.url, { signal: own.signal, timeoutMs: 60_000 });
      const refused = rejects(aborted, { name: "AbortError" });
      own.abort();
      await refused;
    });
    const closed = await runtime.http.serve({ fetch: text(""), onError: () => undefined });
    await closed.stop();
    equal(await codeOf(() => runtime.http.fetch(closed.url)), "connection_failed");
    equal(
      await codeOf(async () => {
        const first = await runtime.http.serve({ fetch: text(""), onError: () => undefined });
        try {
          await runtime.http.serve({ port: first.port, fetch: text(""), onError: () => undefined });
        } finally {
          await first.stop();
        }
      }),
      "already_in_use",
    );
  });
}
