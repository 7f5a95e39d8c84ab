// Failures as the clients of other build tools take them without failing the build that they are part of.
import type { WireError } from "@sluice/protocol";
import type { Arrival } from "../arrival.ts";
import { nosniff } from "../hygiene.ts";
import { reply } from "../wire.ts";

const nxPrefix = "/cache/nx/";
const ghaPrefix = "/cache/gha/twirp/";

/** The response in the place of a failure. */
export async function foreignFailure(
  { path, request, principal }: Pick<Arrival, "path" | "request" | "principal">,
  response: Response,
): Promise<Response> {
  // What is turned away before anybody was asked who it is, is no build tool.
  if (principal === undefined && response.status !== 401) return response;
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
  if (status === 401) {
    return new Response("The token is not accepted.", {
      status,
      headers: { ...nosniff, "content-type": "text/plain" },
    });
  }
  if (method !== "PUT") return new Response(response.body, { status: 404, headers: response.headers });
  return status === 403 || status === 409 ? response : new Response(null, { status: 200 });
}

/** Twirp has a code for each, and a message; what our own clients read stands beside it. */
async function githubFailure(response: Response): Promise<Response> {
  const { status } = response;
  const { error } = (await response.json()) as { readonly error: WireError };
  return reply("json", status, { code: twirpCodes[status] ?? "internal", msg: error.message, error });
}

const twirpCodes: Readonly<Record<number, string>> = {
  400: "invalid_argument",
  401: "unauthenticated",
  403: "permission_denied",
  404: "not_found",
  409: "already_exists",
  429: "resource_exhausted",
  503: "unavailable",
};
