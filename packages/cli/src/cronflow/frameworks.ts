// Webhooks in the applications of others: how each framework takes a route, and one handler that understands the arguments of
// all of them.
import { SluiceError } from "@sluice/protocol";
import type { FlowWebhookOptions, Loose } from "@sluice/sdk";
import type { WebhookAnswer } from "./webhook-handling.ts";
import type { RawRequest } from "./webhook-request.ts";
import { rawOf } from "./webhook-server.ts";

export type AnswerRequest = (request: RawRequest) => Promise<WebhookAnswer>;
type Handler = (...args: Loose[]) => Promise<Loose>;
type Fields = Readonly<Record<string, unknown>>;
type Callable = (...args: unknown[]) => unknown;

export interface WebhookRoute {
  readonly method: string;
  readonly path: string;
  readonly options: FlowWebhookOptions;
}

/** Gives the application of the options the route. Throws `invalid_workflow` for one that takes none. */
export function registerWebhook({ method, path, options }: WebhookRoute, answer: AnswerRequest): void {
  const handler = universalHandler(answer);
  if (options.registerRoute !== undefined) {
    options.registerRoute(method, path, handler);
    return;
  }
  const application: unknown = options.appInstance;
  if (application === undefined || application === null) return;
  const framework = options.app ?? "express";
  registrars[framework](application as Fields, { method, path, handler, answer });
}

interface Registration {
  readonly method: string;
  readonly path: string;
  readonly handler: Handler;
  readonly answer: AnswerRequest;
}

type Registrar = (application: Fields, registration: Registration) => void;

const registrars: Readonly<Record<NonNullable<FlowWebhookOptions["app"]>, Registrar>> = {
  express: (app, { method, path, handler }) => void call(app, method.toLowerCase(), [path, handler]),
  fastify: (app, { method, path, handler }) => void call(app, "route", [{ method, url: path, handler }]),
  koa: (app, registration) => void call(app, "use", [koaMiddleware(registration)]),
  hapi: (app, { method, path, handler }) =>
    void call(app, "route", [{ method, path: path.replaceAll(/:(\w+)/g, "{$1}"), handler }]),
  nestjs: (app, { method, path, handler }) => {
    const adapter = call(app, "getHttpAdapter", []) as Fields;
    call(adapter, method.toLowerCase(), [path, handler]);
  },
  bun: registerBun,
  nextjs: registerNext,
};

/** Calls a method of a framework's object, which must be there. */
function call(target: Fields, name: string, args: readonly unknown[]): unknown {
  const method = target[name];
  if (typeof method === "function") return (method as Callable).apply(target, [...args]);
  throw new SluiceError({
    code: "invalid_workflow",
    message: `The application of a webhook has no ${name}().`,
    hint: "Name its framework in `app`, or pass registerRoute(method, path, handler).",
  });
}

/** Koa has no routes: a middleware takes the requests that are for the path. */
function koaMiddleware({ method, path, handler }: Registration): Handler {
  return async (ctx: Fields, next: () => Promise<unknown>): Promise<unknown> => {
    if (ctx["method"] !== method || ctx["path"] !== path) return next();
    return handler(ctx, next) as Promise<unknown>;
  };
}

/** The object of routes that is given to `Bun.serve`. */
function registerBun(routes: Fields, { method, path, handler }: Registration): void {
  const target = routes as Record<string, unknown>;
  const known = target[path];
  target[path] = { ...(typeof known === "object" ? known : {}), [method]: handler };
}

/**
 * Next.js: of a custom server, whose request handler lets the webhook's requests go to us; or of a route's module, which exports
 * what it is given under the method's name, and `handler` for `pages/api`.
 */
function registerNext(app: Fields, { method, path, handler }: Registration): void {
  const target = app as Record<string, unknown>;
  const make = target["getRequestHandler"];
  if (typeof make !== "function") {
    target[method] = handler;
    target["handler"] = handler;
    return;
  }
  target["getRequestHandler"] = (...args: unknown[]) => {
    const others = (make as Callable).apply(app, args) as Callable;
    return (request: Fields, ...rest: unknown[]) => {
      const { pathname } = new URL(String(request["url"]), "http://localhost");
      return request["method"] === method && pathname === path ? handler(request, ...rest) : others(request, ...rest);
    };
  };
}

