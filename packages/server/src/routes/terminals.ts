// Terminals: begun, shown, typed into and ended. Whoever types into one has a shell of the server's own user.
import { unwrap } from "@sluice/core";
import type { RecordedPart, Terminals, TerminalSession, TerminalSize } from "@sluice/core/terminals";
import { recordedParts, SluiceError, terminalRoles } from "@sluice/protocol";
import type { Permission, TerminalRole } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { optionalBooleanOf, optionalIntegerOf, optionalTextOf, quoted, refuse } from "../fields.ts";
import type { Body } from "../fields.ts";
import { nosniff } from "../hygiene.ts";
import { TerminalSocket } from "../terminals/terminal-socket.ts";
import { done, reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

const pathCharsMax = 4_096;
const environmentMax = 256;
const sizeMin = 2;
const sizeDefault = { cols: 80, rows: 24 };
const shellDefault = "/bin/sh";

export async function listTerminals(call: Call): Promise<Response> {
  call.query().done();
  const all = (await terminalsOf(call)).list();
  const seen = all.filter(({ name }) => call.may("terminal:read", name));
  return reply("json", 200, { terminals: seen.map(shown) });
}

export async function createTerminal(call: Call): Promise<Response> {
  call.query().done();
  const body = await bodyOf(call, ["command", "cwd", "runAs", "env", "cols", "rows", "name", "start", "record"]);
  const terminals = await terminalsOf(call);
  const { limits } = terminals;
  const session = unwrap(
    await terminals.create({
      by: call.actor,
      command: commandOf(body, limits),
      cwd: optionalTextOf(body, "cwd", pathCharsMax),
      runAs: optionalTextOf(body, "runAs", limits.terminalNameCharsMax),
      env: environmentOf(body),
      ...sizeOf(body, terminals, sizeDefault),
      name: optionalTextOf(body, "name", limits.terminalNameCharsMax),
      start: optionalBooleanOf(body, "start") ?? true,
      record: recordOf(body),
    }),
  );
  const response = reply("json", 201, { terminal: shown(session) });
  response.headers.set("location", `/api/v1/terminals/${session.facts.id}`);
  return response;
}

export async function getTerminal(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, { terminal: shown(await terminalOf(call, "terminal:read")) });
}

export async function changeTerminal(call: Call): Promise<Response> {
  call.query().done();
  const body = await bodyOf(call, ["name", "start"]);
  const terminals = await terminalsOf(call);
  const name = optionalTextOf(body, "name", terminals.limits.terminalNameCharsMax);
  const start = optionalBooleanOf(body, "start") ?? false;
  const session = await terminalOf(call, "terminal:write");
  const { id } = session.facts;
  if (name !== undefined) unwrap(await terminals.rename({ by: call.actor, id, name }));
  if (start) unwrap(await terminals.start({ by: call.actor, id }));
  return reply("json", 200, { terminal: shown(session) });
}

export async function endTerminal(call: Call): Promise<Response> {
  call.query().done();
  const { facts } = await terminalOf(call, "terminal:end");
  unwrap(await (await terminalsOf(call)).end({ by: call.actor, id: facts.id }));
  return done();
}

export async function typeInTerminal(call: Call): Promise<Response> {
  call.query().done();
  const body = await bodyOf(call, ["text"]);
  const terminals = await terminalsOf(call);
  const { text } = body;
  if (typeof text !== "string") refuse("bad_request", "text is missing.", "Send what is to be typed.");
  const bytes = new TextEncoder().encode(text);
  const { terminalInputBytesMax } = terminals.limits;
  if (bytes.length > terminalInputBytesMax) {
    refuse("payload_too_large", `text is too long.`, `At most ${terminalInputBytesMax} bytes (terminalInputBytesMax).`);
  }
  const session = await terminalOf(call, "terminal:write");
  unwrap(session.type(bytes));
  return done();
}

export async function resizeTerminal(call: Call): Promise<Response> {
  call.query().done();
  const body = await bodyOf(call, ["cols", "rows"]);
  const terminals = await terminalsOf(call);
  const size = sizeOf(body, terminals);
  const session = await terminalOf(call, "terminal:write");
  session.resize(size);
  return reply("json", 200, { terminal: shown(session) });
}

export async function getTerminalText(call: Call): Promise<Response> {
  call.query().done();
  const text = await (await terminalOf(call, "terminal:read")).text();
  const headers = { ...nosniff, "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" };
  return new Response(text, { headers });
}

export async function getTerminalScreen(call: Call): Promise<Response> {
  call.query().done();
  const { bytes, ...place } = await (await terminalOf(call, "terminal:read")).snapshot();
  return reply("json", 200, { ...place, screen: new TextDecoder().decode(bytes) });
}

