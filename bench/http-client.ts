// A small HTTP/1.1 client over kept-alive loopback connections, so that the load costs every server the same and little.

import type { Socket } from "bun";

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

interface Exchange {
  readonly bytes: string;
  readonly resolve: (answer: HttpAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** One connection: one request at a time. */
interface Connection {
  readonly socket: Socket<Connection>;
  received: Buffer;
  exchange: Exchange | undefined;
}

const NOTHING = Buffer.alloc(0);
const HEAD_END = "\r\n\r\n";
const STATUS_AT = "HTTP/1.1 ".length;

export interface HttpClientOptions {
  readonly port: number;
  /** Requests in flight at once; further ones wait. */
  readonly connectionsMax: number;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #head: string;
  readonly #idle: Connection[] = [];
  readonly #waiting: Exchange[] = [];
  readonly #open = new Set<Connection>();
  #count = 0;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const headers = Object.entries({ host: `127.0.0.1:${options.port}`, ...options.headers });
    this.#head = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  }

  /** Sends one request; the body is JSON. Rejects when the connection breaks. */
  async request(method: string, path: string, body?: unknown): Promise<HttpAnswer> {
    const text = body === undefined ? "" : JSON.stringify(body);
    const type = body === undefined ? "" : "content-type: application/json\r\n";
    const length = method === "GET" ? "" : `content-length: ${Buffer.byteLength(text)}\r\n`;
    const bytes = `${method} ${path} HTTP/1.1\r\n${this.#head}${type}${length}\r\n${text}`;
    return new Promise((resolve, reject) => this.#submit({ bytes, resolve, reject }));
  }

  /** The JSON of an answer with a status below 300; throws what the server said otherwise. */
  async json(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.request(method, path, body);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.slice(0, 300)}`);
    return answer.body === "" ? undefined : (JSON.parse(answer.body) as unknown);
  }

  close(): void {
    for (const { socket } of this.#open) socket.end();
  }

  #submit(exchange: Exchange): void {
    const connection = this.#idle.pop();
    if (connection !== undefined) this.#send(connection, exchange);
    else {
      this.#waiting.push(exchange);
      if (this.#count < this.#options.connectionsMax)
        this.#connect().catch((error: unknown) => this.#fail(error as Error));
    }
  }

  #fail(error: Error): void {
    this.#count -= 1;
    this.#waiting.shift()?.reject(error);
  }

  #send(connection: Connection, exchange: Exchange): void {
    connection.exchange = exchange;
    const sent = connection.socket.write(exchange.bytes);
    if (sent < Buffer.byteLength(exchange.bytes)) this.#break(connection, new Error("The request was not taken whole"));
  }

  async #connect(): Promise<void> {
    this.#count += 1;
    await Bun.connect<Connection>({
      hostname: "127.0.0.1",
      port: this.#options.port,
      socket: {
        open: (socket) => {
          const connection: Connection = { socket, received: NOTHING, exchange: undefined };
          socket.data = connection;
          socket.setNoDelay(true);
          this.#open.add(connection);
          this.#next(connection);
        },
        data: (socket, chunk) => this.#receive(socket.data, chunk),
        close: ({ data }) => this.#break(data, new Error("The server closed the connection")),
        error: ({ data }, error) => this.#break(data, error),
      },
    });
  }

  #next(connection: Connection): void {
    const exchange = this.#waiting.shift();
    if (exchange === undefined) this.#idle.push(connection);
    else this.#send(connection, exchange);
  }

  #receive(connection: Connection, chunk: Buffer): void {
    connection.received = connection.received.length === 0 ? chunk : Buffer.concat([connection.received, chunk]);
    const answer = parseAnswer(connection.received);
    if (answer === undefined) {
      // A chunk belongs to the socket only until this function returns.
      if (connection.received === chunk) connection.received = Buffer.from(chunk);
      return;
    }
    connection.received = NOTHING;
    const { exchange } = connection;
    connection.exchange = undefined;
    this.#next(connection);
    exchange?.resolve(answer);
  }

  #break(connection: Connection | undefined, error: Error): void {
    if (connection === undefined || !this.#open.delete(connection)) return;
    this.#count -= 1;
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
    connection.exchange?.reject(error);
    connection.exchange = undefined;
    connection.socket.end();
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) this.#submit(waiting);
  }
}

/** A whole answer, or undefined while some of it is missing. */
export function parseAnswer(bytes: Buffer): HttpAnswer | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd < 0) return undefined;
  const head = bytes.toString("latin1", 0, headEnd);
  const status = Number(head.slice(STATUS_AT, STATUS_AT + 3));
  const start = headEnd + HEAD_END.length;
  if (/^transfer-encoding:\s*chunked/im.test(head)) return parseChunked(bytes, { start, status });
  const length = Number(/^content-length:\s*(\d+)/im.exec(head)?.[1] ?? 0);
  return bytes.length < start + length ? undefined : { status, body: bytes.toString("utf8", start, start + length) };
}

function parseChunked(
  bytes: Buffer,
  from: { readonly start: number; readonly status: number },
): HttpAnswer | undefined {
  const pieces: Buffer[] = [];
  let at = from.start;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return undefined;
    const size = Number.parseInt(bytes.toString("latin1", at, lineEnd), 16);
    const pieceStart = lineEnd + 2;
    if (bytes.length < pieceStart + size + 2) return undefined;
    if (size === 0) return { status: from.status, body: Buffer.concat(pieces).toString("utf8") };
    pieces.push(bytes.subarray(pieceStart, pieceStart + size));
    at = pieceStart + size + 2;
  }
}
