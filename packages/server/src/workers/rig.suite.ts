// For tests of workers on other machines: a real server side with its TCP listener, and a worker of another make that speaks bare frames.
import { connect } from "node:net";
import type { Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { systemClock } from "@sluice/core";
import type { FleetLimits } from "@sluice/core";
import type { Fleet } from "@sluice/core/workers";
import { encodeFrame, FrameDecoder, workerMessageCodes } from "@sluice/protocol";
import type { WireMessage, WorkerMessageName } from "@sluice/protocol";
import type { TlsPair } from "../compose-tls.ts";
import { HttpFixture, token } from "../http-fixture.ts";
import type { FixtureOptions } from "../http-fixture.ts";
import { openFleet } from "./open-fleet.ts";
import { listenForWorkers } from "./tcp-listener.ts";
import type { TcpListener } from "./tcp-listener.ts";

export interface RigOptions {
  readonly limits?: Partial<FleetLimits>;
  readonly authentication?: boolean;
  readonly tls?: TlsPair;
  readonly fixture?: FixtureOptions;
}

/** Engine, identity, HTTP, the workers' side, and a port for them. */
export class Rig implements AsyncDisposable {
  readonly fixture: HttpFixture;
  readonly fleet: Fleet;
  readonly #listener: TcpListener;
  readonly #strangers: Stranger[] = [];
  readonly #tls: TlsPair | undefined;
  /** What workers are told of where this server is. */
  readonly #where: { url: string };
  #http: Bun.Server<undefined> | undefined;

  private constructor(p: {
    readonly fixture: HttpFixture;
    readonly fleet: Fleet;
    readonly listener: TcpListener;
    readonly tls: TlsPair | undefined;
    readonly where: { url: string };
  }) {
    this.#where = p.where;
    this.fixture = p.fixture;
    this.fleet = p.fleet;
    this.#listener = p.listener;
    this.#tls = p.tls;
  }

  static async make(options: RigOptions = {}): Promise<Rig> {
    const { limits = {}, authentication = true, tls } = options;
    const opening = Promise.withResolvers<Fleet>();
    const fixture = await HttpFixture.make({
      ...options.fixture,
      http: { ...options.fixture?.http, authentication, fleet: () => opening.promise },
    });
    const { engine, store, identity, logs } = fixture;
    const log: Parameters<typeof openFleet>[0]["log"] = (level, message, fields) =>
      void logs.push({ level, message, fields });
    const where = { url: "http://127.0.0.1:1" };
    const urls = { given: undefined, own: () => where.url };
    const fleet = await openFleet({ engine, store, identity, authentication, log, limits, urls });
    opening.resolve(fleet);
    const listener = listenForWorkers({
      host: "127.0.0.1",
      port: 0,
      tls,
      after: (delayMs, callback) => systemClock.after(delayMs, callback),
      connect: async (transport) => fleet.connect(transport),
    });
    return new Rig({ fixture, fleet, listener, tls, where });
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Listens for HTTP as well; answers with the base URL. */
  listen(): string {
    const { fixture } = this;
    this.#http ??= Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => fixture.http.fetch(request, fixture.connections),
    });
    this.#where.url = `http://127.0.0.1:${this.#http.port}`;
    return this.#where.url;
  }

  /** A token for one worker. */
  async token(name: string, limits: Readonly<Record<string, readonly string[]>> = {}): Promise<string> {
    return (await this.tokenAndId(name, limits)).token;
  }

  async tokenAndId(
    name: string,
    limits: Readonly<Record<string, readonly string[]>> = {},
  ): Promise<{ readonly id: string; readonly token: string }> {
    const { status, body } = await this.fixture.post("/api/v1/tokens", { name, role: "worker", limits });
    if (status !== 201) throw new Error(JSON.stringify(body));
    return body as { readonly id: string; readonly token: string };
  }

  /** A connection that has said nothing yet. */
  async stranger(): Promise<Stranger> {
    const stranger = await Stranger.connect(this.port, this.#tls);
    this.#strangers.push(stranger);
    return stranger;
  }

  /** A worker that was let in with the operator's own token. */
  async worker(id: string, hello: Readonly<Record<string, unknown>> = {}): Promise<Stranger> {
    const stranger = await this.stranger();
    stranger.send("HELLO", { worker_id: id, capabilities: ["build"], token, ...hello });
    const ack = await stranger.next("HELLO_ACK");
    if (ack.payload["accepted"] !== true) throw new Error(String(ack.payload["reason"]));
    return stranger;
  }

  /** Why a worker is not let in. */
  async refused(id: string, hello: Readonly<Record<string, unknown>> = {}): Promise<string> {
    const stranger = await this.stranger();
    stranger.send("HELLO", { worker_id: id, capabilities: ["build"], token, ...hello });
    const { payload } = await stranger.next("HELLO_ACK");
    if (payload["accepted"] !== false) throw new Error(`${id} was let in`);
    return String(payload["reason"]);
  }

  async build(body: Readonly<Record<string, unknown>> = { target: "t" }): Promise<string> {
    const { status, body: answer } = await this.fixture.post("/api/v1/builds", body);
    if (status !== 201) throw new Error(JSON.stringify(answer));
    return (answer as { readonly build: { readonly id: string } }).build.id;
  }

  // eslint-disable-next-line typescript/no-explicit-any -- tests look into bodies of every form
  async shown(build: string): Promise<any> {
    return (await this.fixture.get(`/api/v1/builds/${build}`)).body.build;
  }

  /** Resolves with the build once it has this status, or is as it should be. */
  // eslint-disable-next-line typescript/no-explicit-any -- as above
  async until(build: string, status: string | ((shown: any) => boolean)): Promise<any> {
    const reached = Promise.withResolvers<unknown>();
    const look = async (): Promise<void> => {
      const shown = await this.shown(build);
      if (typeof status === "string" ? shown.status === status : status(shown)) reached.resolve(shown);
    };
    const stop = this.fleet.builds.watch(build, () => void look());
    await look();
    return reached.promise.finally(stop);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stranger of this.#strangers) stranger.destroy();
    this.fleet.stop();
    this.#listener.stop();
    await this.#http?.stop(true);
    await this.fixture[Symbol.asyncDispose]();
  }
}

/** A worker that knows the page about the protocol and nothing else. */
export class Stranger {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #received: WireMessage[] = [];
  #wake: () => void = () => undefined;
  #count = 0;
  closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Uint8Array) => {
      try {
        this.#received.push(...this.#decoder.push(chunk));
      } catch {
        // Another language than ours, as an alert of TLS.
        socket.destroy();
      }
      this.#wake();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => {
      this.closed = true;
      this.#wake();
    });
  }

  static async connect(port: number, tls?: TlsPair): Promise<Stranger> {
    const opened = Promise.withResolvers<void>();
    const socket =
      tls === undefined
        ? connect({ host: "127.0.0.1", port }, opened.resolve)
        : connectTls({ host: "127.0.0.1", port, ca: tls.cert, servername: "a.example" }, opened.resolve);
    socket.once("error", opened.reject);
    const stranger = new Stranger(socket);
    await opened.promise;
    return stranger;
  }

  /** Sends a message; answers with its id. */
  send(name: WorkerMessageName, payload: Readonly<Record<string, unknown>>): string {
    const { bytes, id } = this.frame(name, payload);
    this.raw(bytes);
    return id;
  }

  frame(
    name: WorkerMessageName,
    payload: Readonly<Record<string, unknown>>,
  ): { readonly bytes: Uint8Array; readonly id: string } {
    const id = `00000000-0000-4000-8000-${(++this.#count).toString(16).padStart(12, "0")}`;
    const type = workerMessageCodes[name];
    return { id, bytes: encodeFrame({ version: 1, type, id, timestamp: Date.now(), runtime: "python", payload }) };
  }

  raw(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  /** The next message of this type; heartbeats in between are answered, others are an error. */
  async next(name: WorkerMessageName): Promise<WireMessage> {
    for (;;) {
      const message = this.#received.shift();
      if (message === undefined) {
        if (this.closed) throw new Error(`closed before ${name}`);
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      if (message.type === workerMessageCodes[name]) return message;
      if (this.closed) continue;
      if (message.type === workerMessageCodes.HEARTBEAT) this.send("HEARTBEAT_ACK", {});
      else if (message.type !== workerMessageCodes.HEARTBEAT_ACK) {
        throw new Error(`${name} was expected: ${message.type} ${JSON.stringify(message.payload)}`);
      }
    }
  }

  /** Sends a request and answers with what comes for it. */
  async ask(
    name: WorkerMessageName,
    payload: Readonly<Record<string, unknown>>,
    answer: WorkerMessageName,
  ): Promise<Readonly<Record<string, unknown>>> {
    const id = this.send(name, payload);
    const { payload: answered } = await this.next(answer);
    if (answered["request_id"] !== id) throw new Error(`an answer to another request: ${JSON.stringify(answered)}`);
    return answered;
  }

  /** Resolves when the other side has closed. */
  async untilClosed(): Promise<void> {
    while (!this.closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Resolves when what was sent has been taken. */
  async drained(): Promise<void> {
    if (this.#socket.writableNeedDrain)
      await new Promise<void>((resolve) => this.#socket.once("drain", () => resolve()));
  }

  /** Says that nothing more comes. */
  end(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
