// The WebSockets of the face: `/buffers` (screens as cells), `/ws/input` (what is typed), and `/ws` of the Go server, one session each.
import { closeCodes } from "../sockets.ts";
import type { Socket, SocketSession } from "../sockets.ts";
import { bufferMessage } from "./cells-codec.ts";
import type { Face } from "./face.ts";
import { textOfInput } from "./keys.ts";
import { NativeViewer } from "./native-viewer.ts";
import type { Caller } from "./native.ts";

/** Screens that one connection looks at. */
const subscriptionsMax = 200;
/** A connection with more than this waiting is sent no further screens until it has taken them. */
const waitingBytesMax = 1024 * 1024;

/** The message as a JSON object; empty for anything else. */
function objectIn(message: string | Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(typeof message === "string" ? message : new TextDecoder().decode(message));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export class BuffersSocket implements SocketSession {
  readonly #face: Face;
  readonly #by: Caller;
  readonly #watching = new Map<string, () => void>();
  /** Screens that were left out while too much waited. */
  readonly #left = new Map<string, Uint8Array<ArrayBuffer>>();
  #socket: Socket | undefined;

  constructor(face: Face, by: Caller) {
    this.#face = face;
    this.#by = by;
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    this.#say({ type: "connected", version: "1.0" });
  }

  received(message: string | Uint8Array): void {
    const { type, sessionId } = objectIn(message);
    if (type === "ping") return this.#say({ type: "pong", timestamp: this.#face.clock.now() });
    if (type === "subscribe" && typeof sessionId === "string") void this.#subscribe(sessionId);
    else if (type === "unsubscribe" && typeof sessionId === "string") this.#unsubscribe(sessionId);
    else this.#say({ type: "error", message: "Invalid message format" });
    return undefined;
  }

  drained(): void {
    for (const [id, screen] of this.#left) {
      this.#left.delete(id);
      this.#show(id, screen);
    }
  }

  closed(): void {
    this.#socket = undefined;
    for (const id of Array.from(this.#watching.keys())) this.#unsubscribe(id);
  }

  async #subscribe(id: string): Promise<void> {
    this.#unsubscribe(id);
    const found = await this.#face.native.get(this.#by, id);
    if (this.#socket === undefined) return;
    if (!found.ok || this.#watching.size >= subscriptionsMax)
      return this.#say({ type: "error", message: "Failed to subscribe to session" });
    this.#say({ type: "subscribed", sessionId: id });
    const stop = this.#face.screens.watch(this.#by, id, {
      shown: (screen) => this.#show(id, screen),
      closed: () => void this.#watching.delete(id),
    });
    this.#watching.set(id, stop);
  }

  #unsubscribe(id: string): void {
    this.#watching.get(id)?.();
    this.#watching.delete(id);
    this.#left.delete(id);
  }

  #show(id: string, screen: Uint8Array<ArrayBuffer>): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    if (socket.waitingBytes > waitingBytesMax) this.#left.set(id, screen);
    else socket.sendBytes(bufferMessage(id, screen));
  }

  #say(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }
}

/** What is typed, in order; who sends nothing that can be typed is not told. */
export class InputSocket implements SocketSession {
  readonly #p: { readonly face: Face; readonly by: Caller; readonly id: string };
  #viewer: NativeViewer | undefined;
  #waiting: Promise<unknown> = Promise.resolve();
  #over = false;

  constructor(p: { readonly face: Face; readonly by: Caller; readonly id: string }) {
    this.#p = p;
  }

  opened(socket: Socket): void {
    this.#waiting = this.#open(socket);
  }

  received(message: string | Uint8Array): void {
    const text = textOfInput(typeof message === "string" ? message : new TextDecoder().decode(message));
    if (text === undefined || text === "") return;
    this.#waiting = this.#waiting.then(() => this.#viewer?.type(new TextEncoder().encode(text)));
  }

  drained(): void {
    // Nothing is sent to it.
  }

  closed(): void {
    this.#over = true;
    this.#viewer?.close();
  }

  async #open(socket: Socket): Promise<void> {
    const { face, by, id } = this.#p;
    const found = await face.native.get(by, id);
    if (this.#over) return;
    if (!found.ok) return socket.close(closeCodes.refused, "there is no such session");
    const viewer = await NativeViewer.open(
      face.native,
      { by, id, role: "writer" },
      {
        snapshot: () => viewer.acknowledge(),
        output: () => viewer.acknowledge(),
        resized: () => undefined,
        state: () => undefined,
        closed: () => socket.close(closeCodes.refused, "the session has ended"),
      },
    );
    if (this.#over) viewer.close();
    else this.#viewer = viewer;
  }
}

/** Of the Go server: JSON both ways, `{type, data}`. */
export class GoSocket implements SocketSession {
  readonly #p: { readonly face: Face; readonly by: Caller; readonly id: string };
  readonly #decoder = new TextDecoder();
  #socket: Socket | undefined;
  #viewer: NativeViewer | undefined;
  #waiting: Promise<unknown> = Promise.resolve();

  constructor(p: { readonly face: Face; readonly by: Caller; readonly id: string }) {
    this.#p = p;
  }

  opened(socket: Socket): void {
    this.#socket = socket;
    this.#waiting = this.#open();
  }

  received(message: string | Uint8Array): void {
    const { type, data } = objectIn(message);
    this.#waiting = this.#waiting.then(async () => this.#take(type, data));
  }

  drained(): void {
    this.#viewer?.acknowledge();
  }

  closed(): void {
    this.#socket = undefined;
    this.#viewer?.close();
  }

  async #take(type: unknown, data: unknown): Promise<void> {
    const { face, by, id } = this.#p;
    if (type === "ping") return this.#say({ type: "pong" });
    if (type === "input" && typeof data === "string") return this.#viewer?.type(new TextEncoder().encode(data));
    if (type !== "resize" || typeof data !== "object" || data === null)
      return this.#say({ type: "error", data: "Unknown message" });
    const { cols, rows } = data as { readonly cols?: unknown; readonly rows?: unknown };
    if (typeof cols !== "number" || typeof rows !== "number")
      return this.#say({ type: "error", data: "Cols and rows must be numbers" });
    const resized = await face.native.resize(by, id, { cols, rows });
    if (!resized.ok) this.#say({ type: "error", data: resized.error.message });
    return undefined;
  }

  async #open(): Promise<void> {
    const { face, by, id } = this.#p;
    const found = await face.native.get(by, id);
    if (!found.ok) return this.#socket?.close(closeCodes.refused, "there is no such session");
    const viewer = await NativeViewer.open(
      face.native,
      { by, id, role: "writer" },
      {
        snapshot: (bytes) => this.#output(`\x1bc${new TextDecoder().decode(bytes)}`),
        output: (bytes) => this.#output(this.#decoder.decode(bytes, { stream: true })),
        resized: (size) => this.#say({ type: "resize", data: { cols: size.cols, rows: size.rows } }),
        state: ({ status, exitCode }) => {
          if (status === "exited") this.#say({ type: "exit", data: { exitCode: exitCode ?? 0 } });
        },
        closed: () => this.#socket?.close(closeCodes.refused, "the session has ended"),
      },
    );
    if (this.#socket === undefined) viewer.close();
    else this.#viewer = viewer;
    return undefined;
  }

  #output(data: string): void {
    this.#say({ type: "output", data });
    if ((this.#socket?.waitingBytes ?? 0) <= waitingBytesMax) this.#viewer?.acknowledge();
  }

  #say(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }
}
