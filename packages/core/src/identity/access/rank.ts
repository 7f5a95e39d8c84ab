// Nobody gives what they lack: what somebody has against what they want to give, or to have power over.
import { fail, ok } from "../../kernel/result.ts";
import type { Result } from "../../kernel/result.ts";
import type { Access } from "./grants.ts";
import { accessOf, everything } from "./grants.ts";
import type { Principal } from "./principal.ts";

/** What a principal may do, as something that can be compared. */
function accessOfPrincipal(principal: Principal): Access {
  const grants = principal.grants();
  return grants.some(({ permission }) => permission === "*") ? everything : accessOf(grants, true);
}

/** Refused as `forbidden`, naming the first permission that is lacked. `what`: what they want to do, after "to". */
export function lackedBy(principal: Principal, needed: Access, what: string): Result<void> {
  const permission = accessOfPrincipal(principal).lacks(needed);
  if (permission === undefined) return ok(undefined);
  return fail({
    code: "forbidden",
    message: `To ${what} one needs everything that goes with it: ${permission} is lacking, or lacking in part.`,
    hint: "Nobody gives what they lack.",
    details: { permission },
  });
}
