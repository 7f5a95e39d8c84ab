// Tokens for programs: made, listed and revoked. A secret is shown once, in the answer that made it.
import { unwrap } from "@sluice/core";
import type { Call } from "../call.ts";
import { optionalDurationOf, optionalTextOf, textOf } from "../fields.ts";
import { optionalGrantsOf, optionalLimitsOf, roleNameOf } from "../identity-fields.ts";
import { showTokens } from "../show-identity.ts";
import { done, reply } from "../wire.ts";
import { limitOf } from "./runs.ts";
import { bodyOf } from "./sign-in.ts";

const nameCharsMax = 512;
const roleCharsMax = 64;

export async function listTokens(call: Call): Promise<Response> {
  const query = call.query();
  const limit = limitOf(call, query);
  const { principal } = call;
  // Whoever is no user has none of their own.
  const all = query.boolean("all") ?? (principal.user === undefined && principal.may("token:read"));
  const cursor = query.text("cursor");
  query.done();
  const { identity, store } = call.parts;
  const page = unwrap(await identity.tokens.list(principal, { all, limit, cursor }));
  return reply("json", 200, { tokens: await showTokens(store, page.tokens), nextCursor: page.next ?? null });
}

export async function getToken(call: Call): Promise<Response> {
  call.query().done();
  const { identity, store } = call.parts;
  const [token] = await showTokens(store, [unwrap(await identity.tokens.get(call.principal, call.param(0)))]);
  return reply("json", 200, { token });
}

export async function createToken(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["name", "role", "grants", "expiresIn", "limits"]);
  const role = optionalTextOf(body, "role", roleCharsMax);
  const created = await call.parts.identity.tokens.create(call.principal, {
    name: textOf(body, "name", nameCharsMax),
    role: role === undefined ? undefined : roleNameOf(role),
    grants: optionalGrantsOf(body, "grants"),
    limits: optionalLimitsOf(body, "limits"),
    expiresInMs: optionalDurationOf(body, "expiresIn"),
  });
  const { id, token, row } = unwrap(created);
  const [details] = await showTokens(call.parts.store, [row]);
  return reply("json", 201, { id, token, details });
}

export async function revokeToken(call: Call): Promise<Response> {
  call.query().done();
  unwrap(await call.parts.identity.tokens.revoke(call.principal, call.param(0)));
  return done();
}
