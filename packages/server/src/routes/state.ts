// State from outside: the durable values of everybody, of a workflow or of a run.
import { unwrap } from "@sluice/core";
import type { StateEntry } from "@sluice/core";
import { SluiceError } from "@sluice/protocol";
import { valueField } from "../body.ts";
import type { Call } from "../call.ts";
import { fieldsOf, optionalDurationOf, quoted, refuse } from "../fields.ts";
import { omittedValue, showValue } from "../show.ts";
import { done, reply } from "../wire.ts";
import { limitOf, runNotFound } from "./runs.ts";
import { workflowNotFound } from "./workflows.ts";

const scopePattern = /^(?:global|workflow:[A-Za-z0-9][A-Za-z0-9._/-]{0,127}|run:[A-Za-z0-9][A-Za-z0-9._-]{0,127})$/;

/** The scope, which is one that may be seen: state of a workflow or a run is for those who may see that. */
async function scopeOf(call: Call): Promise<string> {
  const scope = call.param(0);
  if (!scopePattern.test(scope))
    refuse("bad_request", `There is no scope ${quoted(scope)}.`, "Use global, workflow:NAME or run:ID.");
  const at = scope.indexOf(":");
  const [kind, name] = [scope.slice(0, at), scope.slice(at + 1)];
  if (kind === "workflow" && !call.may("workflow:read", name)) throw workflowNotFound(name);
  if (kind === "run" && call.access("run:read") !== undefined) await checkRun(call, name);
  return scope;
}

function missing(scope: string, key: string): SluiceError {
  return new SluiceError({
    code: "not_found",
    message: `There is no ${quoted(key)} in ${scope}.`,
    hint: "GET the scope to list its keys.",
  });
}

/** The version a change asks for: `If-Match: "3"`, or `If-None-Match: *` for a key that must not exist. */
function expectedVersion(call: Call): number | undefined {
  const { headers } = call.request;
  const absent = headers.get("if-none-match");
  const match = headers.get("if-match");
  if (absent !== null) {
    if (match !== null) refuse("bad_request", "If-Match and If-None-Match contradict each other.", "Send one of them.");
    if (absent.trim() !== "*")
      refuse("bad_request", "If-None-Match is not *.", "Send If-None-Match: * to create a key only.");
    return 0;
  }
  if (match === null) return undefined;
  const version = /^\s*"?(\d{1,15})"?\s*$/.exec(match)?.[1];
  if (version === undefined)
    refuse("bad_request", "If-Match is not a version.", 'Send the version that GET showed, as in If-Match: "3".');
  return Number(version);
}

async function showEntry(call: Call, entry: StateEntry): Promise<Record<string, unknown>> {
  return {
    key: entry.key,
    value: await showValue(call.engine, call.wire, entry.value),
    version: entry.version,
    expiresAt: entry.expiresAt ?? null,
  };
}

export async function listState(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const prefix = query.text("prefix");
  const cursor = query.text("cursor");
  query.done();
  const scope = await scopeOf(call);
  const { engine, parts, wire } = call;
  const keys = call.patterns("state:read");
  const page = await engine.store.listState({ scope, prefix, keys, cursor, limit, now: parts.clock.now() });
  const entries: unknown[] = [];
  for (const entry of page.entries) {
    const large = engine.values.isRef(entry.value);
    const shown = large ? { ...entry, value: omittedValue } : entry;
    entries.push({ ...(await showEntry(call, shown)), ...(large ? { omitted: ["value"] } : {}) });
  }
  return reply(wire, 200, { entries, nextCursor: page.next ?? null });
}

export async function getState(call: Call): Promise<Response> {
  call.query().done();
  const scope = await scopeOf(call);
  const key = call.param(1);
  const entry = call.may("state:read", key) ? unwrap(await call.engine.state.get(scope, key)) : undefined;
  if (entry === undefined) throw missing(scope, key);
  const response = reply(call.wire, 200, await showEntry(call, entry));
  response.headers.set("etag", `"${entry.version}"`);
  return response;
}

export async function setState(call: Call): Promise<Response> {
  call.query().done();
  const { engine, actor } = call;
  const key = call.param(1);
  call.require("state:write", key);
  const scope = await scopeOf(call);
  const ifVersion = expectedVersion(call);
  const body = await call.body();
  const fields = fieldsOf(body.content, ["value", "ttl"]);
  if (!("value" in fields)) refuse("bad_request", "value is missing.", "Send a value, or DELETE the key.");
  const ttl = optionalDurationOf(fields, "ttl");
  const value = valueField(body, "value");
  if (scope.startsWith("run:")) await checkRun(call, scope.slice("run:".length));
  const version = unwrap(await engine.state.set({ by: actor, scope, key, value, ttl, ifVersion }));
  return reply("json", 200, { version });
}

/** State of a run that does not exist would belong to nobody and never be deleted. */
async function checkRun(call: Call, run: string): Promise<void> {
  const record = await call.engine.store.getRun({ run, access: call.access("run:read") });
  if (record === undefined) throw runNotFound(run);
}

export async function deleteState(call: Call): Promise<Response> {
  call.query().done();
  const { engine, actor } = call;
  const key = call.param(1);
  call.require("state:write", key);
  const scope = await scopeOf(call);
  const deleted = unwrap(await engine.state.delete({ by: actor, scope, key, ifVersion: expectedVersion(call) }));
  if (!deleted) throw missing(scope, key);
  return done();
}
