// Turns answers into responses, as JSON or with values as they are, whichever the client speaks.
import { encodeValue, httpStatusOf } from "@sluice/protocol";
import type { ErrorCode, WireError } from "@sluice/protocol";
import { valueMediaType } from "@sluice/protocol/http";
import { nosniff } from "./hygiene.ts";

/** How a client wants values: turned into JSON, or as the bytes they are stored as. */
export type Wire = "json" | "value";

const jsonHeaders: Readonly<Record<string, string>> = {
  "content-type": "application/json",
  "cache-control": "no-store",
  ...nosniff,
};
const valueHeaders: Readonly<Record<string, string>> = { ...jsonHeaders, "content-type": valueMediaType };
/** Refusals that pass by themselves. */
const passing: ReadonlySet<number> = new Set([429, 503]);

/** An answer whose values have been turned into what this wire carries. */
export function reply(wire: Wire, status: number, body: unknown): Response {
  return wire === "json"
    ? new Response(JSON.stringify(body), { status, headers: jsonHeaders })
    : new Response(encodeValue(body) as Uint8Array<ArrayBuffer>, { status, headers: valueHeaders });
}

/** What to do, for failures that do not say it themselves. */
const hints: Partial<Readonly<Record<ErrorCode, string>>> = {
  bad_request: "GET /api/openapi.json says what goes in here.",
  invalid_filter: "GET /api/openapi.json lists the parameters; cursors come from the page before.",
  invalid_input: "Send an input that the workflow's schema accepts; GET /api/v1/workflows/<name> shows it.",
  run_is_final: "Retry or fork a run that has ended.",
  run_not_final: "Wait until the run has ended, or cancel it.",
  run_not_paused: "Only a paused or parked run is resumed.",
  conflict: "Look at the run's status first.",
  token_used: "Each token is answered once.",
  token_expired: "Retry or fork the run to ask again.",
  draining: "Try again in a moment.",
  user_not_found: "GET /api/v1/users lists those that are there.",
  role_not_found: "Built in are admin, developer, operator, viewer and worker; GET /api/v1/roles lists all.",
  session_not_found: "GET /api/v1/auth/sessions lists those that are there.",
  token_unknown: "GET /api/v1/tokens lists those that are there.",
  not_found: "GET /api/openapi.json lists every URL.",
  unauthorized: "Sign in, or send Authorization: Bearer <token>.",
  sign_in_failed: "Look at how it is written; an admin can give another password.",
  session_ended: "Sign in again.",
  forbidden: "GET /api/v1/auth/me says what you may do.",
  name_taken: "Take another name.",
  already_set_up: "Sign in.",
  too_many_requests: "Wait as long as Retry-After says.",
};

/** The one shape of every failure. Errors are JSON for everybody: their details have a JSON form. */
export function failure(error: WireError, headers?: Readonly<Record<string, string>>): Response {
  const status = httpStatusOf(error.code);
  const hint = error.hint ?? hints[error.code];
  const shown = hint === undefined ? error : { ...error, hint };
  return new Response(JSON.stringify({ error: shown }), {
    status,
    headers: { ...jsonHeaders, ...(passing.has(status) ? { "retry-after": retryAfter(error) } : {}), ...headers },
  });
}

/** Seconds after which to come again: what the failure says in `details.retryAfterMs`, or one. */
function retryAfter({ details }: WireError): string {
  const { retryAfterMs } = (details ?? {}) as { readonly retryAfterMs?: unknown };
  return typeof retryAfterMs === "number" ? String(Math.max(1, Math.ceil(retryAfterMs / 1_000))) : "1";
}

/** An answer without a body. */
export function done(): Response {
  return new Response(null, { status: 204, headers: nosniff });
}

/** What this client reads, from its `Accept`; JSON unless it names the other. */
export function wireOf(accept: string | null): Wire {
  return accept !== null && accept.includes(valueMediaType) ? "value" : "json";
}
