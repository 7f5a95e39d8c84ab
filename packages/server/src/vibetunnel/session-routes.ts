// `/api/sessions` and what is beside it: the sessions there are, begun, typed into, shown and ended.
import { statSync } from "node:fs";
import { homedir } from "node:os";
import { isAbsolute, resolve } from "node:path";
import type { Hono } from "hono";
import { answer, problem, refused } from "./answers.ts";
import { bodyOf, textIn } from "./face.ts";
import type { Face, FaceCall, FaceEnv } from "./face.ts";
import { countsOf } from "./git.ts";
import { textOfKey } from "./keys.ts";
import type { NativeTerminal, NewNativeTerminal } from "./native.ts";
import { goSessionOf, sessionOf } from "./session-shapes.ts";
import { streamOf } from "./stream.ts";

const sizeMax = 1_000;
/** Native terminals are no smaller. */
const sizeMin = 2;
/** A session in which something happened since is active. */
const activeMs = 1_000;

export function addSessionRoutes(app: Hono<FaceEnv>, face: Face): void {
  app.get("/api/sessions", async (call) => listSessions(face, call));
  app.post("/api/sessions", async (call) => createSession(face, call));
  app.get("/api/sessions/activity", async (call) => activities(face, call));
  app.get("/api/sessions/tailscale/status", () => answer({ isRunning: false }));
  app.get("/api/server/status", () =>
    answer({ macAppConnected: false, isHQMode: face.options.hq, version: face.version }),
  );
  app.post("/api/cleanup-exited", async (call) => cleanEnded(face, call));
  app.get("/api/sessions/:id", async (call) => showSession(face, call));
  app.patch("/api/sessions/:id", async (call) => renameSession(face, call));
  app.delete("/api/sessions/:id", async (call) => killSession(face, call));
  app.delete("/api/sessions/:id/cleanup", async (call) => {
    const cleaned = await face.sessions.clean(call.var.caller, idOf(call));
    return cleaned.ok
      ? answer({ success: true, message: "Session cleaned up" })
      : refused(cleaned.error, "Failed to cleanup session");
  });
  app.post("/api/sessions/:id/input", async (call) => sendInput(face, call));
  app.post("/api/sessions/:id/resize", async (call) => resizeSession(face, call));
  app.post("/api/sessions/:id/reset-size", async (call) => resetSize(face, call));
  app.get("/api/sessions/:id/text", async (call) => showText(face, call));
  app.get("/api/sessions/:id/buffer", async (call) => showBuffer(face, call));
  app.get("/api/sessions/:id/stream", async (call) => streamOf(face, call));
  app.get("/api/sessions/:id/activity", async (call) => showActivity(face, call));
  app.get("/api/sessions/:id/git-status", async (call) => showGitStatus(face, call));
}

function idOf(call: FaceCall): string {
  return call.req.param("id") ?? "";
}

async function shapeOf(face: Face, terminal: NativeTerminal): Promise<object> {
  return sessionOf(terminal, { version: face.version, git: await face.sessions.gitOf(terminal) });
}

async function listSessions(face: Face, call: FaceCall): Promise<Response> {
  const listed = await face.sessions.list(call.var.caller);
  if (!listed.ok) return refused(listed.error, "Failed to list sessions");
  const own = await Promise.all(
    listed.value.map(async (terminal) => ({ ...(await shapeOf(face, terminal)), source: "local" })),
  );
  return answer([...own, ...((await face.remotes?.sessions()) ?? [])]);
}

async function createSession(face: Face, call: FaceCall): Promise<Response> {
  const body = await bodyOf(call);
  const command = body["command"];
  const isList = Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === "string");
  if (!isList && (typeof command !== "string" || command.trim() === ""))
    return problem(400, "Command array is required");
  const remoteId = textIn(body, "remoteId");
  if (remoteId !== undefined && face.remotes !== undefined) return face.remotes.create(remoteId, body);
  const words = isList ? command : [process.env["SHELL"] ?? "/bin/sh", "-c", command as string];
  const created = await face.native.create(call.var.caller, newTerminal(body, words));
  if (!created.ok) return refused(created.error, "Failed to create session");
  return isList ? answer({ sessionId: created.value.id }) : answer(goSessionOf(created.value), 201);
}

/** Sizes that a terminal cannot have are brought to one that it can; a folder that is not there becomes the face's own. */
export function newTerminal(body: Readonly<Record<string, unknown>>, command: readonly string[]): NewNativeTerminal {
  const name = textIn(body, "name") ?? textIn(body, "title");
  const size = (key: "cols" | "rows"): object => {
    const value = body[key];
    return typeof value === "number" && Number.isInteger(value)
      ? { [key]: Math.min(Math.max(value, sizeMin), sizeMax) }
      : {};
  };
  return {
    command,
    cwd: folderOf(textIn(body, "workingDir") ?? textIn(body, "cwd")),
    ...(name === undefined ? {} : { name: name.slice(0, nameCharsMax) }),
    ...size("cols"),
    ...size("rows"),
  };
}

const nameCharsMax = 128;

function folderOf(asked: string | undefined): string {
  if (asked === undefined) return process.cwd();
  const home = asked === "~" || asked.startsWith("~/") ? homedir() + asked.slice(1) : asked;
  const folder = isAbsolute(home) ? home : resolve(home);
  return statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true ? folder : process.cwd();
}

async function showSession(face: Face, call: FaceCall): Promise<Response> {
  const found = await face.sessions.get(call.var.caller, idOf(call));
  return found.ok ? answer(await shapeOf(face, found.value)) : refused(found.error, "Failed to get session info");
}

