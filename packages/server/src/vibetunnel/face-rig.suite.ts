// For tests of the face: a server with terminals behind a real listener, and the face in front of it.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { token } from "../http-fixture.ts";
import { TerminalRig } from "../terminals/terminal-rig.suite.ts";
import type { FaceOptions } from "./options.ts";
import { serveFace } from "./serve-face.ts";
import type { ServedFace } from "./serve-face.ts";

export interface FaceAnswer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- answers are looked at freely
  readonly body: any;
}

export class FaceRig implements AsyncDisposable {
  readonly rig: TerminalRig;
  readonly face: ServedFace;
  readonly work: string;

  private constructor(p: { readonly rig: TerminalRig; readonly face: ServedFace; readonly work: string }) {
    this.rig = p.rig;
    this.face = p.face;
    this.work = p.work;
  }

  /** `operator`: the bearer of whoever runs the face. */
  static async make(options: Partial<FaceOptions> = {}, given?: TerminalRig, operator = token): Promise<FaceRig> {
    const rig = given ?? (await TerminalRig.make());
    const work = mkdtempSync(join(tmpdir(), "sluice-face-"));
    const face = await serveFace({
      server: { url: `http://127.0.0.1:${rig.server.port}` },
      operator: () => Promise.resolve(operator),
      options: {
        host: "127.0.0.1",
        port: 0,
        authentication: false,
        sshKeys: false,
        passwords: true,
        localBypass: false,
        localToken: undefined,
        login: undefined,
        jwtSecret: undefined,
        allowedHosts: [],
        allowedOrigins: [],
        roots: [work],
        folder: join(work, ".face"),
        client: undefined,
        hq: false,
        register: undefined,
        ...options,
      },
      hidden: [rig.f.folder],
      version: "0.1.0",
      log: () => undefined,
    });
    return new FaceRig({ rig, face, work });
  }

  /** A request of the face; bodies that are objects go as JSON. */
  async send(
    method: string,
    path: string,
    p: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> } = {},
  ): Promise<FaceAnswer> {
    const { body, headers = {} } = p;
    const isForm = body instanceof FormData || typeof body === "string";
    const response = await fetch(`${this.face.url}${path}`, {
      method,
      headers: {
        ...(body === undefined || body instanceof FormData ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    return {
      status: response.status,
      type,
      headers: response.headers,
      text,
      body: type === "application/json" ? JSON.parse(text) : undefined,
    };
  }

  /** A shell, by its id. */
  async shell(command: readonly string[] = ["sh"]): Promise<string> {
    const { body } = await this.send("POST", "/api/sessions", { body: { command, workingDir: this.work } });
    return String(body.sessionId);
  }

  socket(path: string, headers: Readonly<Record<string, string>> = {}): FaceSocket {
    return new FaceSocket(`${this.face.url.replace("http", "ws")}${path}`, headers);
  }

  /** Asks until it holds. */
  async until<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
    for (;;) {
      const held = await ask();
      if (held !== undefined && held !== false) return held;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.face.stop();
    await this.rig[Symbol.asyncDispose]();
    rmSync(this.work, { recursive: true, force: true });
  }
}

/** Keeps what it hears. */
export class FaceSocket {
  readonly texts: string[] = [];
  readonly bytes: Uint8Array[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  readonly #socket: WebSocket;
  #listeners: (() => void)[] = [];

  constructor(url: string, headers: Readonly<Record<string, string>>) {
    this.#socket = new WebSocket(url, { headers } as unknown as string[]);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.addEventListener("message", ({ data }) => {
      if (typeof data === "string") this.texts.push(data);
      else this.bytes.push(new Uint8Array(data as ArrayBuffer));
      this.#tell();
    });
    this.#socket.addEventListener("close", ({ code, reason }) => {
      this.closed = { code, reason };
      this.#tell();
    });
  }

  send(message: string | Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
    else this.#socket.addEventListener("open", () => this.#socket.send(message), { once: true });
  }

  /** Resolves when it holds; looked at whenever something comes. */
  async until<T>(holds: () => T | undefined | false): Promise<T> {
    for (;;) {
      const held = holds();
      if (held !== undefined && held !== false) return held;
      if (this.closed !== undefined) throw new Error(`closed with ${this.closed.code} ${this.closed.reason}`);
      await new Promise<void>((resolve) => this.#listeners.push(resolve));
    }
  }

  async end(): Promise<{ readonly code: number; readonly reason: string }> {
    while (this.closed === undefined) await new Promise<void>((resolve) => this.#listeners.push(resolve));
    return this.closed;
  }

  close(): void {
    this.#socket.close();
  }

  #tell(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