export async function watchTerminal(call: Call): Promise<Response> {
  const query = call.query();
  const asked = query.text("role");
  const place = placeOf(query.integer("offset", whole), query.integer("mark", whole));
  const drive = query.text("drive") !== "false";
  query.done();
  const terminals = await terminalsOf(call);
  const session = await terminalOf(call, "terminal:read");
  const role = roleOf(call, asked);
  if (terminals.viewers >= terminals.limits.terminalViewersMax) {
    throw new SluiceError({
      code: "too_many_requests",
      message: "Too many viewers (terminalViewersMax).",
      hint: "Wait until some have left.",
    });
  }
  await terminals.noteViewer({ by: call.actor, id: session.facts.id, role });
  return call.upgrade(() => {
    const { limits } = terminals;
    return new TerminalSocket({ session, role, place, drive, limits, onEnded: (listener) => call.onEnded(listener) });
  });
}

const whole = { min: 0, max: Number.MAX_SAFE_INTEGER };

export async function terminalsOf(call: Call): Promise<Terminals> {
  const { terminals } = call.parts;
  if (terminals !== undefined) return terminals();
  throw new SluiceError({ code: "unavailable", message: "This server has no terminals.", hint: "Use sluice up." });
}

/** The terminal of the path, if it may be seen. */
async function terminalOf(call: Call, permission: Permission): Promise<TerminalSession> {
  const terminals = await terminalsOf(call);
  const session = unwrap(terminals.get(call.param(0)));
  if (!call.may("terminal:read", session.name)) unwrap(terminals.get(""));
  call.require(permission, session.name);
  return session;
}

function roleOf(call: Call, asked: string | undefined): TerminalRole {
  const may = call.may("terminal:write");
  if (asked === undefined) return may ? "writer" : "viewer";
  const role = terminalRoles.find((each) => each === asked);
  if (role === undefined)
    refuse("invalid_filter", `There is no role ${quoted(asked)}.`, `Known are ${terminalRoles.join(", ")}.`);
  if (role === "writer") call.require("terminal:write");
  return role;
}

function placeOf(offset: number | undefined, mark: number | undefined): { offset: number; mark: number } | undefined {
  return offset === undefined || mark === undefined ? undefined : { offset, mark };
}

function commandOf(body: Body, limits: Terminals["limits"]): readonly string[] {
  const command = body["command"] ?? [process.env["SHELL"] ?? shellDefault];
  const fits =
    Array.isArray(command) &&
    command.length > 0 &&
    command.length <= limits.terminalArgumentsMax &&
    command.every((part) => typeof part === "string" && part.isWellFormed() && !part.includes("\0")) &&
    (command as string[]).join("").length <= limits.terminalCommandCharsMax &&
    command[0] !== "";
  if (!fits) refuse("bad_request", "command is not a list of a program and its arguments.", 'Such as ["bash", "-l"].');
  return command as string[];
}

function environmentOf(body: Body): Readonly<Record<string, string>> {
  const env = body["env"] ?? {};
  const entries = typeof env === "object" && !Array.isArray(env) ? Object.entries(env) : [["", ""] as const];
  const fits =
    entries.length <= environmentMax &&
    entries.every(([name, value]) => /^[A-Za-z_]\w*$/.test(name) && typeof value === "string" && !value.includes("\0"));
  if (!fits) refuse("bad_request", "env is not an object of texts.", `At most ${environmentMax} variables.`);
  return Object.fromEntries(entries) as Record<string, string>;
}

function recordOf(body: Body): RecordedPart {
  const asked = body["record"] ?? undefined;
  if (asked === undefined) return "nothing";
  const part = recordedParts.find((each) => each === asked);
  if (part === undefined)
    refuse("bad_request", "record is not something that can be recorded.", `Known are ${recordedParts.join(", ")}.`);
  return part;
}

function sizeOf(body: Body, { limits }: Terminals, otherwise?: TerminalSize): TerminalSize {
  const one = (key: "cols" | "rows", max: number): number => {
    const value = optionalIntegerOf(body, key) ?? otherwise?.[key] ?? 0;
    if (value < sizeMin || value > max) refuse("bad_request", `${key} is ${value}.`, `Send ${sizeMin} to ${max}.`);
    return value;
  };
  return { cols: one("cols", limits.terminalColumnsMax), rows: one("rows", limits.terminalRowsMax) };
}

function shown(session: TerminalSession): object {
  const { facts, size, end } = session;
  return {
    id: facts.id,
    name: session.name,
    command: facts.command,
    cwd: facts.cwd ?? null,
    runAs: facts.runAs ?? null,
    status: session.status,
    title: session.title,
    pid: session.pid ?? null,
    exitCode: end?.exitCode ?? null,
    signal: end?.signal ?? null,
    ...size,
    viewers: session.viewers,
    bells: session.bells,
    outputBytes: session.outputBytes,
    createdBy: facts.by,
    createdAt: facts.createdAt,
    activeAt: session.activeAt,
    endedAt: session.endedAt ?? null,
    recorded: session.isRecorded,
  };
}
