// For tests of the WebSocket of logs: the HTTP side behind a real listener, and clients on real sockets.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { logLimits, systemClock } from "@sluice/core";
import type { LogLimits } from "@sluice/core";
import { HttpFixture, token as bootstrap } from "../http-fixture.ts";
import type { SocketSession } from "../sockets.ts";
import { openLogs } from "./log-desk.ts";
import type { LogDesk } from "./log-desk.ts";

type Said = Readonly<Record<string, unknown>> & { readonly type: string };

/** A client on a real socket. */
export class LogSocketClient {
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

export const bearer: Readonly<Record<string, string>> = { authorization: `Bearer ${bootstrap}` };

export class LogSocketRig implements AsyncDisposable {
  readonly f: HttpFixture;
  readonly desk: LogDesk;
  readonly #folder: string;
  readonly #server: Bun.Server<SocketSession>;
  readonly #clients: LogSocketClient[] = [];

  private constructor(p: { readonly f: HttpFixture; readonly desk: LogDesk; readonly folder: string }) {
    this.f = p.f;
    this.desk = p.desk;
    this.#folder = p.folder;
    this.#server = Bun.serve({ port: 0, fetch: p.f.http.fetch, websocket: p.f.http.websocket });
  }

  static async make(limits: Partial<LogLimits>): Promise<LogSocketRig> {
    const folder = mkdtempSync(join(tmpdir(), "sluice-log-sockets-"));
    const all = { ...logLimits, ...limits };
    const desk = await openLogs({ folder, clock: systemClock, log: () => undefined, limits: all });
    const f = await HttpFixture.make({ http: { logs: async () => desk } });
    return new LogSocketRig({ f, desk, folder });
  }

  get port(): number {
    return Number(this.#server.port);
  }

  /** A connection as it was asked for, let in or not. */
  dial(query = "", headers = bearer, path = "/api/v1/logs/ws"): LogSocketClient {
    const client = new LogSocketClient(`ws://127.0.0.1:${this.port}${path}${query}`, headers);
    this.#clients.push(client);
    return client;
  }

  /** One that was let in and greeted. */
  async connected(query = "", headers = bearer): Promise<LogSocketClient> {
    const client = this.dial(query, headers);
    await client.next("connection");
    return client;
  }

  /** Lines that fit a query. */
  async linesOf(query: string, headers = {}): Promise<string[]> {
    const { status, body } = await this.f.post("/api/v1/logs/query", { query }, headers);
    if (status !== 200) throw new Error(JSON.stringify(body));
    return (body.entries as { line: string }[]).map(({ line }) => line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.#clients) socket.close();
    this.f.http.close();
    await this.desk.close();
    await this.#server.stop(true);
    await this.f[Symbol.asyncDispose]();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
