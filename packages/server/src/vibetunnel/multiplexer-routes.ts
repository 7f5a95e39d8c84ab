// `/api/tmux` and `/api/multiplexer`: sessions of tmux, zellij and screen, and terminals attached to them.
import type { Hono } from "hono";
import { answer, problem, refused } from "./answers.ts";
import { bodyOf, textIn } from "./face.ts";
import type { Face, FaceCall, FaceEnv } from "./face.ts";
import {
  attachCommand,
  createSession,
  isAvailable,
  isMultiplexer,
  isMultiplexerName,
  killSession,
  run,
  screenSessions,
  tmuxPanes,
  tmuxSessions,
  tmuxWindows,
  zellijSessions,
} from "./multiplexers.ts";
import type { MultiplexerType } from "./multiplexers.ts";
import { newTerminal } from "./session-routes.ts";

export function addMultiplexerRoutes(app: Hono<FaceEnv>, face: Face): void {
  addTmux(app, face);
  app.get("/api/multiplexer/status", async () => answer(await statuses()));
  app.get("/api/multiplexer/context", () => answer({ context: null }));
  app.post("/api/multiplexer/sessions", async (call) => {
    const { type, name, options } = await bodyOf(call);
    if (!isMultiplexer(type) || typeof name !== "string" || name === "")
      return problem(400, "Type and name are required");
    const { command } = (options ?? {}) as { readonly command?: unknown };
    return create(type, name, { words: wordsIn(command), named: { type } });
  });
  app.post("/api/multiplexer/attach", async (call) => {
    const body = await bodyOf(call);
    const { type } = body;
    const name = textIn(body, "sessionName");
    if (!isMultiplexer(type) || name === undefined) return problem(400, "Type and session name are required");
    return attach(face, call, { type, name, body, named: { type } });
  });
  app.delete("/api/multiplexer/:type/sessions/:name", async (call) => kill(call, call.req.param("type")));
  app.get("/api/multiplexer/tmux/sessions/:name/windows", (call) => windows(call));
  app.get("/api/multiplexer/tmux/sessions/:name/panes", (call) => panes(call));
  app.delete("/api/multiplexer/tmux/sessions/:name/windows/:window", async (call) =>
    killPart(call, {
      verb: "kill-window",
      failed: "Failed to kill window",
      targetOf: (name) => `=${name}:${call.req.param("window")}`,
    }),
  );
  app.delete("/api/multiplexer/tmux/sessions/:name/panes/:pane", async (call) =>
    killPart(call, {
      verb: "kill-pane",
      failed: "Failed to kill pane",
      targetOf: (name) => paneTarget(name, call.req.param("pane")),
    }),
  );
}

function addTmux(app: Hono<FaceEnv>, face: Face): void {
  app.get("/api/tmux/available", async () => answer({ available: await isAvailable("tmux") }));
  app.get("/api/tmux/context", () => answer({ insideTmux: false, currentSession: null }));
  app.get("/api/tmux/sessions", async () => {
    const sessions = await tmuxSessions();
    return sessions === undefined ? problem(500, "Failed to list tmux sessions") : answer({ sessions });
  });
  app.post("/api/tmux/sessions", async (call) => {
    const body = await bodyOf(call);
    const name = textIn(body, "name");
    if (name === undefined) return problem(400, "Session name is required");
    return create("tmux", name, { words: wordsIn(body["command"]), named: {} });
  });
  app.get("/api/tmux/sessions/:name/windows", (call) => windows(call));
  app.get("/api/tmux/sessions/:name/panes", (call) => panes(call));
  app.post("/api/tmux/attach", async (call) => {
    const body = await bodyOf(call);
    const name = textIn(body, "sessionName");
    if (name === undefined) return problem(400, "Session name is required");
    return attach(face, call, { type: "tmux", name, body, named: {} });
  });
  app.post("/api/tmux/sessions/:name/send", async (call) => {
    const body = await bodyOf(call);
    const command = textIn(body, "command");
    if (command === undefined) return problem(400, "Command is required");
    const name = call.req.param("name");
    const failed = "Failed to send command to tmux pane";
    if (!isMultiplexerName(name)) return problem(500, failed);
    const place = placeIn(body);
    const target = `=${name}:${place.window ?? ""}${place.pane === undefined ? "" : `.${place.pane}`}`;
    const typed = await run("tmux", ["send-keys", "-t", target, "-l", "--", command]);
    const entered = typed.exitCode === 0 ? await run("tmux", ["send-keys", "-t", target, "Enter"]) : typed;
    return entered.exitCode === 0 ? answer({ success: true }) : problem(500, failed);
  });
  app.delete("/api/tmux/sessions/:name", async (call) => kill(call, "tmux"));
}

