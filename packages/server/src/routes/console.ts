// The console's routes. Loaded with the first page that is asked for.
import type { Call } from "../call.ts";
import { Console } from "../console.ts";

/** Holds nothing but what it has read of files that do not change. */
const shown = new Console();

export function consolePage(call: Call): Response {
  return shown.pageAt(call.param(0), call.request.headers.get("accept")?.includes("text/html") === true);
}

export function console(): Response {
  return shown.page();
}

export function consoleAsset(call: Call): Response {
  return shown.asset(call.param(0), call.request);
}
