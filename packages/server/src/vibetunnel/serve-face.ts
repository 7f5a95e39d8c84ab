// The face as one listener: names and pages that may call are checked first, then who is asking, and then the routes.
import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { systemClock, unwrap } from "@sluice/core";
import type { Clock, Logger } from "@sluice/core";
import { Hono } from "hono";
import { HostList, OriginList } from "../auth.ts";
import { socketHandler } from "../sockets.ts";
import type { SocketSession } from "../sockets.ts";
import { answer, problem } from "./answers.ts";
import { addAuthRoutes } from "./auth-routes.ts";
import { clientFile } from "./client-files.ts";
import { Door } from "./door.ts";
import { FaceEvents } from "./events.ts";
import type { Face, FaceEnv } from "./face.ts";
import { addFileRoutes } from "./file-routes.ts";
import { FaceFiles, uploadBytesMax } from "./files.ts";
import { addGitRoutes } from "./git-routes.ts";
import { registerAt } from "./hq-client.ts";
import { FaceLog } from "./log.ts";
import { addMultiplexerRoutes } from "./multiplexer-routes.ts";
import { NativeApi } from "./native.ts";
import type { Caller, NativeServer } from "./native.ts";
import { checkOptions } from "./options.ts";
import type { FaceOptions } from "./options.ts";
import { addOwnRoutes } from "./own-routes.ts";
import { Remotes } from "./remotes.ts";
import { Screens } from "./screens.ts";
import { SessionBook } from "./session-book.ts";
import { addSessionRoutes } from "./session-routes.ts";
import { BuffersSocket, GoSocket, InputSocket } from "./sockets.ts";
import { V3Socket } from "./v3-socket.ts";
import { addWorktreeRoutes } from "./worktree-routes.ts";

export interface ServeFaceRequest {
  readonly server: NativeServer;
  /** The bearer of whoever runs the face, for the server behind it; undefined: none is asked for. */
  readonly operator: () => Promise<string | undefined>;
  readonly options: FaceOptions;
  /** Folders that nobody sees, such as the server's data. */
  readonly hidden: readonly string[];
  readonly version: string;
  readonly log: Logger;
  readonly clock?: Clock;
}

export interface ServedFace {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

const jsonBytesMax = 1024 * 1024;
const formBytesMax = uploadBytesMax + 1024 * 1024;
const messageBytesMax = 1024 * 1024;
const idleSeconds = 120;
/** Whoever asks need not have signed in. Reading and clearing the log is not among them. */
const isOpen = /^\/(?:health|api\/health|api\/auth\/[^/]+(?:\/[^/]+)?|api\/sessions\/tailscale\/status)$/;

/** Rejects with `invalid_config` for options that would let strangers in, and with what the system says of the address. */
export async function serveFace(request: ServeFaceRequest): Promise<ServedFace> {
  const served = new FaceServer(request);
  return served.listen();
}

class FaceServer {
  readonly #face: Face;
  readonly #door: Door;
  readonly #app = new Hono<FaceEnv>();
  readonly #hosts: HostList;
  readonly #origins: OriginList;
  #leaveHq: () => Promise<void> = () => Promise.resolve();

  constructor({ server, operator, options: given, hidden, version, log, clock = systemClock }: ServeFaceRequest) {
    const options = unwrap(checkOptions(given));
    const native = new NativeApi(server);
    this.#hosts = new HostList([options.host, ...options.allowedHosts]);
    this.#origins = new OriginList(options.allowedOrigins);
    this.#door = new Door({ native, options, clock, operator });
    this.#face = {
      native,
      screens: new Screens({ native, clock }),
      sessions: new SessionBook({ native, now: () => clock.now() }),
      files: new FaceFiles({ roots: options.roots, hidden, folder: options.folder }),
      events: new FaceEvents({ native, clock }),
      log: new FaceLog(() => clock.now()),
      remotes: options.hq ? new Remotes(clock) : undefined,
      options,
      clock,
      tell: log,
      version,
      startedAt: clock.now(),
    };
    this.#addRoutes();
  }