async function renameSession(face: Face, call: FaceCall): Promise<Response> {
  const name = textIn(await bodyOf(call), "name")?.trim();
  if (name === undefined || name === "") return problem(400, "Name must be a non-empty string");
  const renamed = await face.native.rename(call.var.caller, idOf(call), name.slice(0, nameCharsMax));
  return renamed.ok
    ? answer({ success: true, name: renamed.value.name })
    : refused(renamed.error, "Failed to update session name");
}

async function killSession(face: Face, call: FaceCall): Promise<Response> {
  const killed = await face.sessions.kill(call.var.caller, idOf(call));
  if (!killed.ok) return refused(killed.error, "Failed to kill session");
  return answer({ success: true, message: killed.value === "killed" ? "Session killed" : "Session cleaned up" });
}

async function cleanEnded(face: Face, call: FaceCall): Promise<Response> {
  const cleaned = await face.sessions.cleanEnded(call.var.caller);
  if (!cleaned.ok) return refused(cleaned.error, "Failed to cleanup exited sessions");
  const { length } = cleaned.value;
  const message = `${length} exited sessions cleaned up across all servers`;
  return answer({ success: true, message, localCleaned: length, remoteResults: [] });
}

async function sendInput(face: Face, call: FaceCall): Promise<Response> {
  const { text, key } = await bodyOf(call);
  if ((text === undefined) === (key === undefined))
    return problem(400, "Either text or key must be provided, but not both");
  if (text !== undefined && typeof text !== "string") return problem(400, "Text must be a string");
  if (key !== undefined && typeof key !== "string") return problem(400, "Key must be a string");
  const found = await runningOf(face, call);
  if (found instanceof Response) return found;
  const typed = typeof text === "string" ? text : textOfKey(key as string);
  if (typed === undefined)
    return problem(500, "Failed to send input", { details: `Unknown special key: ${String(key).slice(0, 64)}` });
  const sent = await face.native.type(call.var.caller, found.id, typed);
  return sent.ok ? answer({ success: true }) : refused(sent.error, "Failed to send input");
}

async function resizeSession(face: Face, call: FaceCall): Promise<Response> {
  const { cols, rows } = await bodyOf(call);
  if (typeof cols !== "number" || typeof rows !== "number") return problem(400, "Cols and rows must be numbers");
  const fits = (value: number): boolean => Number.isInteger(value) && value >= 1 && value <= sizeMax;
  if (!fits(cols) || !fits(rows)) return problem(400, "Cols and rows must be between 1 and 1000");
  const found = await runningOf(face, call);
  if (found instanceof Response) return found;
  const size = { cols: Math.max(cols, sizeMin), rows: Math.max(rows, sizeMin) };
  const resized = await face.native.resize(call.var.caller, found.id, size);
  return resized.ok ? answer({ success: true, cols, rows }) : refused(resized.error, "Failed to resize session");
}

/** There is no terminal outside whose size could be taken again. */
async function resetSize(face: Face, call: FaceCall): Promise<Response> {
  const found = await runningOf(face, call);
  if (found instanceof Response) return found;
  const details = `Failed to reset session size for ${found.id}: Cannot reset size for in-memory session ${found.id}`;
  return problem(500, "Failed to reset session size", { details });
}

async function runningOf(face: Face, call: FaceCall): Promise<NativeTerminal | Response> {
  const found = await face.sessions.get(call.var.caller, idOf(call));
  if (!found.ok) return refused(found.error, "Failed to reach session");
  return found.value.status === "exited" ? problem(400, "Session is not running") : found.value;
}

async function showText(face: Face, call: FaceCall): Promise<Response> {
  const text = await face.native.text(call.var.caller, idOf(call));
  if (!text.ok) return refused(text.error, "Failed to get terminal text");
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" };
  return new Response(text.value, { headers });
}

async function showBuffer(face: Face, call: FaceCall): Promise<Response> {
  const { caller } = call.var;
  const found = await face.native.get(caller, idOf(call));
  if (!found.ok) return refused(found.error, "Failed to get terminal buffer");
  const screen = await face.screens.once(caller, found.value.id);
  if (screen === undefined) return problem(404, "Session not found");
  const headers = { "content-type": "application/octet-stream", "x-content-type-options": "nosniff" };
  return new Response(screen, { headers });
}

async function activities(face: Face, call: FaceCall): Promise<Response> {
  const listed = await face.sessions.list(call.var.caller);
  if (!listed.ok) return refused(listed.error, "Failed to get activity status");
  const shown = await Promise.all(
    listed.value.map(async (terminal) => [terminal.id, await activityOf(face, terminal)] as const),
  );
  return answer(Object.fromEntries(shown));
}

async function showActivity(face: Face, call: FaceCall): Promise<Response> {
  const found = await face.sessions.get(call.var.caller, idOf(call));
  if (!found.ok) return refused(found.error, "Failed to get activity status");
  return answer(await activityOf(face, found.value));
}

async function activityOf(face: Face, terminal: NativeTerminal): Promise<object> {
  const isActive = terminal.status === "running" && face.clock.now() - terminal.activeAt < activeMs;
  const timestamp = new Date(terminal.activeAt).toISOString();
  return { isActive, timestamp, session: await shapeOf(face, terminal) };
}

async function showGitStatus(face: Face, call: FaceCall): Promise<Response> {
  const found = await face.sessions.get(call.var.caller, idOf(call));
  if (!found.ok) return refused(found.error, "Failed to get git status");
  const git = await face.sessions.gitOf(found.value);
  const { modified, deleted, staged, untracked } = countsOf({ files: git?.files ?? [] });
  return answer({ modified, added: untracked, staged, deleted, ahead: git?.ahead ?? 0, behind: git?.behind ?? 0 });
}
