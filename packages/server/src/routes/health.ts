// Whether the process is up, and whether it is of use. Neither touches the store: a slow disk is no reason to be restarted.
import type { Call } from "../call.ts";
import { failure, reply } from "../wire.ts";

export function health({ parts }: Call): Response {
  const { rss, heapUsed } = process.memoryUsage();
  return reply("json", 200, {
    status: parts.engine.draining ? "draining" : "ok",
    version: parts.version,
    uptimeMs: parts.clock.now() - parts.startedAt,
    memory: { rssBytes: rss, heapUsedBytes: heapUsed },
  });
}

export function ready({ parts }: Call): Response {
  const state = parts.engine.draining ? { ready: false, reason: "The server is stopping." } : parts.ready();
  if (state.ready) return reply("json", 200, { ready: true, version: parts.version });
  return failure({
    code: "unavailable",
    message: state.reason ?? "The server is not ready yet.",
    hint: "Ask again in a moment; GET /api/v1/deployments says what is deployed.",
  });
}
