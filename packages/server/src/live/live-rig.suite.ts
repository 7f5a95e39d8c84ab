// For tests of the live stream: the HTTP side behind a real listener, and clients on real sockets.
import type { LiveMessage, LiveRequest } from "@sluice/protocol";
import { HttpFixture, token as bootstrap } from "../http-fixture.ts";
import type { FixtureOptions } from "../http-fixture.ts";
import type { SocketSession } from "../sockets.ts";

type Of<Type extends LiveMessage["type"]> = Extract<LiveMessage, { readonly type: Type }>;

/** A client that keeps what it hears. */
export class LiveClient {
  readonly messages: LiveMessage[] = [];
  readonly #socket: WebSocket;
  #closed: { readonly code: number; readonly reason: string } | undefined;
  #failed = false;
  #told = (): void => undefined;

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    // Bun's own extension: browsers send cookies instead.
    this.#socket = new WebSocket(url, { headers } as unknown as string[]);
    this.#socket.addEventListener("message", ({ data }) => {
      this.messages.push(JSON.parse(String(data)) as LiveMessage);
      this.#told();
    });
    this.#socket.addEventListener("close", ({ code, reason }) => {
      this.#closed = { code, reason };
      this.#told();
    });
    this.#socket.addEventListener("error", () => {
      this.#failed = true;
      this.#told();
    });
  }

  send(request: LiveRequest): void {
    this.#socket.send(JSON.stringify(request));
  }

  sendRaw(message: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(message);
  }

  /** Resolves when it holds; looked at whenever something comes. */
  async until<T>(holds: () => T | undefined | false): Promise<T> {
    for (;;) {
      const held = holds();
      if (held !== undefined && held !== false) return held;
      if (this.#closed !== undefined) throw new Error(`closed with ${this.#closed.code} ${this.#closed.reason}`);
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    }
  }

  /** Everything of one type that came. */
  all<Type extends LiveMessage["type"]>(type: Type): readonly Of<Type>[] {
    return this.messages.filter((message): message is Of<Type> => message.type === type);
  }

  async next<Type extends LiveMessage["type"]>(type: Type, after = 0): Promise<Of<Type>> {
    return this.until(() => this.all(type)[after]);
  }

  /** Subscribes, and resolves when nothing of it is missed any more. */
  async subscribe(topic: string, after?: number): Promise<void> {
    const before = this.all("subscribed").length;
    this.send({ type: "subscribe", topic, after });
    await this.until(() => this.all("subscribed").length > before);
  }

  /** Everything said before has been heard, and whatever was to be answered was. */
  async answered(): Promise<void> {
    const before = this.all("pong").length;
    this.send({ type: "ping" });
    await this.until(() => this.all("pong").length > before);
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.#closed === undefined) {
      await new Promise<void>((resolve) => {
        this.#told = resolve;
      });
    }
    return this.#closed;
  }

  /** Whether the server took it in at all. */
  async opened(): Promise<boolean> {
    await new Promise<void>((resolve) => {
      this.#told = resolve;
      if (this.#failed || this.messages.length > 0) resolve();
    });
    return !this.#failed;
  }

  /** The standing of each run, as the messages say it last. */
  get runs(): ReadonlyMap<string, string> {
    return new Map(this.all("runs").flatMap(({ runs }) => runs.map(({ id, status }) => [id, status] as const)));
  }

  close(): void {
    this.#socket.close();
  }
}

export class LiveRig implements AsyncDisposable {
  readonly f: HttpFixture;
  readonly server: Bun.Server<SocketSession>;
  readonly #clients: LiveClient[] = [];

  private constructor(f: HttpFixture) {
    this.f = f;
    this.server = Bun.serve({ port: 0, fetch: f.http.fetch, websocket: f.http.websocket });
  }

  static async make(options: FixtureOptions = {}): Promise<LiveRig> {
    return new LiveRig(await HttpFixture.make(options));
  }

  get url(): string {
    return `http://127.0.0.1:${this.server.port}`;
  }

  /** A connection as it was asked for, let in or not. */
  dial(headers: Readonly<Record<string, string>>, query = ""): LiveClient {
    const client = new LiveClient(`${this.url.replace("http", "ws")}/api/v1/live${query}`, headers);
    this.#clients.push(client);
    return client;
  }

  /** A connection with a token, let in. */
  async connect(token = bootstrap): Promise<LiveClient> {
    const client = this.dial({ authorization: `Bearer ${token}` });
    await client.next("hello");
    return client;
  }

  /** A token; its id and secret. */
  async token(body: object): Promise<{ readonly id: string; readonly token: string }> {
    const { status, body: made } = await this.f.post("/api/v1/tokens", { name: "t", ...body });
    if (status !== 201) throw new Error(JSON.stringify(made));
    return made as { id: string; token: string };
  }

  /** Starts a run; its id. */
  async start(workflow: string, input: unknown = null, more: object = {}): Promise<string> {
    const path = `/api/v1/workflows/${encodeURIComponent(workflow)}/runs`;
    const { status, body } = await this.f.post(path, { input, ...more });
    if (status >= 300) throw new Error(JSON.stringify(body));
    return body.run.id as string;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    this.f.http.close();
    await this.server.stop(true);
    await this.f[Symbol.asyncDispose]();
  }
}
