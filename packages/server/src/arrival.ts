// A request taken apart, and the few routes that are known without the router.
import type { CallerInfo, Principal } from "@sluice/core/identity";
import { routes } from "@sluice/protocol/http";
import type { RouteSpec } from "@sluice/protocol/http";
import { plainAddress } from "./address.ts";
import type { Passage } from "./address.ts";
import type { Connections } from "./call.ts";
import type { RouteLabel } from "./metrics.ts";

export interface Arrival extends Passage {
  readonly request: Request;
  readonly path: string;
  /** Without a ticket or token, once that was taken. */
  query: string;
  readonly connections: Connections | undefined;
  /** The route it led to, for the figures. */
  label: RouteLabel;
  /** Who is asking, once that is known. */
  principal: Principal | undefined;
}

/** `direct`: what the socket says; what proxies say is for `Proxies`. */
export function arrivalOf(
  request: Request,
  connections: Connections | undefined,
  passageOf: (direct: Passage, headers: Headers) => Passage,
): Arrival {
  const { url } = request;
  // HTTP/1.0 may come without a host, and the URL is a path then: no part of it must pass for one.
  const authorityAt = url.startsWith("/") ? 0 : url.indexOf("//") + 2;
  const pathAt = url.indexOf("/", authorityAt);
  const queryAt = url.indexOf("?", pathAt);
  const peer = connections?.requestIP(request)?.address;
  const direct = {
    address: peer === undefined ? undefined : plainAddress(peer),
    authority: url.slice(authorityAt, pathAt),
    secure: url.startsWith("https:"),
  };
  const { address, authority, secure } = passageOf(direct, request.headers);
  return {
    request,
    connections,
    address,
    authority,
    secure,
    path: queryAt === -1 ? url.slice(pathAt) : url.slice(pathAt, queryAt),
    query: queryAt === -1 ? "" : url.slice(queryAt + 1),
    label: "unmatched",
    principal: undefined,
  };
}

/** What identity keeps of where somebody comes from. */
export function callerInfo({ address, request }: Pick<Arrival, "address" | "request">): CallerInfo {
  return { address, agent: request.headers.get("user-agent")?.slice(0, agentCharsMax) };
}

const agentCharsMax = 256;
const workflowsAt = "/api/v1/workflows/";
const runsAt = "/api/v1/runs/";

export function isStart(path: string): boolean {
  return (
    path.startsWith(workflowsAt) &&
    path.endsWith("/runs") &&
    path.indexOf("/", workflowsAt.length) === path.length - "/runs".length
  );
}

export function isRun(path: string): boolean {
  return path.length > runsAt.length && path.startsWith(runsAt) && !path.includes("/", runsAt.length);
}

/** The methods of the routes that have this path. */
export function methodsAt(path: string): readonly string[] {
  const segments = path.split("/");
  const methods = new Set<string>();
  for (const spec of Object.values<RouteSpec>(routes)) {
    // The console is at every path that is nothing else: that says nothing about this one.
    if (spec.path === routes.consolePage.path) continue;
    const pattern = spec.path.split("/");
    const length = pattern.at(-1) === "*" ? pattern.length - 1 : pattern.length;
    if (length === pattern.length ? segments.length !== length : segments.length < length) continue;
    const fits = pattern.every(
      (part, index) => part === "*" || part === segments[index] || (part.startsWith(":") && segments[index] !== ""),
    );
    if (fits) for (const method of spec.methods) methods.add(method);
  }
  return [...methods];
}
