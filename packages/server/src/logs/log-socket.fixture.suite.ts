// For tests of the WebSocket for logs: a client on a real socket, one that sends raw frames, and a line that is written down.
import { connect } from "node:net";
import type { Socket as TcpSocket } from "node:net";

export type Said = Readonly<Record<string, unknown>> & { readonly type: string };

/** A client on a real socket. */
export class Client {
  readonly said: Said[] = [];
  readonly socket: WebSocket;
  #closed: { readonly code: number; readonly reason: string } | undefined;
  #told: () => void = () => undefined;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.socket = new WebSocket(url, { headers } as unknown as string[]);
    this.socket.addEventListener("message", ({ data }: MessageEvent<string>) => {
      this.said.push(JSON.parse(data) as Said);
      this.#told();
    });
    this.socket.addEventListener("close", ({ code, reason }) => {
      this.#closed = { code, reason };
      this.#told();
    });
  }

  send(message: unknown): void {
    this.socket.send(typeof message === "string" ? message : JSON.stringify(message));
  }

  all(type: string): Said[] {
    return this.said.filter((each) => each.type === type);
  }

  /** The n-th message of a type. */
  async next(type: string, n = 0): Promise<Said> {
    for (;;) {
      const found = this.all(type)[n];
      if (found !== undefined) return found;
      if (this.#closed !== undefined)
        throw new Error(`closed before ${type}: ${JSON.stringify([this.#closed, this.said])}`);
      await this.#something();
    }
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.#closed === undefined) await this.#something();
    return this.#closed;
  }

  #something(): Promise<void> {
    return new Promise((resolve) => (this.#told = resolve));
  }
}

/** What stands between a session and its client, written down. */
export class Line {
  readonly said: string[] = [];
  readonly waitingBytes = 0;
  code = 0;
  send(text: string): void {
    this.said.push(text);
  }
  cork(send: () => void): void {
    send();
  }
  close(code: number): void {
    this.code = code;
  }
  sendBytes(): void {}
  pause(): void {}
  resume(): void {}
  cut(): void {}
}

/** Sends one packed frame as it is; what the server says to it, or that it hung up. */
export function sentRaw(payload: Buffer, p: { readonly port: number; readonly token: string }): Promise<string> {
  const lines = [
    `GET /api/v1/logs/ws HTTP/1.1`,
    `Host: 127.0.0.1:${p.port}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions: permessage-deflate",
    `Authorization: Bearer ${p.token}`,
  ];
  return new Promise((resolve) => {
    let heard = "";
    const socket: TcpSocket = connect(p.port, "127.0.0.1", () => socket.write(`${lines.join("\r\n")}\r\n\r\n`));
    let sent = false;
    const done = (answer: string): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("data", (bytes) => {
      heard += bytes.toString("latin1");
      if (heard.includes('"type":"ack"') || heard.includes('"type":"error"')) done(heard);
      if (sent || !heard.includes('"type":"connection"')) return;
      sent = true;
      // FIN, RSV1, text; masked with zeros.
      const head = Buffer.from([0xc1, 0x80 | payload.length, 0, 0, 0, 0]);
      socket.write(Buffer.concat([head, payload]));
    });
    socket.on("close", () => done("closed"));
    socket.on("error", () => done("closed"));
  });
}
