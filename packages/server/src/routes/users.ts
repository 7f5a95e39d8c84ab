// Users, for those who look after them.
import { unwrap } from "@sluice/core";
import type { UserRecord } from "@sluice/core";
import type { Call } from "../call.ts";
import { booleanOf, optionalTextOf, refuse } from "../fields.ts";
import type { Body } from "../fields.ts";
import { optionalRolesOf, passwordOf, userNameOf } from "../identity-fields.ts";
import { showUser } from "../show-identity.ts";
import { reply } from "../wire.ts";
import { limitOf } from "./runs.ts";
import { bodyOf } from "./sign-in.ts";

const emailCharsMax = 320;

async function answer(call: Call, status: number, user: UserRecord): Promise<Response> {
  const response = reply("json", status, { user: await showUser(call.parts.store, user) });
  response.headers.set("etag", `"${user.version}"`);
  return response;
}

/** Null takes the address away. */
function emailOf(body: Body): string | null | undefined {
  return body["email"] === null ? null : optionalTextOf(body, "email", emailCharsMax);
}

export async function listUsers(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const text = query.text("text");
  const cursor = query.text("cursor");
  query.done();
  const { identity, store } = call.parts;
  const page = await identity.users.list({ text, limit, cursor });
  const users = await Promise.all(page.users.map(async (user) => showUser(store, user)));
  return reply("json", 200, { users, nextCursor: page.next ?? null });
}

export async function createUser(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["name", "email", "password", "roles"]);
  const roles = optionalRolesOf(body, "roles");
  if (roles === undefined || roles.length === 0)
    refuse("bad_request", "roles is missing.", "Send at least one; GET /api/v1/roles lists them.");
  const { password } = body;
  const created = await call.parts.identity.users.create(call.principal, {
    name: userNameOf(body, "name"),
    email: emailOf(body),
    password: password === undefined || password === null ? undefined : passwordOf(body, "password"),
    roles,
  });
  return answer(call, 201, unwrap(created));
}

export async function getUser(call: Call): Promise<Response> {
  call.query().done();
  return answer(call, 200, unwrap(await call.parts.identity.users.get(call.param(0))));
}

/** The version that the user must have still: `If-Match: "3"`. */
function expectedVersion(call: Call): number | undefined {
  const match = call.request.headers.get("if-match");
  if (match === null) return undefined;
  const version = /^\s*"?(\d{1,15})"?\s*$/.exec(match)?.[1];
  if (version === undefined)
    refuse("bad_request", "If-Match is not a version.", 'Send the version that GET showed, as in If-Match: "3".');
  return Number(version);
}

export async function updateUser(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["email", "password", "roles", "disabled", "secondFactor"]);
  const { secondFactor } = body;
  if (secondFactor !== undefined && secondFactor !== false)
    refuse("bad_request", "secondFactor is not false.", "It can only be taken away here; users turn it on themselves.");
  const updated = await call.parts.identity.users.update(call.principal, call.param(0), {
    email: emailOf(body),
    password: body["password"] === undefined ? undefined : passwordOf(body, "password"),
    roles: optionalRolesOf(body, "roles"),
    disabled: body["disabled"] === undefined ? undefined : booleanOf(body, "disabled"),
    secondFactor,
    ifVersion: expectedVersion(call),
  });
  return answer(call, 200, unwrap(updated));
}

export async function endUserSessions(call: Call): Promise<Response> {
  call.query().done();
  return reply("json", 200, unwrap(await call.parts.identity.users.endSessions(call.principal, call.param(0))));
}
