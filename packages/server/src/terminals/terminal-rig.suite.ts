// For tests of terminals: the HTTP side behind a real listener, real programs on real terminals, and viewers on real sockets.
import { decodeTerminalFrame, encodeTerminalFrame } from "@sluice/protocol/terminal-frames";
import type { TerminalFrame } from "@sluice/protocol/terminal-frames";
import { HttpFixture, token as bootstrap } from "../http-fixture.ts";
import type { SocketSession } from "../sockets.ts";
import { terminalsOf } from "./first-use.ts";

type Of<Type extends TerminalFrame["type"]> = Extract<TerminalFrame, { readonly type: Type }>;

/** A viewer that keeps what it hears, and acknowledges all output at once unless told otherwise. */
export class TerminalClient {
  readonly frames: TerminalFrame[] = [];
  /** All output, the screen it began with included. */
  text = "";
  offset = 0;
  mark = 0;
  acknowledges = true;
  outputBytes = 0;
  readonly #socket: WebSocket;
  readonly #decoder = new TextDecoder();
  #closed: { readonly code: number; readonly reason: string } | undefined;
  #listeners = new Set<() => void>();

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    // Bun's own extension: browsers send cookies instead.
    this.#socket = new WebSocket(url, { headers } as unknown as string[]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("message", ({ data }) => {
      this.#take(decodeTerminalFrame(new Uint8Array(data as ArrayBuffer)));
      this.#tell();
    });
    this.#socket.addEventListener("close", ({ code, reason }) => {
      this.#closed = { code, reason };
      this.#tell();
    });
  }

  #take(frame: TerminalFrame): void {
    if (frame.type !== "output") this.frames.push(frame);
    if (frame.type === "snapshot" || frame.type === "resumed") ({ offset: this.offset, mark: this.mark } = frame);
    if (frame.type === "resized") this.mark = frame.mark;
    if (frame.type === "output") {
      this.offset += frame.bytes.length;
      this.outputBytes += frame.bytes.length;
    }
    // Long floods are counted, not kept.
    if ("bytes" in frame) this.text = (this.text + this.#decoder.decode(frame.bytes, { stream: true })).slice(-200_000);
    if (this.acknowledges && ("bytes" in frame || frame.type === "resumed")) this.acknowledge();
  }

  #tell(): void {
    const listeners = Array.from(this.#listeners);
    for (const listener of listeners) listener();
  }

  acknowledge(): void {
    this.send({ type: "ack", offset: this.offset });
  }

  send(frame: TerminalFrame): void {
    this.sendRaw(encodeTerminalFrame(frame));
  }

  sendRaw(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState !== WebSocket.CONNECTING) return this.#socket.send(message);
    this.#socket.addEventListener("open", () => this.#socket.send(message), { once: true });
    return undefined;
  }

  type(text: string): void {
    this.send({ type: "input", bytes: new TextEncoder().encode(text) });
  }

  last<Type extends TerminalFrame["type"]>(type: Type): Of<Type> | undefined {
    return this.frames.findLast((frame): frame is Of<Type> => frame.type === type);
  }

  /** Resolves when it holds; looked at whenever something comes. */
  async until<T>(holds: () => T | undefined | false): Promise<T> {
    for (;;) {
      const held = holds();
      if (held !== undefined && held !== false) return held;
      if (this.#closed !== undefined) throw new Error(`closed with ${this.#closed.code} ${this.#closed.reason}`);
      await this.#something();
    }
  }

  async sees(text: string): Promise<void> {
    await this.until(() => this.text.includes(text));
  }

  async closed(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.#closed === undefined) await this.#something();
    return this.#closed;
  }

  close(): void {
    this.#socket.close();
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      const listener = (): void => {
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }
}

export class TerminalRig implements AsyncDisposable {
  readonly f: HttpFixture;
  readonly server: Bun.Server<SocketSession>;
  readonly #terminals: ReturnType<typeof terminalsOf>;
  readonly #clients = new Set<TerminalClient>();

  private constructor(f: HttpFixture, terminals: ReturnType<typeof terminalsOf>) {
    this.f = f;
    this.#terminals = terminals;
    this.server = Bun.serve({ port: 0, fetch: f.http.fetch, websocket: f.http.websocket });
  }

  /** Its programs end with it unless `limits` say otherwise. */
  static async make(given: Readonly<Record<string, number>> = {}): Promise<TerminalRig> {
    const limits = { terminalOrphanedMs: 0, ...given };
    const made = Promise.withResolvers<ReturnType<typeof terminalsOf>>();
    const f = await HttpFixture.make({ http: { terminals: async () => (await made.promise).open() } });
    const env = { PATH: process.env["PATH"], HOME: f.folder, LANG: "C.UTF-8", SLUICE_TOKEN: "a secret of the server" };
    const terminals = terminalsOf({
      store: f.store,
      vault: f.vault,
      log: () => undefined,
      env,
      limits,
      folder: f.folder,
    });
    made.resolve(terminals);
    return new TerminalRig(f, terminals);
  }

  get terminals(): ReturnType<ReturnType<typeof terminalsOf>["open"]> {
    return this.#terminals.open();
  }

  /** A shell that shows a prompt of its own and nothing else. */
  async shell(more: object = {}): Promise<string> {
    const { body } = await this.f.send("/api/v1/terminals", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ command: ["sh"], env: { PS1: "$ " }, ...more }),
    });
    return body.terminal.id as string;
  }

  view(
    id: string,
    query = "",
    headers: Readonly<Record<string, string>> = { authorization: `Bearer ${bootstrap}` },
  ): TerminalClient {
    const url = `ws://127.0.0.1:${this.server.port}/api/v1/terminals/${id}/socket${query}`;
    const client = new TerminalClient(url, headers);
    this.#clients.add(client);
    // Those who have gone are not kept: there may be hundreds of thousands.
    void client.closed().then(() => this.#clients.delete(client));
    return client;
  }

  /** As when the server stops. */
  async stop(): Promise<void> {
    await this.#terminals.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.stop();
    await this.server.stop(true);
    await this.f[Symbol.asyncDispose]();
  }
}
