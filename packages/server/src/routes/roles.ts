// Roles, built in and made here, and everything that can be permitted.
import { unwrap } from "@sluice/core";
import { permissions } from "@sluice/protocol";
import type { PermissionSpec } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { optionalTextOf, refuse } from "../fields.ts";
import { optionalGrantsOf, roleNameOf } from "../identity-fields.ts";
import { showRole } from "../show-identity.ts";
import { done, reply } from "../wire.ts";
import { bodyOf } from "./sign-in.ts";

const aboutCharsMax = 1_024;

export async function listRoles(call: Call): Promise<Response> {
  call.query().done();
  const roles = await call.parts.identity.roles.list();
  return reply("json", 200, {
    roles: roles.map(showRole),
    permissions: Object.entries<PermissionSpec>(permissions).map(([permission, { about, narrowedBy, shell }]) => ({
      permission,
      about,
      narrowedBy: narrowedBy ?? null,
      shell: shell === true,
    })),
  });
}

export async function putRole(call: Call): Promise<Response> {
  const body = await bodyOf(call, ["about", "grants"]);
  const grants = optionalGrantsOf(body, "grants");
  if (grants === undefined) refuse("bad_request", "grants is missing.", "Send a list of {permission, only?}.");
  const name = roleNameOf(call.param(0));
  const about = optionalTextOf(body, "about", aboutCharsMax);
  const role = unwrap(await call.parts.identity.roles.put(call.principal, { name, about, grants }));
  return reply("json", 200, { role: showRole(role) });
}

export async function deleteRole(call: Call): Promise<Response> {
  call.query().done();
  unwrap(await call.parts.identity.roles.remove(call.principal, call.param(0)));
  return done();
}
