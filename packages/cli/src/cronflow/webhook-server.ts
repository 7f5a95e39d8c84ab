// The server of webhooks of an embedded engine.
import { SluiceError } from "@sluice/protocol";
import type { Program } from "./program.ts";
import type { ServerSettings } from "./settings.ts";
import { failed } from "./webhook-handling.ts";
import { route } from "./webhook-routes.ts";

/** Bytes of a body that are read. */
const bodyBytesMax = 32 * 1024 * 1024;

export interface WebhookServer {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

/** Listens. Throws `unavailable` where the port is taken. */
export function serveWebhooks(program: Program, { host, port, maxConnections }: ServerSettings): WebhookServer {
  let open = 0;
  const fetch = async (request: Request): Promise<Response> => {
    if (open >= maxConnections) return Response.json({ error: "Too many requests at the same time" }, { status: 503 });
    open++;
    try {
      const answer = await route(program, await rawOf(request));
      return Response.json(answer.body, { status: answer.status });
    } catch (error) {
      const answer = failed(error instanceof Error ? error : new Error(String(error)));
      console.error(answer.cause);
      return Response.json(answer.body, { status: answer.status });
    } finally {
      open--;
    }
  };
  try {
    const server = Bun.serve({ hostname: host, port, maxRequestBodySize: bodyBytesMax, fetch });
    const bound = server.port ?? port;
    return { port: bound, url: `http://${host}:${bound}`, stop: async () => server.stop(true) };
  } catch (error) {
    throw new SluiceError({
      code: "unavailable",
      message: `Webhooks cannot be listened for on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`,
      hint: "Pass start({ webhookServer: { port } }) another port, or `webhookServer: false`.",
    });
  }
}

/** A request of the web's own kind. */
export async function rawOf(request: Request): Promise<Parameters<typeof route>[1]> {
  return {
    method: request.method,
    url: request.url,
    headers: Object.fromEntries(request.headers),
    raw: new Uint8Array(await request.arrayBuffer()),
  };
}
