// Finds the handler of a request, on runtimes without routes of their own.

import type { Handler, HttpHandlers, Route, Routes } from "./http.ts";

interface Pattern {
  readonly segments: readonly string[];
  readonly route: Route;
}

/** Smaller comes first: written out, then a parameter, then a rest. */
function rank(segment: string): number {
  if (segment === "*") return 2;
  return segment.startsWith(":") ? 1 : 0;
}

function compare(a: Pattern, b: Pattern): number {
  for (const [index, segment] of a.segments.entries()) {
    const difference = rank(segment) - rank(b.segments[index] ?? "*");
    if (difference !== 0) return difference;
  }
  return b.segments.length - a.segments.length;
}

/** The parameters, when a path fits; undefined when it does not. */
function match(segments: readonly string[], path: readonly string[]): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = path[index];
    if (segment === "*") return part === undefined ? undefined : params;
    if (part === undefined) return undefined;
    if (segment.startsWith(":")) {
      const decoded = textOfPart(part);
      if (part === "" || decoded === undefined) return undefined;
      params[segment.slice(1)] = decoded;
    } else if (segment !== part) return undefined;
  }
  return segments.length === path.length ? params : undefined;
}

function textOfPart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined; // A path that is no text is nobody's.
  }
}

const notFound: Handler = () => new Response("not found", { status: 404 });

/** What answers a request: a handler, or a response to be copied. */
function answerOf(route: Route, method: string): Handler | Response | undefined {
  if (typeof route === "function" || route instanceof Response) return route;
  return Object.hasOwn(route, method) ? route[method] : undefined;
}

/** A function from request to response over routes, the fallback included. */
export function routed(handlers: HttpHandlers): (request: Request) => Response | Promise<Response> {
  const routes: Routes = handlers.routes ?? {};
  const patterns = Object.entries(routes)
    .map(([path, route]): Pattern => ({ segments: path.split("/"), route }))
    .toSorted(compare);
  const fallback = handlers.fetch ?? notFound;
  return (request) => {
    const path = new URL(request.url).pathname.split("/");
    for (const { segments, route } of patterns) {
      const params = match(segments, path);
      if (params === undefined) continue;
      const answer = answerOf(route, request.method);
      if (answer === undefined) break;
      return typeof answer === "function" ? answer(request, { params }) : (answer.clone() as Response);
    }
    return fallback(request, { params: {} });
  };
}
