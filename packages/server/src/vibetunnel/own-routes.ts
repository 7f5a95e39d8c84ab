// What the face says of itself: its health, configuration, log, events, and which others have registered.
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Hono } from "hono";
import { answer, eventStream, problem } from "./answers.ts";
import type { StreamSender } from "./answers.ts";
import { bodyOf, textIn } from "./face.ts";
import type { Face, FaceCall, FaceEnv } from "./face.ts";
import { humanSize } from "./file-routes.ts";
import { shownRemote } from "./remotes.ts";

const heartbeatMs = 30_000;
const logArgumentsMax = 64;

export function addOwnRoutes(app: Hono<FaceEnv>, face: Face): void {
  app.get("/api/health", () => answer(healthOf(face)));
  app.get("/health", () => answer(healthOf(face)));
  addConfig(app, face);
  addLogs(app, face);
  addEvents(app, face);
  addPush(app);
  addRemotes(app, face);
}

function healthOf({ clock, options, startedAt, version }: Face): object {
  const now = clock.now();
  return {
    status: "ok",
    timestamp: new Date(now).toISOString(),
    mode: options.hq ? "hq" : "remote",
    version,
    buildDate: new Date(startedAt).toISOString(),
    uptime: (now - startedAt) / 1_000,
    pid: process.pid,
  };
}

const notificationNames = [
  "enabled",
  "sessionStart",
  "sessionExit",
  "commandCompletion",
  "commandError",
  "bell",
  "claudeTurn",
  "soundEnabled",
  "vibrationEnabled",
] as const;

interface FaceConfig {
  repositoryBasePath: string;
  quickStartCommands: readonly { readonly name?: string; readonly command: string }[];
  notificationPreferences: Readonly<Record<string, boolean>>;
}

function addConfig(app: Hono<FaceEnv>, face: Face): void {
  const file = join(face.files.folder, "config.json");
  const config = configIn(file);
  app.get("/api/config", () => answer({ ...config, serverConfigured: true }));
  app.put("/api/config", async (call) => {
    const body = await bodyOf(call);
    const updates: Partial<FaceConfig> = {};
    const { quickStartCommands, notificationPreferences } = body;
    if (Array.isArray(quickStartCommands))
      updates.quickStartCommands = quickStartCommands.flatMap(commandIn).slice(0, 100);
    const base = textIn(body, "repositoryBasePath");
    if (base !== undefined) updates.repositoryBasePath = base;
    if (typeof notificationPreferences === "object" && notificationPreferences !== null)
      updates.notificationPreferences = preferencesIn(notificationPreferences as Record<string, unknown>);
    if (Object.keys(updates).length === 0) return problem(400, "No valid updates provided");
    const { notificationPreferences: preferences, ...others } = updates;
    Object.assign(config, others);
    config.notificationPreferences = { ...config.notificationPreferences, ...preferences };
    mkdirSync(face.files.folder, { recursive: true, mode: 0o700 });
    writeFileSync(`${file}.part`, JSON.stringify(config), { mode: 0o600 });
    renameSync(`${file}.part`, file);
    return answer({ success: true, ...updates });
  });
}

function configIn(file: string): FaceConfig {
  const config: FaceConfig = {
    repositoryBasePath: "~/",
    quickStartCommands: [{ name: "shell", command: "bash" }, { command: "python3" }, { command: "node" }],
    notificationPreferences: Object.fromEntries(
      notificationNames.map((name) => [name, name === "sessionExit" || name === "bell"]),
    ),
  };
  if (existsSync(file)) Object.assign(config, JSON.parse(readFileSync(file, "utf8")));
  return config;
}

function commandIn(value: unknown): readonly { readonly name?: string; readonly command: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const { name, command } = value as { readonly name?: unknown; readonly command?: unknown };
  if (typeof command !== "string" || command.trim() === "") return [];
  return [{ ...(typeof name === "string" ? { name } : {}), command: command.trim() }];
}

function preferencesIn(given: Readonly<Record<string, unknown>>): Readonly<Record<string, boolean>> {
  const known = notificationNames.filter((name) => typeof given[name] === "boolean");
  return Object.fromEntries(known.map((name) => [name, given[name] === true]));
}