  async listen(): Promise<ServedFace> {
    const { host, port } = this.#face.options;
    const limits = {
      socketMessageBytesMax: messageBytesMax,
      socketWaitingBytesMax: 16 * 1024 * 1024,
      idleTimeoutSeconds: idleSeconds,
    };
    const listener: Bun.Server<SocketSession> = Bun.serve({
      hostname: host,
      port,
      idleTimeout: idleSeconds,
      maxRequestBodySize: formBytesMax,
      fetch: async (request, connections) => this.#answer(request, connections),
      websocket: socketHandler(limits),
    });
    const shown = host.includes(":") && !host.startsWith("[") ? `[${host}]` : host;
    const url = `http://${shown}:${listener.port}`;
    this.#face.log.write("info", "server", `listening on ${url}`);
    const { register } = this.#face.options;
    if (register !== undefined)
      this.#leaveHq = await registerAt(register, {
        id: randomUUID(),
        url: url.replace(/0\.0\.0\.0|\[::\]/, hostname()),
        token: this.#door.hqToken,
        log: this.#face.tell,
      });
    return {
      port: listener.port ?? port,
      url,
      stop: async () => {
        await this.#leaveHq();
        this.#face.events.close();
        this.#face.screens.close();
        await listener.stop(true);
      },
    };
  }

  #addRoutes(): void {
    const face = this.#face;
    this.#app.onError((error) => {
      if (error instanceof SyntaxError) return problem(400, "Invalid JSON");
      face.tell("error", "a request to the face of terminals failed", { error: error.stack ?? error.message });
      return problem(500, "Internal server error");
    });
    this.#app.notFound((call) => {
      const { pathname } = new URL(call.req.url);
      if (pathname.startsWith("/api/")) return problem(404, "API endpoint not found");
      const headers = { "content-type": "text/html; charset=utf-8", "x-content-type-options": "nosniff" };
      return new Response("404 - Page not found", { status: 404, headers });
    });
    this.#app.use(async (call, next) => {
      // Routes that are open to all do not ask for it.
      if (call.env.caller !== undefined) call.set("caller", call.env.caller);
      return next();
    });
    addAuthRoutes(this.#app, face, this.#door);
    addOwnRoutes(this.#app, face);
    addSessionRoutes(this.#app, face);
    addFileRoutes(this.#app, face);
    addGitRoutes(this.#app, face);
    addWorktreeRoutes(this.#app, face);
    addMultiplexerRoutes(this.#app, face);
  }

  async #answer(request: Request, server: Bun.Server<SocketSession>): Promise<Response | undefined> {
    const url = new URL(request.url);
    const address = server.requestIP(request)?.address;
    const refusal = this.#refusalOf(request, url);
    if (refusal !== undefined) return refusal;
    const isApi = url.pathname.startsWith("/api/");
    const isSocket = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    if (isApi && isOpen.test(url.pathname)) return this.#route(request, address, undefined);
    if (url.pathname === "/health") return this.#route(request, address, undefined);
    if (!isApi && !isSocket) return this.#page(request, url.pathname, address);
    const caller = await this.#door.admit(request, address);
    if (caller === undefined) {
      const refused = problem(401, "Authentication required");
      refused.headers.set("www-authenticate", 'Bearer realm="VibeTunnel"');
      return refused;
    }
    if (isSocket) return this.#upgrade(request, server, { url, caller });
    // Streams are open for as long as they are read.
    if (/\/(?:stream|events)$/.test(url.pathname)) server.timeout(request, 0);
    const remote = this.#face.remotes?.of(/^\/api\/sessions\/([^/]+)/.exec(url.pathname)?.[1] ?? "");
    if (remote !== undefined) {
      const query = new URLSearchParams(url.search);
      query.delete("token");
      return this.#face.remotes?.forward(
        remote,
        request,
        `${url.pathname}${query.size === 0 ? "" : `?${query.toString()}`}`,
      );
    }
    return this.#route(request, address, caller);
  }

  /** Other names are a page whose name was pointed here; other pages have no business here. */
  #refusalOf(request: Request, url: URL): Response | undefined {
    const authority = request.headers.get("host") ?? url.host;
    if (!this.#hosts.allows(authority)) return problem(403, "Host not allowed");
    const origin = request.headers.get("origin");
    const checked = this.#origins.check({ authority, origin, site: request.headers.get("sec-fetch-site") });
    const isPage = request.method === "GET" && request.headers.get("sec-fetch-mode") === "navigate";
    if (!checked.ok && !(isPage && !url.pathname.startsWith("/api/"))) return problem(403, "Origin not allowed");
    const bytes = Number(request.headers.get("content-length") ?? 0);
    const isUpload = url.pathname === "/api/files/upload";
    return bytes > (isUpload ? formBytesMax : jsonBytesMax) ? problem(413, "Request body too large") : undefined;
  }

  async #route(request: Request, address: string | undefined, caller: Caller | undefined): Promise<Response> {
    const app = this.#app;
    const env: FaceEnv["Bindings"] = { address, caller };
    return app.fetch(request, env);
  }

  async #page(request: Request, path: string, address: string | undefined): Promise<Response> {
    const { client } = this.#face.options;
    const file = client === undefined || request.method !== "GET" ? undefined : await clientFile(client, path);
    if (file !== undefined) return file;
    if (path === "/" && client === undefined)
      return answer({
        name: "Sluice terminals",
        api: "/api",
        client: "start with --static-path to serve a web client",
      });
    return this.#route(request, address, undefined);
  }

  #upgrade(
    request: Request,
    server: Bun.Server<SocketSession>,
    { url, caller }: { readonly url: URL; readonly caller: Caller },
  ): Response | undefined {
    const data = this.#sessionOf(url, caller);
    if (data instanceof Response) return data;
    request.headers.delete("sec-websocket-extensions");
    return server.upgrade(request, { data }) ? undefined : problem(400, "Expected a WebSocket");
  }

  #sessionOf({ pathname, searchParams }: URL, by: Caller): SocketSession | Response {
    const face = this.#face;
    const id = searchParams.get("sessionId");
    if (pathname === "/buffers") return new BuffersSocket(face, by);
    if (pathname === "/ws" && id === null) return new V3Socket(face, by);
    if (pathname === "/ws" && id !== null) return new GoSocket({ face, by, id });
    if (pathname !== "/ws/input") return problem(404, "WebSocket endpoint not found");
    return id === null ? problem(400, "Missing sessionId parameter") : new InputSocket({ face, by, id });
  }
}
