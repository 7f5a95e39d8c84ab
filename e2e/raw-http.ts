// Requests as no client library sends them: any bytes in the path, in headers and in the body.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { parseAnswer } from "../bench/http-client.ts";

export interface RawRequest {
  readonly method: string;
  /** One character a byte: what is above 0xff is cut. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string | undefined;
}

export interface RawAnswer {
  readonly status: number;
  readonly text: string;
}

/** One kept-alive connection to a port of this machine; one request at a time. */
export class RawClient {
  readonly #port: number;
  readonly #headers: Readonly<Record<string, string>>;
  #socket: Socket | undefined;

  constructor(port: number, headers: Readonly<Record<string, string>>) {
    this.#port = port;
    this.#headers = headers;
  }

  /** Rejects when the server closes the connection without an answer. */
  async send(request: RawRequest): Promise<RawAnswer> {
    const body = typeof request.body === "string" ? Buffer.from(request.body) : Buffer.from(request.body ?? []);
    const headers = {
      host: `127.0.0.1:${this.#port}`,
      ...(request.body === undefined ? {} : { "content-length": String(body.length) }),
      ...this.#headers,
      ...request.headers,
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const head = Buffer.from(`${request.method} ${request.path} HTTP/1.1\r\n${lines.join("")}\r\n`, "latin1");
    const answer = await this.bytes(Buffer.concat([head, body]));
    if (answer === undefined)
      throw new Error(`${request.method} ${request.path}: the connection was closed without an answer`);
    return answer;
  }

  /**
   * Sends bytes that need not be a request; undefined when the server closes the connection without an answer. With
   * `thenEnd` nothing more will come, so that the server need not wait for the rest.
   */
  async bytes(bytes: Uint8Array, { thenEnd = false } = {}): Promise<RawAnswer | undefined> {
    const socket = this.#socket ?? (await this.#connect());
    this.#socket = socket;
    return new Promise((resolve) => {
      let received = Buffer.alloc(0);
      const done = (answer: RawAnswer | undefined): void => {
        socket.removeAllListeners("data").removeAllListeners("close");
        if (answer === undefined || socket.destroyed) this.close();
        resolve(answer);
      };
      socket.on("data", (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        const answer = parseAnswer(received);
        if (answer !== undefined) done({ status: answer.status, text: answer.body });
      });
      socket.once("close", () => done(undefined));
      if (thenEnd) socket.end(bytes);
      else socket.write(bytes);
    });
  }

  /** The next request is sent over a new connection. */
  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connect(): Promise<Socket> {
    const socket = connect(this.#port, "127.0.0.1").setNoDelay(true);
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
    return socket
      .on("error", () => socket.destroy())
      .once("close", () => {
        if (this.#socket === socket) this.#socket = undefined;
      });
  }
}
