// Requests on connections that a server still has when another has taken its place are answered by that one, through here: a
// client that keeps a connection open cannot know that it leads to the wrong process.
import type { Clock } from "@sluice/core";
import type { Connections } from "../call.ts";
import { failure } from "../wire.ts";

/** Headers in which a server tells its successor about a client; read at the inbox alone. */
export const passedHeaders = { address: "x-sluice-passed-address", secure: "x-sluice-passed-secure" } as const;

/** Bodies up to this length travel in one piece, longer ones as they come. */
const wholeBytesMax = 1024 * 1024;
/** Headers of a connection and not of a message, RFC 9110 section 7.6.1; the length is made anew. */
const ofConnection = [
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

export class Forwarder {
  readonly #inbox: string;
  readonly #clock: Clock;
  #open = 0;
  #lastAt: number;

  /** `inbox`: the socket of the successor. */
  constructor(p: { readonly inbox: string; readonly clock: Clock }) {
    this.#inbox = p.inbox;
    this.#clock = p.clock;
    this.#lastAt = p.clock.now();
  }

  /** Requests that are being answered. */
  get open(): number {
    return this.#open;
  }

  /** How long there has been none, in milliseconds. */
  get quietMs(): number {
    return this.#open > 0 ? 0 : this.#clock.now() - this.#lastAt;
  }

  readonly fetch = async (request: Request, connections: Connections): Promise<Response> => {
    this.#open++;
    try {
      return await this.#pass(request, connections);
    } catch {
      return leaving();
    } finally {
      this.#open--;
      this.#lastAt = this.#clock.now();
    }
  };

  async #pass(request: Request, connections: Connections): Promise<Response> {
    const { method } = request;
    // A socket would have to stay here, and this process is about to end.
    if (request.headers.get("upgrade") !== null) return leaving();
    // It may have to wait until the successor serves.
    connections.timeout(request, 0);
    const body = method === "GET" || method === "HEAD" ? undefined : await bodyOf(request);
    const answer = await fetch(urlOf(request), {
      method,
      headers: headersFor(request, connections.requestIP(request)?.address),
      unix: this.#inbox,
      redirect: "manual",
      decompress: false,
      signal: request.signal,
      ...(body === undefined ? {} : { body }),
    });
    return passedOn(answer);
  }
}

async function bodyOf(request: Request): Promise<ArrayBuffer | ReadableStream<Uint8Array> | undefined> {
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (length <= wholeBytesMax) return request.arrayBuffer();
  return request.body ?? undefined;
}

/** Its own port does not matter: the successor hears what the client asked for. */
function urlOf({ url }: Request): string {
  return url.startsWith("/") ? `http://localhost${url}` : url.replace(/^https:/, "http:");
}

function headersFor(request: Request, address: string | undefined): Headers {
  const headers = new Headers(request.headers);
  for (const name of ofConnection) headers.delete(name);
  for (const name of Object.values(passedHeaders)) headers.delete(name);
  if (!headers.has("accept-encoding")) headers.set("accept-encoding", "identity");
  if (address !== undefined) headers.set(passedHeaders.address, address);
  if (request.url.startsWith("https:")) headers.set(passedHeaders.secure, "yes");
  return headers;
}

async function passedOn(answer: Response): Promise<Response> {
  const headers = new Headers(answer.headers);
  const length = Number(headers.get("content-length") ?? Number.NaN);
  for (const name of ofConnection) headers.delete(name);
  headers.set("connection", "close");
  const { status, statusText } = answer;
  const body = length <= wholeBytesMax ? await answer.arrayBuffer() : answer.body;
  return new Response(status === 204 || status === 304 ? null : body, { status, statusText, headers });
}

function leaving(): Response {
  return failure(
    { code: "draining", message: "Another process has taken this server's place.", hint: "Ask again." },
    { connection: "close" },
  );
}
