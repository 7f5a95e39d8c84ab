// Whose logs a request is about: the token says it, and where it is for several, the request.
import { ownTenants } from "@sluice/core/logs";
import { SluiceError } from "@sluice/protocol";
import type { Permission } from "@sluice/protocol";
import type { Call } from "../call.ts";
import { quoted, refuse } from "../fields.ts";
import { forbidden } from "../principal.ts";

/** Logs of those who name no tenant. */
const usualTenant = "default";
/** The product's own lines: what one has to be allowed to see, all of it, besides `log:read`. Nobody writes there. */
const ownReads: ReadonlyMap<string, Permission> = new Map([
  [ownTenants.runs, "run:read"],
  [ownTenants.builds, "build:read"],
  [ownTenants.audit, "audit:read"],
]);
const namePattern = /^[A-Za-z0-9][\w.-]{0,127}$/;

/** Throws `forbidden` for a tenant that is not the caller's, `bad_request` where nobody says which of several is meant. */
export function tenantOf(call: Call, permission: "log:read" | "log:write" | "log:delete", named?: string): string {
  const header = call.request.headers.get("x-scope-orgid");
  const asked = named ?? (header === null || header === "" ? undefined : header);
  if (asked !== undefined && !namePattern.test(asked)) {
    refuse("bad_request", `${quoted(asked)} is no tenant.`, "Up to 128 letters, digits, dots, dashes and underscores.");
  }
  const patterns = call.patterns(permission);
  const [only] = patterns ?? [];
  const tenant = asked ?? (patterns?.length === 1 && only !== undefined && !only.includes("*") ? only : usualTenant);
  const needed = ownReads.get(tenant);
  if (needed !== undefined) {
    if (permission !== "log:read") throw new SluiceError(forbidden(permission));
    if (!call.may(needed) || call.patterns(needed) !== undefined) throw new SluiceError(forbidden(needed));
  }
  if (call.may(permission, tenant)) return tenant;
  if (asked !== undefined) throw new SluiceError(forbidden(permission));
  return refuse("bad_request", "The token is for several tenants.", "Name one with the header X-Scope-OrgID.");
}
