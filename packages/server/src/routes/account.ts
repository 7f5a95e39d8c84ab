// One's own account: who one is, sessions, tickets, password, one-time codes, passkeys.
import { unwrap } from "@sluice/core";
import type { Call } from "../call.ts";
import { refuse, textOf } from "../fields.ts";
import { passwordOf } from "../identity-fields.ts";
import { originOf } from "../principal.ts";
import { showPasskey, showSession, showUser } from "../show-identity.ts";
import { done, reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

const routeCharsMax = 512;
const codeCharsMax = 64;
const challengeCharsMax = 512;
const passkeyNameCharsMax = 512;

export async function me(call: Call): Promise<Response> {
  call.query().done();
  const { principal, parts } = call;
  const { store } = parts;
  const user = principal.user === undefined ? undefined : await store.identity.getUser({ user: principal.user.id });
  return reply("json", 200, {
    authentication: principal.kind,
    user: user === undefined ? null : await showUser(store, user),
    session: principal.session ?? null,
    token: principal.token ?? null,
    grants: principal.grants(),
    instance: store.instance,
  });
}

export async function listSessions(call: Call): Promise<Response> {
  const query = call.query();
  const named = query.text("user");
  query.done();
  const { principal } = call;
  const { identity } = call.parts;
  let user: string | undefined;
  if (named !== undefined) {
    // Whoever may not look at users learns nothing of which there are.
    if (named !== principal.user?.id) call.require("user:read");
    user = unwrap(await identity.users.get(named)).id;
  }
  const sessions = unwrap(await identity.sessions.list(principal, user));
  return reply("json", 200, { sessions: sessions.map((session) => showSession(session, principal.session)) });
}

export async function endSession(call: Call): Promise<Response> {
  call.query().done();
  unwrap(await call.parts.identity.sessions.end(call.principal, call.param(0)));
  return done();
}

/** Good for the page that asks for it: for a socket or a download that it begins itself. */
export async function createTicket(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["route"]);
  const route = textOf(body, "route", routeCharsMax);
  if (!/^\/api\/v1\/[^?#]+$/.test(route))
    refuse("bad_request", "route is not a path of this API.", "Such as /api/v1/live, without a query.");
  const { headers } = call.request;
  const own = headers.get("sec-fetch-site") === "same-origin" ? originOf(call.passage) : undefined;
  const origin = headers.get("origin") ?? own;
  return reply("json", 201, unwrap(call.parts.identity.tickets.create(call.principal, { route, origin })));
}

export async function changePassword(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["current", "next"]);
  const given = { current: passwordOf(body, "current"), next: passwordOf(body, "next"), caller: call.caller };
  unwrap(await call.parts.identity.account.changePassword(call.principal, given));
  return done();
}

export async function beginTotp(call: Call): Promise<Response> {
  const password = passwordOf(await bodyOf(call, ["password"]), "password");
  const begun = await call.parts.identity.account.beginTotp(call.principal, { password, caller: call.caller });
  return reply("json", 200, unwrap(begun));
}

export async function confirmTotp(call: Call): Promise<Response> {
  const code = textOf(await bodyOf(call, ["code"]), "code", codeCharsMax);
  return reply("json", 200, unwrap(await call.parts.identity.account.confirmTotp(call.principal, { code })));
}

export async function removeTotp(call: Call): Promise<Response> {
  const password = passwordOf(await bodyOf(call, ["password"]), "password");
  unwrap(await call.parts.identity.account.removeTotp(call.principal, { password, caller: call.caller }));
  return done();
}

export async function listPasskeys(call: Call): Promise<Response> {
  call.query().done();
  const passkeys = unwrap(await call.parts.identity.account.listPasskeys(call.principal));
  return reply("json", 200, { passkeys: passkeys.map(showPasskey) });
}

export async function beginPasskey(call: Call): Promise<Response> {
  const password = passwordOf(await bodyOf(call, ["password"]), "password");
  const begun = await call.parts.identity.account.beginPasskey(call.principal, { password, caller: call.caller });
  return reply("json", 200, unwrap(begun));
}

export async function addPasskey(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["challenge", "name", "credential"]);
  const added = await call.parts.identity.account.addPasskey(call.principal, {
    challenge: textOf(body, "challenge", challengeCharsMax),
    name: textOf(body, "name", passkeyNameCharsMax),
    credential: body["credential"],
  });
  return reply("json", 201, { passkey: showPasskey(unwrap(added)) });
}

export async function removePasskey(call: Call): Promise<Response> {
  call.query().done();
  unwrap(await call.parts.identity.account.removePasskey(call.principal, call.param(0)));
  return done();
}
