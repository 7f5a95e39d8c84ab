// Webhooks of flows in the applications of others: each framework itself, installed here into a folder of its own, listens, and a
// request to it becomes a run. Where they cannot be installed, the test says how they would be.
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCronflow } from "sluice/cronflow";
import type { Cronflow } from "sluice/cronflow";
import { PeerFolder } from "../bench/peer-folder.ts";

const manifest = {
  private: true,
  dependencies: {
    "@hapi/hapi": "21.4.10",
    "@nestjs/common": "12.5.1",
    "@nestjs/core": "12.5.1",
    "@nestjs/platform-express": "12.5.1",
    express: "5.3.0",
    fastify: "5.12.8",
    koa: "3.3.0",
    next: "16.4.6",
    react: "19.3.1",
    "react-dom": "19.3.1",
    "reflect-metadata": "0.2.2",
    rxjs: "7.8.2",
  },
};
const folder = join(import.meta.dir, "../node_modules/.cache/cronflow-frameworks");
const frameworks = new PeerFolder({ folder, manifest });
const installMs = 300_000;
// Its sites are not to tell anybody of this test.
process.env["NEXT_TELEMETRY_DISABLED"] = "1";
const nextMs = 120_000;

let refusal: string | undefined;
let data: string;
let cronflow: Cronflow;

// What each package exports is its own; only what is called of it is named here.
type Entry = Readonly<Record<string, unknown>>;
type Callable = (...args: unknown[]) => unknown;
const load = async (name: string): Promise<Entry> => (await import(frameworks.entry(name))) as Entry;
const made = (entry: Entry): Callable => (entry["default"] ?? entry) as Callable;

beforeAll(() => {
  try {
    frameworks.install(() => undefined);
  } catch (error) {
    const names = Object.entries(manifest.dependencies).map(([name, version]) => `${name}@${version}`);
    refusal = `${String(error)}\nnpm install --prefix ${folder} ${names.join(" ")}`;
  }
  data = mkdtempSync(join(tmpdir(), "sluice-frameworks-"));
  cronflow = createCronflow({});
}, installMs);
afterAll(async () => {
  await cronflow.stop();
  rmSync(data, { recursive: true, force: true });
});

/** False, and told why, where the frameworks are not there. */
function installed(): boolean {
  if (refusal !== undefined) console.warn(`skipped: the frameworks could not be installed: ${refusal}`);
  return refusal === undefined;
}

async function listening(listener: RequestListener): Promise<Listening> {
  const server: Server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, close: () => new Promise((resolve) => void server.close(resolve)) };
}
interface Listening {
  readonly url: string;
  close(): Promise<unknown>;
}

let defined = 0;
/** A workflow whose webhook the given options take somewhere. */
function define(path: string, options: object): void {
  cronflow
    .define({ id: `framework-${++defined}` })
    .onWebhook(path, { headers: { required: { "x-kind": "order" } }, ...options })
    .step("see", (c) => ({ payload: c.payload, signed: c.trigger.headers["x-signature"], path: c.trigger.path }));
}

const patienceMs = 20_000;
async function outputOf(run: string): Promise<unknown> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const { status, output } = await cronflow.inspect(run);
    if (status === "completed") return output;
    if (Date.now() > deadline || status === "failed") throw new Error(`run ${run} is ${status}`);
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
}

/** A request that is accepted, and one that is not, as the framework's own server answers them. */
async function expectWebhook(url: string): Promise<void> {
  await cronflow.start({ data, webhookServer: false });
  const post = (headers: Record<string, string>): Promise<Response> =>
    fetch(`${url}/hooks/order?x=1`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ total: 7 }),
    });
  const accepted = await post({ "x-kind": "order", "x-signature": "abc" });
  const body = (await accepted.json()) as { run_id: string; workflow_triggered: boolean };
  expect({ status: accepted.status, triggered: body.workflow_triggered }).toEqual({ status: 200, triggered: true });
  expect(await outputOf(body.run_id)).toEqual({ payload: { total: 7 }, signed: "abc", path: "/hooks/order" });
  const refused = await post({});
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ error: "Missing required header: x-kind" });
  await cronflow.stop();
}