async function statuses(): Promise<object> {
  const [tmux, zellij, screen] = await Promise.all([isAvailable("tmux"), isAvailable("zellij"), isAvailable("screen")]);
  const sessions = tmux ? ((await tmuxSessions()) ?? []) : [];
  return {
    tmux: { available: tmux, type: "tmux", sessions: sessions.map((each) => ({ ...each, type: "tmux" })) },
    zellij: { available: zellij, type: "zellij", sessions: zellij ? await zellijSessions() : [] },
    screen: { available: screen, type: "screen", sessions: screen ? await screenSessions() : [] },
  };
}

async function windows(call: FaceCall): Promise<Response> {
  const name = call.req.param("name") ?? "";
  const shown = isMultiplexerName(name) ? await tmuxWindows(name) : undefined;
  return shown === undefined ? problem(500, "Failed to list tmux windows") : answer({ windows: shown });
}

async function panes(call: FaceCall): Promise<Response> {
  const name = call.req.param("name") ?? "";
  const window = call.req.query("window");
  const index = window === undefined ? undefined : Number.parseInt(window, 10) || 0;
  const shown = isMultiplexerName(name) ? await tmuxPanes(name, index) : undefined;
  return shown === undefined ? problem(500, "Failed to list tmux panes") : answer({ panes: shown });
}

/** A text is one for a shell. */
function wordsIn(command: unknown): readonly string[] {
  if (Array.isArray(command)) return command.filter((word) => typeof word === "string");
  return typeof command === "string" && command !== "" ? ["sh", "-c", command] : [];
}

function placeIn(body: Readonly<Record<string, unknown>>): { readonly window?: number; readonly pane?: number } {
  const { windowIndex, paneIndex } = body;
  return {
    ...(typeof windowIndex === "number" && Number.isInteger(windowIndex) ? { window: windowIndex } : {}),
    ...(typeof paneIndex === "number" && Number.isInteger(paneIndex) ? { pane: paneIndex } : {}),
  };
}

async function create(
  type: MultiplexerType,
  name: string,
  { words, named }: { readonly words: readonly string[]; readonly named: object },
): Promise<Response> {
  const made = isMultiplexerName(name) && (await createSession(type, name, words));
  const failed = "type" in named ? "Failed to create session" : "Failed to create tmux session";
  return made ? answer({ success: true, ...named, name }) : problem(500, failed);
}

async function attach(
  face: Face,
  call: FaceCall,
  p: {
    readonly type: MultiplexerType;
    readonly name: string;
    readonly body: Readonly<Record<string, unknown>>;
    readonly named: object;
  },
): Promise<Response> {
  const { type, name, body } = p;
  const failed =
    type === "tmux" && !("type" in p.named) ? "Failed to attach to tmux session" : "Failed to attach to session";
  if (!isMultiplexerName(name)) return problem(500, failed);
  const { window, pane } = placeIn(body);
  const command = attachCommand(type, name, { window, pane });
  const created = await face.native.create(
    call.var.caller,
    newTerminal({ ...body, name: `${type}: ${name}` }, command),
  );
  if (!created.ok) return refused(created.error, failed);
  return answer({ success: true, sessionId: created.value.id, target: { ...p.named, session: name, window, pane } });
}

async function kill(call: FaceCall, type: string | undefined): Promise<Response> {
  const name = call.req.param("name") ?? "";
  const killed = isMultiplexer(type) && isMultiplexerName(name) && (await killSession(type, name));
  return killed ? answer({ success: true }) : problem(500, "Failed to kill session");
}

async function killPart(
  call: FaceCall,
  p: { readonly verb: string; readonly failed: string; readonly targetOf: (name: string) => string },
): Promise<Response> {
  const { verb, failed, targetOf } = p;
  const name = call.req.param("name") ?? "";
  const target = isMultiplexerName(name) ? targetOf(name) : "";
  if (!/^(?:=[^:]+:\d+(?:\.\d+)?|%\d+)$/.test(target)) return problem(500, failed);
  return (await run("tmux", [verb, "-t", target])).exitCode === 0 ? answer({ success: true }) : problem(500, failed);
}

/** A number within the first window, `window.pane`, or tmux's own `%number`. */
function paneTarget(name: string, pane: string): string {
  if (pane.startsWith("%")) return pane;
  return `=${name}:${pane.includes(".") ? pane : `0.${pane}`}`;
}
