// Failures as the clients of other build tools take them without failing the build that they are part of.
import { httpStatusOf } from "@sluice/protocol";
import type { Arrival } from "../arrival.ts";
import { reply } from "../wire.ts";

const nxPrefix = "/cache/nx/";
const ghaPrefix = "/cache/gha/twirp/";

/** The response in the place of a failure. */
export function foreignFailure({ path, request }: Pick<Arrival, "path" | "request">, response: Response): Response {
  if (path.startsWith(nxPrefix)) return nxFailure(request.method, response);
  if (path.startsWith(ghaPrefix)) return githubFailure(response);
  return response;
}

/**
 * Nx takes 404 for a miss, 200 for having stored, and goes on silently after 403 and 409 of a PUT; everything else fails the build.
 * Only who is not let in is told so, as text: that is for somebody to mend.
 */
function nxFailure(method: string, response: Response): Response {
  const { status } = response;
  if (status === 401)
    return new Response("The token is not accepted.", { status, headers: { "content-type": "text/plain" } });
  if (method === "PUT")
    return status === 403 || status === 409 ? new Response(null, { status }) : new Response(null, { status: 200 });
  return new Response("Not found", { status: 404, headers: { "content-type": "text/plain" } });
}

/** Twirp has a code for each, and a message. */
function githubFailure(response: Response): Response {
  const code = twirpCodes[response.status] ?? "internal";
  return reply("json", response.status, { code, msg: `The cache answers ${response.status}.` });
}

const twirpCodes: Readonly<Record<number, string>> = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  409: "already_exists",
  [httpStatusOf("too_many_requests")]: "resource_exhausted",
  503: "unavailable",
};