function addLogs(app: Hono<FaceEnv>, face: Face): void {
  app.post("/api/logs/client", async (call) => {
    const body = await bodyOf(call);
    const [level, module] = [textIn(body, "level"), textIn(body, "module")];
    const { args } = body;
    if (level === undefined || module === undefined || !Array.isArray(args))
      return problem(400, "Invalid log request. Required: level, module, args[]");
    const said = args.slice(0, logArgumentsMax).map((part) => (typeof part === "string" ? part : JSON.stringify(part)));
    face.log.write(level, `CLIENT:${module}`, said.join(" "));
    return new Response(null, { status: 204 });
  });
  app.get("/api/logs/raw", () => {
    const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
    return new Response(face.log.text, { headers });
  });
  app.get("/api/logs/info", () => {
    const size = Buffer.byteLength(face.log.text);
    const lastModified = new Date(face.log.changedAt).toISOString();
    return answer({ exists: true, size, sizeHuman: humanSize(size), lastModified, path: "memory" });
  });
  app.delete("/api/logs/clear", () => {
    face.log.clear();
    return new Response(null, { status: 204 });
  });
  app.post("/api/logs/flush", () => new Response(null, { status: 204 }));
}

function addEvents(app: Hono<FaceEnv>, face: Face): void {
  app.get("/api/events", (call) => events(face, call));
  app.get("/api/control/stream", () =>
    eventStream((sender) => {
      sender.send(":ok\n\n");
      return beat(face, sender);
    }),
  );
  app.post("/api/test-notification", () => {
    const event = {
      type: "test-notification" as const,
      sessionId: "test-session",
      sessionName: "Test Notification",
      timestamp: new Date(face.clock.now()).toISOString(),
      message: "This is a test notification from the server",
      title: `Test of version ${face.version}`,
      body: "Events of this server reach this page.",
    };
    face.events.tell(event);
    const pushResult = { success: true, sent: 0, failed: 0, errors: [] };
    return answer({ success: true, message: "Test notification sent through SSE", event, pushResult });
  });
}

function events(face: Face, call: FaceCall): Response {
  return eventStream((sender) => {
    let id = 0;
    sender.send('event: connected\ndata: {"type": "connected"}\n\n');
    const stop = face.events.listen(call.var.caller, (event) => {
      sender.send(`id: ${++id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    });
    const stopBeating = beat(face, sender);
    return () => {
      stop();
      stopBeating();
    };
  });
}

/** Keeps a connection open. Answers how to stop. */
function beat({ clock }: Face, sender: StreamSender): () => void {
  let stop: () => void = () => undefined;
  const next = (): void => {
    stop = clock.after(heartbeatMs, () => {
      sender.send(":heartbeat\n\n");
      next();
    });
  };
  next();
  return () => stop();
}

/** As the published server answers with `--push-disabled`. */
function addPush(app: Hono<FaceEnv>): void {
  const off = (): Response =>
    problem(503, "Push notifications not initialized", { message: "Push notification service is not available" });
  app.get("/api/push/vapid-public-key", () =>
    problem(503, "Push notifications disabled", { message: "VAPID is not configured" }),
  );
  for (const name of ["subscribe", "unsubscribe", "test"]) app.post(`/api/push/${name}`, off);
  app.get("/api/push/status", () =>
    answer({
      enabled: false,
      configured: false,
      hasVapidKeys: false,
      totalSubscriptions: 0,
      activeSubscriptions: 0,
      errors: ["Push notification service not initialized or VAPID not configured"],
    }),
  );
}

function addRemotes(app: Hono<FaceEnv>, { remotes }: Face): void {
  const none = (): Response => problem(404, "Not running in HQ mode");
  app.get("/api/remotes", () => (remotes === undefined ? none() : answer(remotes.list().map(shownRemote))));
  app.post("/api/remotes/register", async (call) => {
    if (remotes === undefined) return none();
    const body = await bodyOf(call);
    const [id, name, url, token] = ["id", "name", "url", "token"].map((key) => textIn(body, key));
    if (id === undefined || name === undefined || url === undefined || token === undefined)
      return problem(400, "Missing required fields: id, name, url, token");
    if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : "")) return problem(400, "Invalid url");
    const remote = remotes.register({ id, name, url, token });
    return remote === undefined
      ? problem(409, `Remote '${name}' is already registered`)
      : answer({ success: true, remote: shownRemote(remote) });
  });
  app.delete("/api/remotes/:id", (call) => {
    if (remotes === undefined) return none();
    return remotes.remove(call.req.param("id")) ? answer({ success: true }) : problem(404, "Remote not found");
  });
  app.post("/api/remotes/:name/refresh-sessions", async (call) => {
    if (remotes === undefined) return none();
    const name = call.req.param("name");
    if (!remotes.list().some((remote) => remote.name === name)) return problem(404, "Remote not found");
    const sessionCount = await remotes.refresh(name);
    return sessionCount === undefined
      ? problem(500, "Failed to refresh sessions")
      : answer({ success: true, sessionCount });
  });
}
