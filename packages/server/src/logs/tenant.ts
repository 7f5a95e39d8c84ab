// Whose logs a request is about: the token says it, and where it is for several, the request.
import { SluiceError } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { quoted, refuse } from "../fields.ts";
import { forbidden } from "../principal.ts";

/** Logs of those who name no tenant. */
const usualTenant = "default";
const namePattern = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** Throws `forbidden` for a tenant that is not the caller's, `bad_request` where nobody says which of several is meant. */
export function tenantOf(call: Call, permission: "log:read" | "log:write", named?: string): string {
  const header = call.request.headers.get("x-scope-orgid");
  const asked = named ?? (header === null || header === "" ? undefined : header);
  if (asked !== undefined && !namePattern.test(asked)) {
    refuse("bad_request", `${quoted(asked)} is no tenant.`, "Up to 128 letters, digits, dots, dashes and underscores.");
  }
  const patterns = call.patterns(permission);
  const [only] = patterns ?? [];
  const tenant = asked ?? (patterns?.length === 1 && only !== undefined && !only.includes("*") ? only : usualTenant);
  if (call.may(permission, tenant)) return tenant;
  if (asked !== undefined) throw new SluiceError(forbidden(permission));
  return refuse("bad_request", "The token is for several tenants.", "Name one with the header X-Scope-OrgID.");
}