describe("a webhook in an application of", () => {
  test.each([
    ["appInstance", false],
    ["registerRoute", true],
  ])("Express, by %s", async (_by, byRoute) => {
    if (!installed()) return;
    const express = made(await load("express")) as Callable & { json(): unknown };
    const app = express() as Record<string, Callable> & RequestListener;
    app["use"]?.(express.json());
    const path = "/hooks/order";
    if (byRoute) {
      define(path, {
        registerRoute: (method: string, at: string, handler: Callable) => app[method.toLowerCase()]?.(at, handler),
      });
    } else define(path, { app: "express", appInstance: app });
    const server = await listening(app);
    await expectWebhook(server.url);
    await server.close();
  });

  test("Express without a parser of bodies", async () => {
    if (!installed()) return;
    const app = made(await load("express"))() as RequestListener;
    define("/hooks/order", { app: "express", appInstance: app });
    const server = await listening(app);
    await expectWebhook(server.url);
    await server.close();
  });

  test.each([
    ["appInstance", false],
    ["registerRoute", true],
  ])("Fastify, by %s", async (_by, byRoute) => {
    if (!installed()) return;
    const app = made(await load("fastify"))() as Record<string, Callable>;
    if (byRoute) {
      define("/hooks/order", {
        registerRoute: (method: string, url: string, handler: Callable) => app["route"]?.({ method, url, handler }),
      });
    } else define("/hooks/order", { app: "fastify", appInstance: app });
    const url = (await app["listen"]?.({ port: 0, host: "127.0.0.1" })) as string;
    await expectWebhook(url);
    await app["close"]?.();
  });

  test("Koa", async () => {
    if (!installed()) return;
    const Koa = made(await load("koa")) as unknown as new () => Record<string, Callable>;
    const app = new Koa();
    define("/hooks/order", { app: "koa", appInstance: app });
    app["use"]?.((ctx: Record<string, unknown>) => {
      ctx["body"] = "the rest";
    });
    const server = await listening(app["callback"]?.() as RequestListener);
    expect(await (await fetch(`${server.url}/other`)).text()).toBe("the rest");
    await expectWebhook(server.url);
    await server.close();
  });

  test("Hapi", async () => {
    if (!installed()) return;
    const hapi = await load("@hapi/hapi");
    const server = (hapi["server"] as Callable)({ port: 0, host: "127.0.0.1" }) as Record<string, Callable> & {
      info: { uri: string };
    };
    define("/hooks/order", { app: "hapi", appInstance: server });
    await server["start"]?.();
    await expectWebhook(server.info.uri);
    await server["stop"]?.();
  });

  test("NestJS", async () => {
    if (!installed()) return;
    await load("reflect-metadata");
    const { NestFactory } = (await load("@nestjs/core")) as { NestFactory: { create: Callable } };
    const { Module } = (await load("@nestjs/common")) as { Module: Callable };
    // oxlint-disable-next-line typescript/no-extraneous-class -- a module of NestJS is a class
    class AppModule {}
    (Module({}) as Callable)(AppModule);
    const app = (await NestFactory.create(AppModule, { logger: false })) as Record<string, Callable>;
    define("/hooks/order", { app: "nestjs", appInstance: app });
    await app["listen"]?.(0, "127.0.0.1");
    await expectWebhook((await app["getUrl"]?.()) as string);
    await app["close"]?.();
  });

  test("Bun: the routes of its server", async () => {
    const routes: Record<string, never> = {};
    define("/hooks/order", { app: "bun", appInstance: routes });
    const server = Bun.serve({ port: 0, routes, fetch: () => new Response("the rest") });
    await expectWebhook(server.url.href.replace(/\/$/, ""));
    await server.stop(true);
  });

  test("Bun without an application: the server of webhooks", async () => {
    define("/hooks/own", { app: "bun", appInstance: null });
    await cronflow.start({ data, webhookServer: { port: 0 } });
    const url = cronflow.getCoreStatus().webhookUrl ?? "";
    const answer = await fetch(`${url}/hooks/own`, { method: "POST", headers: { "x-kind": "order" }, body: "{}" });
    expect(answer.status).toBe(200);
    await cronflow.stop();
  });

  test("plain Node and anything that passes a web request, by registerRoute", async () => {
    const routes: Callable[] = [];
    define("/hooks/order", {
      registerRoute: (_method: string, _path: string, handler: Callable) => void routes.push(handler),
    });
    const [handler] = routes;
    if (handler === undefined) throw new Error("no route was registered");
    const node = await listening((request, response) => void handler(request, response));
    await expectWebhook(node.url);
    await node.close();
    const web = Bun.serve({ port: 0, fetch: (request) => handler(request) as Promise<Response> });
    await expectWebhook(web.url.href.replace(/\/$/, ""));
    await web.stop(true);
  });

  test("Next.js: a route's module exports the handler", async () => {
    const route: Record<string, Callable> = {};
    define("/hooks/order", { app: "nextjs", appInstance: route });
    const server = Bun.serve({ port: 0, fetch: (request) => route["POST"]?.(request) as Promise<Response> });
    await expectWebhook(server.url.href.replace(/\/$/, ""));
    await server.stop(true);
  });

  test(
    "Next.js behind a server of the program's own",
    async () => {
      if (!installed()) return;
      const site = join(folder, "site");
      mkdirSync(join(site, "pages"), { recursive: true });
      writeFileSync(join(site, "package.json"), '{ "private": true }');
      writeFileSync(
        join(site, "pages/index.js"),
        "export default function Home() { return 'the page of the site'; }\n",
      );
      const next = made(await load("next"));
      const app = next({ dev: true, dir: site, quiet: true }) as Record<string, Callable>;
      define("/hooks/order", { app: "nextjs", appInstance: app });
      await app["prepare"]?.();
      const server = await listening(app["getRequestHandler"]?.() as RequestListener);
      await expectWebhook(server.url);
      expect(await (await fetch(server.url)).text()).toContain("the page of the site");
      await server.close();
      await app["close"]?.();
    },
    nextMs,
  );
});