/** A handler for whatever a framework passes: Express, Fastify, Koa, Hapi, Next.js, plain Node, or a web request. */
function universalHandler(answer: AnswerRequest): Handler {
  return async (first: unknown, second: unknown) => {
    if (first instanceof Request) return webAnswer(answer, first);
    const request = first as Fields;
    const reply = second as Fields | undefined;
    if (isKoa(request)) return koaAnswer(answer, request);
    const given = await answer(await requestOf(request));
    return give(reply ?? {}, given);
  };
}

async function webAnswer(answer: AnswerRequest, request: Request): Promise<Response> {
  const { status, body } = await answer(await rawOf(request));
  return Response.json(body, { status });
}

function isKoa(first: Fields): boolean {
  return "req" in first && "res" in first && "request" in first && "response" in first && "throw" in first;
}

async function koaAnswer(answer: AnswerRequest, ctx: Fields): Promise<void> {
  const inner = ctx["request"] as Fields;
  const { status, body } = await answer(
    await requestOf({ ...fieldsOf(ctx["req"]), body: inner["body"], stream: ctx["req"] }),
  );
  const target = ctx as Record<string, unknown>;
  target["status"] = status;
  target["body"] = body;
}

/** Answers through the object that the framework passed beside the request. */
function give(reply: Fields, { status, body }: WebhookAnswer): unknown {
  // Fastify
  if (typeof reply["code"] === "function" && typeof reply["send"] === "function")
    return call(call(reply, "code", [status]) as Fields, "send", [body]);
  // Hapi
  if (typeof reply["response"] === "function") return call(call(reply, "response", [body]) as Fields, "code", [status]);
  // Express, Next.js
  if (typeof reply["status"] === "function" && typeof reply["json"] === "function")
    return call(call(reply, "status", [status]) as Fields, "json", [body]);
  // Node
  if (typeof reply["writeHead"] === "function") {
    call(reply, "writeHead", [status, { "content-type": "application/json" }]);
    return call(reply, "end", [JSON.stringify(body)]);
  }
  return { status, body };
}

/** Takes a request of a framework or of Node apart; reads its body where nobody has. */
async function requestOf(request: Fields): Promise<RawRequest> {
  // Fastify and Hapi keep Node's own request inside.
  const inner = fieldsOf(request["raw"]);
  const node = "req" in inner ? fieldsOf(inner["req"]) : inner;
  const url = request["originalUrl"] ?? request["url"] ?? node["url"];
  const method = request["method"] ?? node["method"];
  const body = request["body"] ?? request["payload"];
  const rawBody = request["rawBody"];
  const raw =
    rawBody instanceof Uint8Array
      ? rawBody
      : body === undefined
        ? await bytesOf(request["stream"] ?? request)
        : undefined;
  return {
    method: String(method).toUpperCase(),
    url: url instanceof URL ? url.pathname + url.search : String(url),
    headers: (request["headers"] ?? node["headers"] ?? {}) as RawRequest["headers"],
    params: (request["params"] ?? {}) as Record<string, string>,
    raw,
    ...(body === undefined ? {} : { body: plain(body) }),
  };
}

/** Properties of an object, those it inherits included. */
function fieldsOf(value: unknown): Fields {
  if (typeof value !== "object" || value === null) return {};
  const { method, url, headers, req } = value as Fields;
  return { ...(req === undefined ? {} : { req }), method, url, headers };
}

/** Bodies that frameworks parse may have no prototype. */
function plain(body: unknown): unknown {
  return typeof body === "object" && body !== null && Object.getPrototypeOf(body) === null ? { ...body } : body;
}

async function bytesOf(stream: unknown): Promise<Uint8Array | undefined> {
  if (typeof stream !== "object" || stream === null || !(Symbol.asyncIterator in stream)) return undefined;
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream as AsyncIterable<Uint8Array | string>)
    chunks.push(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
  return Buffer.concat(chunks);
}
